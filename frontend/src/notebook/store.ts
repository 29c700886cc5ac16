// A notebook that is open in this browser. Each has a store of its own, which lives until its tab is closed.

import { defineStore } from 'pinia'
import { computed, markRaw, reactive, ref, toRaw, watch } from 'vue'
import { api, got } from '@/api/client'
import { useToasts } from '@/stores/toasts'
import { useCellActions } from './cellActions'
import { useConnection } from './connection'
import { Drafts, type Conflict } from './drafts'
import { written } from './model'
import { hiddenBy, useOutline } from './outline'
import { cellOf } from './read'
import { useRunActions } from './runActions'
import { useSelection } from './selection'
import { useWidgetActions } from './widgetActions'

function setup(id: string) {
  const toasts = useToasts()
  const connection = useConnection(id, {
    onLoaded: () => settle(),
    onBack() {
      void drafts.saveAll()
      widgets.resumeWidgets()
    },
    onEvent: (event) => widgets.hear(event),
  })
  const { copy } = connection

  const conflicts = ref<Conflict[]>([])
  /** Cells with text that the service does not have yet. */
  const unsaved = reactive(new Set<string>())
  const drafts = new Drafts({
    async save(cell, source, revision) {
      const path = { id, cell }
      const changed = cellOf(await got(api.PATCH('/api/v1/notebooks/{id}/cells/{cell}', { params: { path }, body: { revision, source } })))
      if (copy.value !== null) written(copy.value, cell, changed)
      return changed.revision
    },
    onConflict: (conflict) => conflicts.value.push(conflict),
    onProblem: (problem, cell) => toasts.tell(problem, () => void drafts.save(cell)),
    onChange() {
      const now = new Set(drafts.cells)
      for (const cell of now) if (!unsaved.has(cell)) unsaved.add(cell)
      for (const cell of [...unsaved]) if (!now.has(cell)) unsaved.delete(cell)
    },
  })

  const folded = reactive(new Set<string>())
  const outline = useOutline(copy, unsaved, (of) => drafts.get(of)?.text)
  /** The cells that can be seen, in their order: known ones that are in no folded section. */
  const order = computed(() => {
    const notebook = copy.value
    if (notebook === null) return []
    // Nobody has to watch each of them: they come and go together with what is in the order.
    const { cells } = toRaw(notebook)
    const known = notebook.cells.size > 0 ? [...notebook.order].filter((cell) => cells.has(cell)) : []
    if (folded.size === 0) return known
    const hidden = hiddenBy(known, outline.value, folded)
    return known.filter((cell) => !hidden.has(cell))
  })
  const selection = useSelection(order)

  function cell(of: string) {
    return copy.value?.cells.get(of)
  }

  /** What a cell's text is for this user: what was typed last, saved or not. */
  function textOf(of: string): string {
    return unsaved.has(of) ? (drafts.get(of)?.text ?? '') : (cell(of)?.source ?? '')
  }

  function type(of: string, text: string): void {
    const known = cell(of)
    if (known !== undefined) drafts.type(of, text, known)
  }

  /** Ends a conflict with the text that shall stand; `null` takes the other's. */
  function resolve(conflict: Conflict, text: string | null): void {
    conflicts.value = conflicts.value.filter((each) => each !== conflict)
    drafts.settle(conflict.cell, text, conflict.theirs)
    selection.editors.get(conflict.cell)?.replace(text ?? conflict.theirs.source)
  }

  let opened = false

  /** Keeps a cell active, whatever comes and goes. A notebook in which nothing stands is opened to be written in. */
  function settle(): void {
    const [first, ...others] = order.value
    if (!opened && first !== undefined && others.length === 0 && textOf(first) === '') selection.go(first, 'edit')
    else if (selection.active.value === null || cell(selection.active.value) === undefined) selection.active.value = first ?? null
    opened = true
  }
  let place = 0
  watch(order, (now) => {
    const at = selection.active.value === null ? -1 : now.indexOf(selection.active.value)
    if (at >= 0) place = at
    else selection.go(now[Math.min(place, now.length - 1)] ?? null)
  })
  watch(selection.index, (at) => {
    if (at >= 0) place = at
  })

  const context = { id, copy, order, drafts, selection, folded, toasts, cell, textOf, flush: connection.flush }
  const cells = useCellActions(context, connection)
  const widgets = useWidgetActions(context, connection)
  const runs = useRunActions(context, connection, widgets)

  function close(): void {
    void drafts.saveAll()
    connection.close()
  }

  return {
    ...connection,
    ...selection,
    ...cells,
    ...runs,
    widgets: markRaw(widgets.widgets),
    id,
    order,
    outline,
    folded,
    conflicts,
    unsaved,
    drafts: markRaw(drafts),
    cell,
    textOf,
    type,
    resolve,
    close,
  }
}

const stores = new Map<string, ReturnType<typeof define>>()

function define(id: string) {
  return defineStore(`notebook/${id}`, () => setup(id))
}

/** Returns the store of a notebook; the first call opens it. */
export function useNotebook(id: string) {
  const store = stores.get(id) ?? define(id)
  stores.set(id, store)
  return store()
}

export type NotebookStore = ReturnType<typeof useNotebook>

/** Closes a notebook when its tab is closed. */
export function closeNotebook(id: string): void {
  const store = stores.get(id)
  if (store === undefined) return
  const open = store()
  open.close()
  open.$dispose()
  stores.delete(id)
}
