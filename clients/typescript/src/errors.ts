// What can go wrong: one error for every refusal, and one for code that failed, if the caller wants that thrown.

import type { Result } from './result.js'
import type { Problem } from './types.js'

/** Answers that say that the same request may do better a little later, and the code of one whose twin still runs. */
const PASSING = new Set([408, 429, 502, 503, 504])
const TWIN_RUNS = 50209

/** The code of a refusal to whoever asks something of a session that has ended. */
export const SESSION_DEAD = 20209

/** A refusal of the service (RFC 9457), or no answer at all, which has the status 0. */
export class CellblockError extends Error {
  readonly code: number
  readonly solution: string
  readonly details: Record<string, unknown>
  readonly errors: { field: string; message: string }[]
  readonly retryable: boolean
  readonly requestId: string | undefined

  constructor(
    readonly status: number,
    problem: Partial<Problem>,
    /** Seconds after which the service wants to be asked again. */
    readonly retryAfter?: number,
    options?: ErrorOptions,
  ) {
    super(problem.message ?? problem.title ?? `HTTP ${status}`, options)
    this.name = problem.name ?? 'CellblockError'
    this.code = problem.code ?? 0
    this.solution = problem.solution ?? ''
    this.details = (problem.details as Record<string, unknown> | undefined) ?? {}
    this.errors = problem.errors ?? []
    this.retryable = problem.retryable ?? PASSING.has(status)
    this.requestId = problem.request_id ?? undefined
  }

  /** Returns the refusal behind an answer, also when something between here and the service gave it. */
  static async of(answer: Response): Promise<CellblockError> {
    const problem: unknown = await answer.json().catch(() => null)
    const seconds = answer.headers.get('retry-after') ?? ''
    return new CellblockError(
      answer.status,
      typeof problem === 'object' && problem !== null ? problem : {},
      /^\d+$/.test(seconds) ? Number(seconds) : undefined,
    )
  }

  /** Returns what is told when the service gave no answer. */
  static unreachable(cause: unknown): CellblockError {
    const said = cause instanceof Error ? cause.message : 'the line broke'
    const message = `The service does not answer: ${said}.`
    return new CellblockError(0, { name: 'Unreachable', message, retryable: true }, undefined, { cause })
  }

  /** Whether sending the same request again may help, if that is safe. */
  get passing(): boolean {
    return this.status === 0 || PASSING.has(this.status) || this.code === TWIN_RUNS
  }
}

/** Code did not end well. Only `Result.throwForError` throws it. */
export class ExecutionFailed extends Error {
  constructor(readonly result: Result) {
    const { ename, evalue, message } = result.error ?? {}
    super([ename, evalue || message].filter(Boolean).join(': ') || `the execution ended as ${result.status}`)
    this.name = 'ExecutionFailed'
  }
}
