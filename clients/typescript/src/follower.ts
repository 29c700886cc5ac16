// Events by their numbers: a channel that breaks is opened again behind the last event that came.

import type { Connection } from './connection.js'
import { CellblockError } from './errors.js'
import type { Event } from './events.js'
import { pauseAfter, sleep } from './waiting.js'

/** Codes of a closed socket after which coming back would change nothing. */
const FINAL = new Set([1000, 1003, 1008])

type Heard = { event: Event } | { closed: { code: number; reason: string } }

/** One channel: what it told and nobody took yet. */
class Channel {
  private readonly heard: Heard[] = []
  private wake: () => void = () => {}
  private readonly hurry = () => this.wake()

  constructor(private readonly socket: WebSocket) {
    socket.onmessage = ({ data }) => this.hear({ event: JSON.parse(String(data)) as Event })
    socket.onclose = ({ code, reason }) => this.hear({ closed: { code, reason } })
    // What failed is told by the close that comes behind.
    socket.onerror = () => {}
  }

  private hear(heard: Heard): void {
    this.heard.push(heard)
    this.wake()
  }

  async next(signal?: AbortSignal): Promise<Heard> {
    for (;;) {
      signal?.throwIfAborted()
      const first = this.heard.shift()
      if (first) return first
      await new Promise<void>((resolve) => {
        this.wake = resolve
        signal?.addEventListener('abort', this.hurry)
      })
      signal?.removeEventListener('abort', this.hurry)
    }
  }

  close(): void {
    this.socket.onmessage = null
    this.socket.onclose = null
    this.socket.close()
  }
}

/** Yields a session's events behind a number, none missed and none twice, until the caller leaves the loop. */
export async function* follow(
  connection: Connection,
  session: string,
  after: number,
  signal?: AbortSignal,
): AsyncGenerator<Event, never> {
  const { WebSocket, retries } = connection
  if (!WebSocket) {
    throw new TypeError('There is no WebSocket here: give one with `new Cellblock({ WebSocket })`, such as that of `ws`.')
  }
  let channel: Channel | undefined
  let failures = 0
  try {
    for (;;) {
      if (!channel) {
        const address = connection.address(`${session}/channel`, { after_seq: after, token: connection.token || null })
        address.protocol = address.protocol.replace('http', 'ws')
        channel = new Channel(new WebSocket(address))
      }
      const heard = await channel.next(signal)
      if ('event' in heard) {
        failures = 0
        after = heard.event.seq
        yield heard.event
        continue
      }
      channel = undefined
      failures += 1
      const { code, reason } = heard.closed
      if (FINAL.has(code) || failures >= retries.attempts) {
        const message = `The channel was closed: ${reason || code}.`
        throw new CellblockError(0, { name: 'ChannelClosed', message, retryable: false })
      }
      await sleep(pauseAfter(failures, retries), signal)
      // A socket does not say why it was refused; a request does.
      await connection.get(session, {}, signal)
    }
  } finally {
    channel?.close()
  }
}
