// Refusals: RFC 9457 bodies with the service's code, message and suggested solution.

export interface Problem {
  status: number
  code: number
  title: string
  message: string
  solution: string
  details?: unknown
  errors?: { field: string; message: string }[]
}

/** A refusal of the service, or no answer at all. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message)
    this.name = 'Refused'
  }

  /** Nobody answered: the service or the line is away. */
  get offline(): boolean {
    return this.problem.status === 0
  }
}

export const UNREACHABLE: Problem = {
  status: 0,
  code: 0,
  title: 'offline',
  message: 'The service does not answer.',
  solution: '',
}

/** Reads a refusal out of an answer's body, whatever that is. */
export function problemOf(status: number, body: unknown): Problem {
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  const given = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  return {
    status,
    code: typeof given.code === 'number' ? given.code : 0,
    title: text(given.title),
    message: text(given.message) || text(given.detail) || `HTTP ${status}`,
    solution: text(given.solution),
    details: given.details,
    errors: Array.isArray(given.errors) ? (given.errors as Problem['errors']) : undefined,
  }
}
