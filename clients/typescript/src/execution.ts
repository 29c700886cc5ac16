// An execution that was taken: its events as they happen, and what it came to.

import type { Connection } from './connection.js'
import type { Event } from './events.js'
import { follow } from './follower.js'
import { SessionResult } from './result.js'
import type { ExecutionView, Taken } from './types.js'

export interface Following {
  /** Milliseconds after which the code is interrupted. */
  timeout?: number | undefined
  /** Ends the waiting. The code goes on, unless it is interrupted. */
  signal?: AbortSignal | undefined
}

/** Code that runs or waits in a session, whether or not anybody listens. */
export class Execution {
  readonly id: string
  private readonly session: string
  private after: number

  constructor(
    private readonly connection: Connection,
    sessionId: string,
    taken: Taken,
  ) {
    this.id = taken.execution_id
    this.session = `/sessions/${encodeURIComponent(sessionId)}`
    this.after = taken.after_seq
  }

  /**
   * Yields its events until it has ended, each once. Leaving the loop leaves the code running; another call goes on
   * where the last one was left.
   */
  async *events({ timeout, signal }: Following = {}): AsyncGenerator<Event, void> {
    const control = new AbortController()
    const late = () => this.interrupt().catch((error: unknown) => control.abort(error))
    const timer = timeout === undefined ? undefined : setTimeout(late, timeout)
    try {
      const either = signal ? AbortSignal.any([signal, control.signal]) : control.signal
      for await (const event of follow(this.connection, this.session, this.after, either)) {
        this.after = event.seq
        if (event.type === 'gap' || event.execution_id === this.id) yield event
        if (await this.ended(event)) return
      }
    } finally {
      clearTimeout(timer)
    }
  }

  private async ended(event: Event): Promise<boolean> {
    if (event.type === 'finished') return event.execution_id === this.id
    if (event.type === 'restored') return event.content.lost.includes(this.id)
    // Its end may be among what is no longer kept.
    return event.type === 'gap' && !goesOn(await this.view())
  }

  /** Waits for the end and returns what came of it. */
  async result(following: Following = {}): Promise<SessionResult> {
    let view = await this.view()
    if (goesOn(view)) {
      const events = this.events(following)
      while (!(await events.next()).done);
      view = await this.view()
    }
    return new SessionResult(view)
  }

  /** Interrupts what the session runs. What waits behind it is not run. */
  async interrupt(): Promise<void> {
    await this.connection.post(`${this.session}/interrupt`)
  }

  /** Answers `input()`; `null` stands for the end of input. */
  async answer(text: string | null): Promise<void> {
    await this.connection.send(`${this.session}/input`, { method: 'POST', json: { value: text } })
  }

  private view(): Promise<ExecutionView> {
    return this.connection.get(`${this.session}/executions/${this.id}`)
  }
}

function goesOn(view: ExecutionView): boolean {
  return view.status === 'queued' || view.status === 'running'
}
