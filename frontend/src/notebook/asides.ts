// What code shows that widgets call: it belongs to no cell, and stands beside the one that shows the widget. Pure.

import { toRaw } from 'vue'
import type { Event } from '@/api/events'
import type { Output } from '@/outputs/types'
import { calledWidget, WIDGET_VIEW } from '@/widgets/state'
import { holds } from '@/widgets/survey'
import type { Notebook } from './model'

/** So many outputs of code that widgets called are shown, the newest; they are in no document. */
const MOST_ASIDE = 100

/** Returns the outputs to which an event of such code adds; none where no cell shows its widget. */
export function shownAside(notebook: Notebook, event: Event): Output[][] {
  const cell = asideOf(notebook, event)
  if (cell === undefined) return []
  const cleared = notebook.clearing.delete(`${cell} aside`)
  const known = cleared ? [] : (notebook.asides.get(cell) ?? [])
  notebook.asides.set(cell, known.slice(-MOST_ASIDE))
  return [notebook.asides.get(cell)!]
}

/** Returns the cell beside which an event's code runs. */
export function asideOf(notebook: Notebook, event: Event): string | undefined {
  return event.cell_id !== undefined || event.execution_id === undefined ? undefined : notebook.beside.get(event.execution_id)
}

/** Notes beside which cell code begins to run that a widget calls. */
export function beginAside(notebook: Notebook, execution: string, code: string): void {
  const cell = cellOfWidget(notebook, code)
  if (cell !== undefined) notebook.beside.set(execution, cell)
}

/** Returns the cell that shows the widget which a message is for, by what stands in place of its code. */
function cellOfWidget(notebook: Notebook, code: string): string | undefined {
  const widget = calledWidget(code)
  if (widget === undefined) return undefined
  const { cells, widgets } = toRaw(notebook)
  for (const { cell_id: id, outputs } of cells.values()) {
    if (outputs.some((output) => 'data' in output && holds(output.data[WIDGET_VIEW], widget, (of) => widgets.get(of)))) return id
  }
  return undefined
}
