// What is told to the code of widgets: one message at a time, and of a control that is drawn along only its newest state,
// as ipywidgets does it. Pure but for the `send` that it is given.

import { partedBytes } from './binary'
import type { WidgetState } from './state'

/** What is said on a widget's channel. */
export type Message = { method: 'update'; state: WidgetState } | { method: 'custom'; content: Record<string, unknown> } | { method: 'request_state' }

export interface Said {
  comm: string
  message: Message
}

export interface UpdatesOptions {
  /** Sends a message and returns the execution in which it is delivered. */
  send: (comm: string, message: Message) => Promise<string>
  /** The first of these was refused, and the others, which were to follow it, are dropped. */
  onRefused: (error: unknown, dropped: Said[]) => void
  /** It was delivered, and nobody answered who would have. */
  onSilence: (comm: string) => void
  /** What is still to be sent is something else now. */
  onChange?: () => void
}

/** Whoever gets it says something. Of bytes nothing is said: nobody sends a whole file back. */
function answers(message: Message): boolean {
  return message.method === 'request_state' || (message.method === 'update' && partedBytes(message.state).buffers.length === 0)
}

interface Flight {
  comm: string
  /** Whoever gets it says something. */
  expects: boolean
  execution?: string
  /** Executions in which the widget said something, and those that ended: they may be known before the answer is there. */
  heard: Set<string>
  ended: Set<string>
}

export class Updates {
  private waiting: Said[] = []
  private flight: Flight | null = null
  /** Widgets that said something, so that it is known that there are such. */
  private readonly known = new Set<string>()

  constructor(private readonly options: UpdatesOptions) {}

  /** Sends a change when its turn comes, together with what changes until then. */
  change(comm: string, state: WidgetState): void {
    // Not past what was told in between: a click comes behind what was written before it.
    for (let at = this.waiting.length - 1; at >= 0; at -= 1) {
      const { comm: other, message } = this.waiting[at]!
      if (message.method !== 'update') break
      if (other !== comm) continue
      Object.assign(message.state, state)
      return this.changed()
    }
    this.push(comm, { method: 'update', state: { ...state } })
  }

  /** Tells that something happened. Whether there is anybody to be told is asked where it is not known. */
  tell(comm: string, content: Record<string, unknown>): void {
    this.push(comm, { method: 'custom', content })
    if (!this.known.has(comm)) this.push(comm, { method: 'request_state' })
  }

  /** A widget said something. */
  hear(comm: string, execution: string | undefined): void {
    this.known.add(comm)
    if (this.flight?.comm === comm && execution !== undefined) this.flight.heard.add(execution)
  }

  /** An execution ended. */
  ended(execution: string): void {
    this.flight?.ended.add(execution)
    this.land()
  }

  /** What is under way may never be told to have ended; the widgets may be others. */
  forget(): void {
    this.known.clear()
    this.flight = null
    this.go()
  }

  /** Of each widget what is still to be sent. */
  unsent(): Map<string, Set<string>> {
    const keys = new Map<string, Set<string>>()
    for (const { comm, message } of this.waiting) {
      if (message.method !== 'update') continue
      const known = keys.get(comm) ?? new Set()
      for (const key of Object.keys(message.state)) known.add(key)
      keys.set(comm, known)
    }
    return keys
  }

  private push(comm: string, message: Message): void {
    this.waiting.push({ comm, message })
    this.changed()
    this.go()
  }

  private go(): void {
    const next = this.flight === null ? this.waiting.shift() : undefined
    if (next === undefined) return
    const flight: Flight = { comm: next.comm, expects: answers(next.message), heard: new Set(), ended: new Set() }
    this.flight = flight
    this.changed()
    this.options.send(next.comm, next.message).then(
      (execution) => {
        flight.execution = execution
        this.land()
      },
      (error: unknown) => {
        if (this.flight !== flight) return
        const dropped = [next, ...this.waiting]
        this.flight = null
        this.waiting = []
        this.changed()
        this.options.onRefused(error, dropped)
      },
    )
  }

  private land(): void {
    const { flight } = this
    if (flight?.execution === undefined || !flight.ended.has(flight.execution)) return
    this.flight = null
    if (flight.expects && !flight.heard.has(flight.execution)) this.options.onSilence(flight.comm)
    this.go()
  }

  private changed(): void {
    this.options.onChange?.()
  }
}
