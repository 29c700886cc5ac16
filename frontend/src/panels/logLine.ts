// What an event says in the log. Pure.

import { never, type Event, type Outcome } from '@/api/events'
import { calledWidget } from '@/widgets/state'
import { firstLine } from './timeline'
import type { Execution } from './useSessionFeed'

export interface LogLine {
  seq: number
  time: string
  level: 'info' | 'warning' | 'error'
  /** The key of what is said among the texts, or what the service says itself. */
  key?: string
  values?: Record<string, string | number>
  text?: string
  /** The code that it is about. */
  code?: string
}

interface Failure {
  message?: string
  ename?: string
  evalue?: string
}

/** Returns the line of an event; nothing for what a cell shows. */
export function logLine(event: Event): LogLine | null {
  const { seq, time } = event
  const line = (level: LogLine['level'], key: string, values: Record<string, string | number> = {}): LogLine => ({ seq, time, level, key: `log.${key}`, values })
  switch (event.type) {
    case 'log':
      return { seq, time, level: event.content.level, text: event.content.message }
    case 'queued':
      return line('info', 'queued', { position: event.content.position })
    case 'started':
      return { ...line('info', 'started'), code: firstLine(event.content.code) }
    case 'finished': {
      const { outcome, error } = event.content
      return { seq, time, ...ended(outcome, error) }
    }
    case 'restored':
      return line('warning', event.content.lost.length > 0 ? 'restoredLost' : 'restored', { reason: event.content.reason, lost: event.content.lost.length })
    case 'gap':
      return line('warning', 'gap', { first: event.content.first, last: event.content.last })
    case 'checkpoint':
      return line('info', 'checkpoint', { pages: event.content.pages })
    case 'status':
      return event.content.execution_state === 'dead' ? line('error', 'dead') : null
    case 'stream':
    case 'display_data':
    case 'update_display_data':
    case 'execute_result':
    case 'error':
    case 'clear_output':
    case 'input_request':
    case 'comm_open':
    case 'comm_msg':
    case 'comm_close':
    case 'notebook_status':
    case 'execution_status':
    case 'cell_changed':
    case 'cells_moved':
    case 'presence':
      return null
    default:
      return never(event)
  }
}

function ended(outcome: Outcome, error: Failure | null | undefined): Pick<LogLine, 'level' | 'key' | 'values'> {
  if (outcome === 'ok') return { level: 'info', key: 'log.finished', values: {} }
  const why = error?.message ?? ([error?.ename, error?.evalue].filter(Boolean).join(': ') || '–')
  return { level: outcome === 'error' || outcome === 'interrupted' ? 'warning' : 'error', key: `log.${outcome}`, values: { why } }
}

/** Leaves out that widgets were moved, which can be many times in a second, unless something went wrong. `moved` are such executions. */
export function isWorthALine(event: Event, moved: Set<string>): boolean {
  const { execution_id: id } = event
  if (logLine(event) === null) return false
  if (id !== undefined && event.type === 'started' && calledWidget(event.content.code) !== undefined) moved.add(id)
  if (id === undefined || !moved.has(id)) return true
  if (event.type !== 'finished') return false
  moved.delete(id)
  return event.content.outcome !== 'ok'
}

/** The lines of executions that were over before the events were watched. */
export function pastLines(executions: readonly Execution[], watched: readonly Pick<Event, 'execution_id'>[]): LogLine[] {
  const seen = new Set(watched.map(({ execution_id }) => execution_id))
  return executions.filter(({ execution_id, finished_at, code }) => finished_at && !seen.has(execution_id) && calledWidget(code) === undefined).flatMap((execution) => {
    const { status, error, code, started_at, finished_at, first_seq, last_seq } = execution
    const outcome = (status === 'success' ? 'ok' : status) as Outcome
    const began: LogLine[] = started_at ? [{ seq: first_seq ?? 0, time: started_at, level: 'info', key: 'log.started', code: firstLine(code) }] : []
    return [...began, { seq: last_seq ?? 0, time: finished_at ?? '', ...ended(outcome, error as Failure | null) }]
  })
}
