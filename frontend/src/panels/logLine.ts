// What an event says in the log. Pure.

import { never, type Event } from '@/api/events'

export interface LogLine {
  seq: number
  time: string
  level: 'info' | 'warning' | 'error'
  /** The key of what is said among the texts, or what the service says itself. */
  key?: string
  values?: Record<string, string | number>
  text?: string
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
      return line('info', 'started')
    case 'finished': {
      const { outcome, error } = event.content
      if (outcome === 'ok') return line('info', 'finished')
      const why = error?.message ?? ([error?.ename, error?.evalue].filter(Boolean).join(': ') || '–')
      return line(outcome === 'error' || outcome === 'interrupted' ? 'warning' : 'error', outcome, { why })
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
