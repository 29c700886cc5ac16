// Events that came since the last picture, made fewer before they are applied.

import { never, type Event } from '@/api/events'

/** Joins text that a cell printed in pieces; everything else stays as it is and where it is. */
export function joinedStreams(events: Event[]): Event[] {
  const result: Event[] = []
  for (const event of events) {
    const last = result.at(-1)
    if (
      event.type === 'stream' &&
      last?.type === 'stream' &&
      last.cell_id === event.cell_id &&
      last.execution_id === event.execution_id &&
      last.content.name === event.content.name
    ) {
      result[result.length - 1] = { ...last, seq: event.seq, content: { ...last.content, text: last.content.text + event.content.text } }
    } else {
      result.push(event)
    }
  }
  return result
}

/** Whether an event only says that something begins: what is over at once needs no picture of its beginning. */
export function begins(event: Event): boolean {
  switch (event.type) {
    case 'queued':
    case 'started':
      return true
    case 'status':
      return event.content.execution_state === 'busy'
    case 'notebook_status':
    case 'execution_status':
      return event.content.status === 'running'
    case 'cell_changed':
      return event.content.running
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
    case 'finished':
    case 'checkpoint':
    case 'restored':
    case 'gap':
    case 'cells_moved':
    case 'presence':
    case 'log':
      return false
    default:
      return never(event)
  }
}
