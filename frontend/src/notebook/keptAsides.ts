// What code showed that widgets called stands in no document: this tab of the browser keeps it over a reload.

import type { Output } from '@/outputs/types'
import type { Notebook } from './model'

/** More than this is not kept of one notebook, in characters. */
const MOST = 500_000

/** By cell: the outputs, and which run of the cell made the widgets. */
type Kept = Record<string, { count: number | null; outputs: Output[] }>

const keyOf = (id: string) => `cellblock.asides.${id}`

/** Keeps what stands beside the cells of a notebook, of each cell all or nothing. */
export function keepAsides({ id, sessionId, cells, asides }: Notebook, storage: Storage = sessionStorage): void {
  const kept: Kept = {}
  let room = MOST
  for (const [cell, outputs] of asides) {
    room -= JSON.stringify(outputs).length
    if (room < 0) break
    if (outputs.length > 0) kept[cell] = { count: cells.get(cell)?.execution_count ?? null, outputs }
  }
  try {
    if (Object.keys(kept).length === 0) storage.removeItem(keyOf(id))
    else storage.setItem(keyOf(id), JSON.stringify({ sessionId, kept }))
  } catch {
    // There is no room for it: it is not there after a reload then.
  }
}

/** Brings back what stood beside the cells, where neither the session nor the run of the cell is another one. */
export function bringAsides(notebook: Notebook, storage: Storage = sessionStorage): void {
  const found = JSON.parse(storage.getItem(keyOf(notebook.id)) ?? 'null') as { sessionId: string | null; kept: Kept } | null
  if (found === null || found.sessionId !== notebook.sessionId) return
  for (const [id, { count, outputs }] of Object.entries(found.kept)) {
    const cell = notebook.cells.get(id)
    if (cell !== undefined && !cell.running && !cell.undone && cell.outputs.length > 0 && cell.execution_count === count) notebook.asides.set(id, outputs)
  }
}
