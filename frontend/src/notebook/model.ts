// A notebook as this browser knows it, and how events of the service change it. Pure: no requests, no screen.

import { toRaw } from 'vue'
import { never, type Event, type Usage, type WireCell } from '@/api/events'
import { joined, still, type DisplayOutput, type Output } from '@/outputs/types'
import type { Attachments } from '@/outputs/pictures'
import { overwritten } from '@/outputs/printed'
import { takeWidget, type Widgets } from '@/widgets/state'
import { asideOf, beginAside, shownAside } from './asides'
import { reconciled } from './reconciled'

export type CellType = 'code' | 'markdown' | 'raw'

export interface NotRun {
  reason: 'service_ended' | 'cell_lost' | 'session_ended' | 'refused'
  /** A sentence for people. */
  message: string
}

export interface Cell {
  cell_id: string
  cell_type: CellType
  source: string
  metadata: Record<string, unknown>
  /** Files that markdown refers to as `attachment:name`. */
  attachments?: Attachments
  outputs: Output[]
  execution_count: number | null
  revision: number
  change: number
  /** Its outputs are from an execution that was undone. */
  undone: boolean
  stale: boolean
  /** It runs or waits to run. */
  running: boolean
  /** It waited to run, and was given up. */
  not_run?: NotRun | null
}

/** What is known of a cell's execution beyond the document. */
export interface Activity {
  state: 'queued' | 'running' | 'done'
  position?: number
  /** When it began to be so, by this browser's clock. */
  since: number
  /** When it was started, by the service's clock. */
  started?: number
  /** How long it ran, in milliseconds. */
  took?: number
  usage?: Usage
  outcome?: string
  /** It was asked to run and was not begun: the service ended while it waited, or refused what was to run before it. */
  notRun?: 'stopped' | 'refused'
  prompt?: { prompt: string; password: boolean }
  checkpointBefore?: string | null
}

export type Kernel = 'none' | 'starting' | 'idle' | 'busy' | 'dead'

export interface Notebook {
  id: string
  name: string
  path: string
  projectId: string
  sessionId: string | null
  status: 'idle' | 'running' | 'error'
  kernel: Kernel
  revision: number
  /** Counts the changes of what stands in cells: who needs all of them has this to watch, and not each. */
  edits: number
  order: string[]
  cells: Map<string, Cell>
  activities: Map<string, Activity>
  /** `clear_output(wait=True)` was said: the next output replaces those before. */
  clearing: Set<string>
  /** Cells that ran already when the copy was made: some of their outputs may be missing until the service tells all. */
  partial: Set<string>
  watchers: number
  /** The widgets that its cells made, as they stand. */
  widgets: Widgets
  /** Of each widget what this browser changed and has not sent yet. */
  unsent: Map<string, ReadonlySet<string>>
  /** What code shows that widgets called: by the cell that shows the widget, below its own outputs. */
  asides: Map<string, Output[]>
  /** Executions of such code, and their cells. */
  beside: Map<string, string>
}

/** Whether the copy is whole after an event, or has to be fetched again. */
export type Applied = 'applied' | 'reload'

/** Brings an event into a notebook. */
export function apply(notebook: Notebook, event: Event, now: number): Applied {
  const cell = event.cell_id === undefined ? undefined : notebook.cells.get(event.cell_id)
  if (event.session_id !== undefined) notebook.sessionId = event.session_id
  switch (event.type) {
    case 'cell_changed': {
      const { revision, stale, running, cell: wire } = event.content
      if (revision <= notebook.revision && cell !== undefined && cell.change >= wire.change && cell.running === running && cell.revision >= wire.revision) return 'applied'
      change(notebook, wire, stale, running, now)
      notebook.revision = Math.max(notebook.revision, revision)
      return 'applied'
    }
    case 'cells_moved': {
      const { revision, at, removed, cells } = event.content
      if (revision <= notebook.revision) return 'applied'
      notebook.order.splice(at, removed, ...cells)
      notebook.revision = revision
      return 'applied'
    }
    case 'notebook_status':
      notebook.status = event.content.status
      markStale(notebook, new Set(event.content.stale))
      for (const id of event.content.running) wait(notebook, id)
      for (const id of event.content.resting) rest(notebook, id, now)
      return 'applied'
    case 'presence':
      notebook.watchers = event.content.watchers
      return 'applied'
    case 'status':
      notebook.kernel = event.content.execution_state
      return 'applied'
    case 'queued':
      if (event.cell_id !== undefined) {
        notebook.activities.set(event.cell_id, { state: 'queued', position: event.content.position, since: now })
      }
      return 'applied'
    case 'started':
      if (cell !== undefined) {
        notebook.kernel = 'busy'
        notebook.activities.set(cell.cell_id, { state: 'running', since: now, started: Date.parse(event.time) })
        notebook.clearing.delete(cell.cell_id)
        notebook.partial.delete(cell.cell_id)
        cell.outputs = []
        cell.running = true
        cell.not_run = null
        notebook.asides.delete(cell.cell_id)
      } else if (event.execution_id !== undefined) {
        beginAside(notebook, event.execution_id, event.content.code)
      }
      return 'applied'
    case 'finished':
      notebook.kernel = 'idle'
      if (event.execution_id !== undefined) notebook.beside.delete(event.execution_id)
      if (cell !== undefined) {
        const started = notebook.activities.get(cell.cell_id)?.started
        const lost = event.content.outcome === 'lost'
        notebook.activities.set(cell.cell_id, {
          state: 'done',
          since: now,
          // Of what was lost nobody knows when it ended.
          took: lost ? undefined : started === undefined ? event.content.usage.seconds * 1000 : Math.max(0, Date.parse(event.time) - started),
          usage: lost ? undefined : event.content.usage,
          outcome: event.content.outcome,
          checkpointBefore: event.content.checkpoint_before,
        })
      }
      return 'applied'
    case 'stream':
      for (const outputs of shownBy(notebook, event)) addStream(outputs, event.content.name, event.content.text)
      return 'applied'
    case 'display_data':
    case 'execute_result':
      for (const outputs of shownBy(notebook, event)) {
        const { data, metadata, transient } = event.content
        const shown: DisplayOutput = { output_type: event.type, data, metadata }
        if (transient?.display_id !== undefined) shown.display_id = transient.display_id
        if (event.type === 'execute_result') shown.execution_count = event.content.execution_count
        outputs.push(still(shown))
      }
      return 'applied'
    case 'update_display_data':
      for (const each of notebook.cells.values()) updateDisplay(each, event.content.transient?.display_id, event.content)
      return 'applied'
    case 'error':
      for (const outputs of shownBy(notebook, event)) outputs.push({ output_type: 'error', ...event.content })
      return 'applied'
    case 'clear_output': {
      const aside = asideOf(notebook, event)
      if (aside !== undefined && event.content.wait) notebook.clearing.add(`${aside} aside`)
      else if (aside !== undefined) notebook.asides.delete(aside)
      if (cell !== undefined && !notebook.partial.has(cell.cell_id)) {
        if (event.content.wait) notebook.clearing.add(cell.cell_id)
        else cell.outputs = []
      }
      return 'applied'
    }
    case 'input_request': {
      const activity = cell && notebook.activities.get(cell.cell_id)
      if (activity) activity.prompt = event.content
      else if (cell) notebook.activities.set(cell.cell_id, { state: 'running', since: now, prompt: event.content })
      return 'applied'
    }
    case 'log':
      // A warning of a cell, and of no execution: it waited to run, and will not.
      if (cell !== undefined && event.execution_id === undefined && event.content.level === 'warning') notebook.activities.set(cell.cell_id, { state: 'done', since: now, notRun: 'stopped' })
      return 'applied'
    case 'gap':
      return 'reload'
    case 'execution_status':
    case 'restored':
    case 'checkpoint':
    case 'comm_close':
      // What is left of a closed widget is its last state.
      return 'applied'
    case 'comm_open':
    case 'comm_msg':
      takeWidget(notebook.widgets, event.content.comm_id, event.content.data, notebook.unsent.get(event.content.comm_id), event.content.buffers)
      return 'applied'
    default:
      return never(event)
  }
}

/** Ends what was thought to run and does not, as a fresh copy says. What began or ended since is left to its events. */
export function settle(notebook: Notebook, fresh: Notebook, thought: ReadonlyMap<string, Activity>): void {
  for (const [id, activity] of thought) {
    const [cell, now] = [notebook.cells.get(id), fresh.cells.get(id)]
    if (cell === undefined || now === undefined || now.running || notebook.activities.get(id) !== activity) continue
    notebook.activities.delete(id)
    Object.assign(cell, { running: false, outputs: now.outputs, execution_count: now.execution_count, stale: now.stale })
  }
  if ([...notebook.activities.values()].some(({ state }) => state !== 'done')) return
  notebook.status = fresh.status
  notebook.kernel = fresh.kernel
}

/** Says whether running what is out of date runs a cell: it was edited, undone, overtaken by one above it, or never run. */
export function isDue(cell: Cell): boolean {
  return cell.cell_type === 'code' && cell.source.trim() !== '' && (cell.stale || (cell.execution_count === null && !cell.running))
}

function markStale(notebook: Notebook, stale: Set<string>): void {
  // Nobody waits to be told of those that stay as they are.
  for (const { cell_id: id, stale: before } of toRaw(notebook).cells.values()) {
    if (before !== stale.has(id)) notebook.cells.get(id)!.stale = !before
  }
}

/** Shows a cell as waiting to run: until it is begun, the document alone knows what it shows. */
function wait(notebook: Notebook, id: string): void {
  const cell = notebook.cells.get(id)
  if (cell === undefined || cell.running) return
  cell.running = true
  if (notebook.activities.get(id)?.state !== 'running') notebook.partial.add(id)
}

/** Shows a cell as neither running nor waiting to run. */
function rest(notebook: Notebook, id: string, now: number): void {
  const cell = notebook.cells.get(id)
  if (cell !== undefined) cell.running = false
  const activity = notebook.activities.get(id)
  if (activity !== undefined && activity.state !== 'done') notebook.activities.set(id, { state: 'done', since: now })
  notebook.partial.delete(id)
}

function change(notebook: Notebook, wire: WireCell, stale: boolean, running: boolean, now: number): void {
  const known = notebook.cells.get(wire.cell_id)
  const id = wire.cell_id
  // While a cell runs, what it shows comes event by event and is newer than what is written down.
  const follows = running && known?.running === true && !notebook.partial.has(id)
  if (running && known?.running === true) notebook.partial.delete(id)
  const outputs = follows ? known.outputs : reconciled(known?.outputs ?? [], wire.outputs)
  if (!running) rest(notebook, id, now)
  if (outputs.length === 0) notebook.asides.delete(id)
  // What is not there any longer is not in the event either.
  const next: Cell = { ...wire, attachments: wire.attachments, not_run: wire.not_run, outputs, stale, running }
  if (known?.source !== wire.source || known.cell_type !== wire.cell_type) notebook.edits += 1
  if (known === undefined) notebook.cells.set(id, next)
  else Object.assign(known, next)
}

/** Returns the outputs to which an event adds, after a clearing that waited; none while they are not whole. */
function shownBy(notebook: Notebook, event: Event): Output[][] {
  const cell = event.cell_id === undefined ? undefined : notebook.cells.get(event.cell_id)
  if (cell === undefined) return shownAside(notebook, event)
  if (notebook.partial.has(cell.cell_id)) return []
  if (notebook.clearing.delete(cell.cell_id)) cell.outputs = []
  return [cell.outputs]
}

function addStream(outputs: Output[], name: 'stdout' | 'stderr', text: string): void {
  const last = outputs.at(-1)
  if (last?.output_type === 'stream' && last.name === name) last.text = overwritten(joined(last.text), text)
  else outputs.push({ output_type: 'stream', name, text: overwritten('', text) })
}

function updateDisplay(cell: Cell, id: string | undefined, content: { data: DisplayOutput['data']; metadata: DisplayOutput['metadata'] }): void {
  if (id === undefined) return
  for (const output of cell.outputs) {
    if ((output.output_type === 'display_data' || output.output_type === 'execute_result') && output.display_id === id) {
      output.data = content.data
      output.metadata = content.metadata
      still(output)
    }
  }
}

/** What a cell does now: the events say more than the document, when they were seen. */
export function activityOf(notebook: Notebook, cell: Cell): Activity['state'] | 'idle' {
  const state = notebook.activities.get(cell.cell_id)?.state
  if (state === 'queued' || state === 'running') return state
  return cell.running ? 'queued' : (state ?? 'idle')
}

/** Takes what a cell was answered to have now: the answer may come before the event that tells of it. */
export function written(notebook: Notebook, cell: string, { source, revision }: Pick<Cell, 'source' | 'revision'>): void {
  const known = notebook.cells.get(cell)
  if (known === undefined || known.revision >= revision) return
  Object.assign(known, { source, revision })
  notebook.edits += 1
}
