// A socket that comes back by itself and goes on behind the last event that it saw.

import { token } from './token'
import type { Event } from './events'

export type Line = 'connecting' | 'open' | 'away' | 'closed'

export interface EventSocketOptions<Told extends { seq: number }> {
  /** The address below the service, without its query. */
  path: string
  /** The number of the last event seen; only new ones when nothing is given. */
  after?: number
  /** Whether the service keeps what it told, so that one that comes back is told what it missed. It does if nothing is said. */
  kept?: boolean
  onEvent: (event: Told) => void
  onLine: (line: Line) => void
  /** Ended by the service, with its reason; it does not come back. */
  onEnd?: (reason: string) => void
}

const FIRST_PAUSE = 250
const LONGEST_PAUSE = 10_000

/** WebSocket close codes after which coming back would change nothing. */
const FINAL = new Set([1000, 1003, 1008])

const waiting = new Set<() => void>()

/** Lets those that wait try at once: the service is known to answer again. */
export function comeBack(): void {
  for (const hurry of waiting) hurry()
}

export class EventSocket<Told extends { seq: number } = Event> {
  private socket: WebSocket | null = null
  private after: number | undefined
  private pause = FIRST_PAUSE
  private timer: ReturnType<typeof setTimeout> | undefined
  private closed = false

  constructor(private readonly options: EventSocketOptions<Told>) {
    this.after = options.after
    this.connect()
    window.addEventListener('online', this.hurry)
    waiting.add(this.hurry)
  }

  /** Ends it for good. */
  close(): void {
    this.closed = true
    clearTimeout(this.timer)
    this.forget()
    this.socket?.close()
    this.options.onLine('closed')
  }

  private forget(): void {
    window.removeEventListener('online', this.hurry)
    waiting.delete(this.hurry)
  }

  private readonly hurry = () => {
    if (this.socket === null && !this.closed) {
      clearTimeout(this.timer)
      this.connect()
    }
  }

  private connect(): void {
    this.options.onLine('connecting')
    const address = new URL(this.options.path, window.location.href)
    address.protocol = address.protocol.replace('http', 'ws')
    address.searchParams.set('token', token())
    if (this.after !== undefined) address.searchParams.set('after_seq', String(this.after))
    const socket = new WebSocket(address)
    this.socket = socket
    socket.onopen = () => {
      this.pause = FIRST_PAUSE
      this.options.onLine('open')
    }
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(data as string) as Told
      if (this.options.kept !== false) this.after = event.seq
      this.options.onEvent(event)
    }
    socket.onclose = ({ code, reason }) => {
      this.socket = null
      if (this.closed) return
      if (FINAL.has(code)) {
        this.closed = true
        this.forget()
        this.options.onLine('closed')
        this.options.onEnd?.(reason)
        return
      }
      this.options.onLine('away')
      this.timer = setTimeout(() => this.connect(), this.pause * (0.75 + Math.random() / 2))
      this.pause = Math.min(this.pause * 2, LONGEST_PAUSE)
    }
  }
}
