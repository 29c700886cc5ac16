// Events that came since the last picture, made fewer before they are applied.

import type { Event } from '@/api/events'

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
