// What can be done to cells: adding, removing, moving, splitting, merging, changing, copying.

import { nextTick, ref } from 'vue'
import { api, got, type Schemas } from '@/api/client'
import { Refused } from '@/api/problem'
import type { Connection } from './connection'
import type { Context } from './context'
import { currentOf } from './drafts'
import type { CellType } from './model'
import { steps } from './moving'
import { cellOf } from './read'
import { charactersBefore } from './text'

interface Copied {
  cell_type: CellType
  source: string
  metadata: Record<string, unknown>
}

/** What was cut or copied last, in whichever notebook. */
const clipboard = ref<Copied[]>([])

export function useCellActions({ id, copy, order, drafts, selection, folded, toasts, cell, textOf, flush }: Context, connection: Connection) {
  const path = (of: string) => ({ params: { path: { id, cell: of } } })
  /** One edit after the other: they follow upon each other's revisions. */
  let last: Promise<unknown> = Promise.resolve()

  function edit<T>(work: () => Promise<T>): Promise<T | undefined> {
    const next = last.then(() => toasts.attempt(work))
    last = next.catch(() => undefined)
    return next
  }

  /** Writes upon a cell as it is now; when somebody else was faster, upon what is there then. */
  async function upon<T>(of: string, write: (revision: number) => Promise<T>): Promise<T> {
    await drafts.save(of)
    try {
      return await write(cell(of)?.revision ?? 0)
    } catch (error) {
      const current = error instanceof Refused ? currentOf(error) : undefined
      if (current === undefined) throw error
      return await write(current.revision)
    }
  }

  /** Waits until the events have brought what was done, so that what comes next is done upon it. */
  async function shown(is: () => boolean): Promise<void> {
    for (let tries = 0; tries < 100 && !is(); tries += 1) {
      flush()
      if (!is()) await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await nextTick()
  }

  async function add(at: number, given: Partial<Copied> = {}): Promise<string | undefined> {
    const body = { index: at, cell_type: given.cell_type ?? 'code', source: given.source ?? '', metadata: (given.metadata ?? {}) as Record<string, never> }
    const added = await edit(() => got(api.POST('/api/v1/notebooks/{id}/cells', { params: { path: { id } }, body })))
    if (added === undefined) return undefined
    await shown(() => order.value.includes(added.cell_id))
    return added.cell_id
  }

  /** The number, among all cells, of one that can be seen. */
  function numberOf(of: string | null | undefined): number {
    return of === null || of === undefined ? -1 : (copy.value?.order.indexOf(of) ?? -1)
  }

  async function addAbove(type: CellType = 'code', mode: 'command' | 'edit' = 'command'): Promise<void> {
    await selection.goTo(add(Math.max(0, numberOf(selection.active.value)), { cell_type: type }), mode)
  }

  async function addBelow(type: CellType = 'code', mode: 'command' | 'edit' = 'command', after = selection.active.value): Promise<void> {
    await selection.goTo(add(numberOf(after) + 1, { cell_type: type }), mode)
  }

  async function remove(which: string[] = selection.selectedCells.value): Promise<void> {
    const survivors = order.value.filter((each) => !which.includes(each))
    const at = order.value.indexOf(which[0] ?? '')
    for (const each of which) {
      await edit(() => upon(each, (revision) => api.DELETE('/api/v1/notebooks/{id}/cells/{cell}', { params: { path: { id, cell: each }, query: { revision } } })))
      drafts.drop(each)
    }
    // One that was not removed, because that was refused, stays.
    await shown(() => !which.some((each) => order.value.includes(each)))
    selection.go(survivors[Math.min(Math.max(at, 0), survivors.length - 1)] ?? null)
  }

  async function move(of: string, to: number): Promise<void> {
    await edit(() => upon(of, (revision) => got(api.POST('/api/v1/notebooks/{id}/cells/{cell}/move', { ...path(of), body: { revision, index: to } }))))
    flush()
    await nextTick()
    selection.go(of)
  }

  /** Moves neighbours together, so that they stand before the cell that has a number now. They stay selected. */
  async function moveAll(which: string[], before: number): Promise<void> {
    for (const [of, to] of steps(copy.value?.order ?? [], which, before)) {
      await edit(() => upon(of, (revision) => got(api.POST('/api/v1/notebooks/{id}/cells/{cell}/move', { ...path(of), body: { revision, index: to } }))))
      flush()
    }
    await nextTick()
    selection.take(which)
  }

  /** Moves the selected cells past the next one in a direction. */
  async function moveBy(by: -1 | 1): Promise<void> {
    const which = selection.selectedCells.value
    const beside = numberOf(order.value[order.value.indexOf((by < 0 ? which[0] : which.at(-1)) ?? '') + by])
    if (beside < 0) return
    if (which.length === 1) await move(which[0]!, beside)
    else await moveAll(which, by < 0 ? beside : beside + 1)
  }

  /** The answer may come before the event that tells of it. */
  function take(changed: Schemas['CellView'] | undefined): void {
    const known = changed === undefined ? undefined : cell(changed.cell_id)
    if (changed === undefined || known === undefined || known.revision >= changed.revision) return
    const { cell_type, metadata, source, revision } = cellOf(changed)
    Object.assign(known, { cell_type, metadata, source, revision })
  }

  async function split(): Promise<void> {
    const of = selection.active.value
    if (of === null) return
    const at = charactersBefore(textOf(of), selection.editors.get(of)?.cursor() ?? 0)
    const parts = await edit(() => upon(of, (revision) => got(api.POST('/api/v1/notebooks/{id}/cells/{cell}/split', { ...path(of), body: { revision, at } }))))
    if (parts === undefined) return
    take(parts.second)
    await shown(() => order.value.includes(parts.first.cell_id))
    selection.go(parts.second.cell_id, 'edit', { from: 0 })
  }

  /** Joins the selected cells, or the active one with the next. */
  async function merge(): Promise<void> {
    const which = selection.selectedCells.value
    const of = which[0]
    if (of === undefined) return
    for (let times = Math.max(1, which.length - 1); times > 0; times -= 1) {
      const next = order.value[order.value.indexOf(of) + 1]
      if (next === undefined) return
      await drafts.save(next)
      take(await edit(() => upon(of, (revision) => got(api.POST('/api/v1/notebooks/{id}/cells/{cell}/merge', { ...path(of), body: { revision } })))))
      flush()
    }
    selection.go(of)
  }

  async function change(of: string, body: { cell_type?: CellType; metadata?: Record<string, unknown>; source?: string }): Promise<void> {
    take(
      await edit(() =>
        upon(of, (revision) => got(api.PATCH('/api/v1/notebooks/{id}/cells/{cell}', { ...path(of), body: { ...body, metadata: body.metadata as Record<string, never> | undefined, revision } }))),
      ),
    )
  }

  async function changeType(type: CellType): Promise<void> {
    for (const each of selection.selectedCells.value) if (cell(each)?.cell_type !== type) await change(each, { cell_type: type })
  }

  /** Changes what a cell's metadata says under `jupyter`, as Jupyter does. */
  async function toggle(of: string, key: 'source_hidden' | 'outputs_hidden'): Promise<void> {
    const metadata = cell(of)?.metadata ?? {}
    const jupyter = (metadata.jupyter ?? {}) as Record<string, unknown>
    await change(of, { metadata: { ...metadata, jupyter: { ...jupyter, [key]: jupyter[key] !== true } } })
  }

  async function toggleScrolled(of: string): Promise<void> {
    const metadata = cell(of)?.metadata ?? {}
    await change(of, { metadata: { ...metadata, scrolled: metadata.scrolled === false } })
  }

  /** Copies the selected cells as they are when the edits before are done. */
  async function copyCells(): Promise<void> {
    await last
    flush()
    clipboard.value = selection.selectedCells.value.flatMap((each) => {
      const known = cell(each)
      return known === undefined ? [] : [{ cell_type: known.cell_type, source: textOf(each), metadata: { ...known.metadata } }]
    })
  }

  async function cut(): Promise<void> {
    await copyCells()
    await remove()
  }

  async function paste(above = false): Promise<void> {
    let at = above ? Math.max(0, numberOf(selection.active.value)) : numberOf(selection.selectedCells.value.at(-1)) + 1
    let added: string | undefined
    for (const each of clipboard.value) added = await add(at++, each)
    if (added !== undefined) selection.go(added)
  }

  async function duplicate(): Promise<void> {
    const kept = clipboard.value
    await copyCells()
    await paste()
    clipboard.value = kept
  }

  async function undo(): Promise<void> {
    const answer = await edit(() => got(api.POST('/api/v1/notebooks/{id}/undo', { params: { path: { id } } })))
    if (answer === undefined) return
    connection.canUndo.value = answer.can_undo
    connection.canRedo.value = answer.can_redo
  }

  async function redo(): Promise<void> {
    const answer = await edit(() => got(api.POST('/api/v1/notebooks/{id}/redo', { params: { path: { id } } })))
    if (answer === undefined) return
    connection.canUndo.value = answer.can_undo
    connection.canRedo.value = answer.can_redo
  }

  async function clearOutputs(of?: string): Promise<void> {
    await edit(() => got(api.POST('/api/v1/notebooks/{id}/clear_outputs', { params: { path: { id } }, body: { cell_id: of } })))
  }

  async function format(of: string): Promise<void> {
    const code = textOf(of)
    const formatted = await edit(() => got(api.POST('/api/v1/format', { body: { code } })))
    if (formatted === undefined || formatted.code === code || textOf(of) !== code) return
    const editor = selection.editors.get(of)
    if (editor !== undefined) editor.replace(formatted.code)
    else await change(of, { source: formatted.code })
  }

  function fold(of: string): void {
    if (!folded.delete(of)) folded.add(of)
  }

  return { add, addAbove, addBelow, remove, move, moveAll, moveBy, split, merge, change, changeType, toggle, toggleScrolled, copyCells, cut, paste, duplicate, undo, redo, clearOutputs, format, fold }
}
