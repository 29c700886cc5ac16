// Which cells of a notebook are selected, and whether its keys are commands or text.

import { computed, markRaw, ref, shallowReactive, type Ref } from 'vue'

export type Mode = 'command' | 'edit'

/** Where an editor shall put its cursor when it comes. */
export interface Cursor {
  from: number
  to?: number
}

/** What others ask of the editor of a cell that is on the screen. */
export interface Editor {
  focus: () => void
  select: (cursor: Cursor) => void
  cursor: () => number
  undo: () => void
  replace: (text: string) => void
  /** Takes a key that was pressed before it was there. */
  press: (key: KeyboardEvent) => void
}

/** Keeps the selection; `order` are the cells that can be seen. */
export function useSelection(order: Ref<string[]>) {
  const active = ref<string | null>(null)
  const anchor = ref<string | null>(null)
  const mode = ref<Mode>('command')
  /** Counts up whenever the active cell is to take the focus and to come into view. */
  const attention = ref(0)
  /** How many cells are being made in order to be written in: what is typed meanwhile is meant for the last. */
  const coming = ref(0)
  const editors = shallowReactive(new Map<string, Editor>())
  const cursors = markRaw(new Map<string, Cursor>())

  const index = computed(() => (active.value === null ? -1 : order.value.indexOf(active.value)))
  const selected = computed<Set<string>>(() => {
    if (active.value === null) return new Set()
    const from = anchor.value === null ? index.value : order.value.indexOf(anchor.value)
    if (from < 0 || index.value < 0) return new Set([active.value])
    return new Set(order.value.slice(Math.min(from, index.value), Math.max(from, index.value) + 1))
  })
  /** The selected cells in their order. */
  const selectedCells = computed(() => order.value.filter((cell) => selected.value.has(cell)))

  function go(cell: string | null, next: Mode = 'command', cursor?: Cursor): void {
    active.value = cell
    anchor.value = null
    mode.value = next
    attention.value += 1
    if (cell === null || cursor === undefined) return
    const editor = editors.get(cell)
    if (editor === undefined) cursors.set(cell, cursor)
    else editor.select(cursor)
  }

  /** Follows the focus that the user moved: nothing has to come into view. */
  function follow(cell: string, next: Mode): void {
    if (active.value !== cell) anchor.value = null
    active.value = cell
    mode.value = next
  }

  function step(by: number, extend = false): void {
    const to = order.value[Math.min(Math.max(index.value + by, 0), order.value.length - 1)]
    if (to === undefined) return
    const from = anchor.value ?? active.value
    active.value = to
    anchor.value = extend ? from : null
    mode.value = 'command'
    attention.value += 1
  }

  function extendTo(cell: string): void {
    anchor.value ??= active.value
    active.value = cell
    mode.value = 'command'
  }

  /** Selects neighbours; the last becomes active. */
  function take(cells: string[]): void {
    active.value = cells.at(-1) ?? null
    anchor.value = cells.length > 1 ? (cells[0] ?? null) : null
    mode.value = 'command'
    attention.value += 1
  }

  /** Brings the active cell into view and gives it the focus again. */
  function attend(): void {
    attention.value += 1
  }

  function selectAll(): void {
    anchor.value = order.value[0] ?? null
    active.value = order.value.at(-1) ?? null
    mode.value = 'command'
  }

  /** Goes to a cell that is being made; nowhere when it is not made. */
  async function goTo(made: Promise<string | undefined>, next: Mode): Promise<void> {
    if (next === 'edit') coming.value += 1
    try {
      const cell = await made
      if (cell !== undefined) go(cell, next)
    } finally {
      if (next === 'edit') coming.value -= 1
    }
  }

  return { active, anchor, mode, attention, coming, index, selected, selectedCells, editors, cursors, go, goTo, follow, step, extendTo, take, attend, selectAll }
}

export type Selection = ReturnType<typeof useSelection>
