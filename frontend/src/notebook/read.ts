// A notebook as an answer of the service has it, read into the model.

import type { Schemas } from '@/api/client'
import { still } from '@/outputs/types'
import { savedWidgets } from '@/widgets/state'
import type { Cell, Notebook } from './model'

type Answer = Schemas['NotebookAnswer']

/** The document's types say less of cells than there is. */
export function cellOf(view: Schemas['CellView']): Cell {
  return view as unknown as Cell
}

export function notebookOf(answer: Answer): Notebook {
  const cells = answer.cells.map(cellOf)
  for (const { outputs } of cells) outputs.forEach(still)
  return {
    id: answer.notebook_id,
    name: answer.name,
    path: answer.path,
    projectId: answer.project_id,
    sessionId: answer.session_id ?? null,
    status: answer.status,
    kernel: answer.session_id ? (answer.status === 'running' ? 'busy' : 'idle') : 'none',
    revision: answer.revision,
    edits: 0,
    order: cells.map((cell) => cell.cell_id),
    cells: new Map(cells.map((cell) => [cell.cell_id, cell])),
    activities: new Map(),
    clearing: new Set(),
    partial: new Set(cells.filter((cell) => cell.running).map((cell) => cell.cell_id)),
    watchers: 1,
    widgets: savedWidgets(answer.metadata),
    unsent: new Map(),
    asides: new Map(),
    beside: new Map(),
  }
}
