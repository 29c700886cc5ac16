// Requests: sent again when that is safe and may help, and refused with one error.

import { CellblockError } from './errors.js'
import { pauseAfter, sleep, type Retries } from './waiting.js'

/** The constructor of WebSockets; browsers and Node 22 have one, for Node 20 it comes from a package such as `ws`. */
export type WebSocketClass = new (url: string | URL) => WebSocket

export type Query = Record<string, string | number | boolean | null | undefined>

export interface Request {
  method?: string
  query?: Query | undefined
  /** A body that becomes JSON; its fields without a value are left out. */
  json?: object
  body?: Blob
  headers?: Record<string, string>
  /** It may be sent twice. */
  again?: boolean
  /** The answer may take any time. */
  patient?: boolean
  /** The answer is read bit by bit, and not here. */
  streamed?: boolean
  signal?: AbortSignal | undefined
}

export class Connection {
  constructor(
    readonly base: string,
    readonly token: string,
    /** Milliseconds for an answer. */
    readonly timeout: number,
    readonly retries: Retries,
    readonly WebSocket: WebSocketClass | undefined,
  ) {}

  /** Returns what is at an address. */
  async get<Answer>(path: string, query?: Query, signal?: AbortSignal): Promise<Answer> {
    return (await this.send(path, { query, again: true, signal })).json() as Promise<Answer>
  }

  /** Returns everything of a list, asked for page by page. */
  async all<Item>(path: string, query: Query = {}): Promise<Item[]> {
    const items: Item[] = []
    let after: string | null | undefined
    do {
      const page: { items: Item[]; next?: string | null } = await this.get(path, { ...query, limit: 1000, after })
      items.push(...page.items)
      after = page.next
    } while (after)
    return items
  }

  /** Returns a file, bit by bit. */
  async stream(path: string, query?: Query, signal?: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const answer = await this.send(path, { query, again: true, patient: true, streamed: true, signal })
    return answer.body ?? new Blob().stream()
  }

  /** Asks for something to be done, once however often it has to be sent. */
  async post<Answer = undefined>(path: string, json: object = {}, request: Request = {}): Promise<Answer> {
    const headers = { 'Idempotency-Key': crypto.randomUUID(), ...request.headers }
    const answer = await this.send(path, { ...request, method: 'POST', json, headers, again: true })
    return (answer.status === 204 ? undefined : await answer.json()) as Answer
  }

  /** Sends a request. */
  async send(path: string, request: Request = {}): Promise<Response> {
    for (let failures = 1; ; failures += 1) {
      request.signal?.throwIfAborted()
      const error = await this.attempt(path, request)
      if (error instanceof Response) return error
      if (!request.again || !error.passing || failures >= this.retries.attempts) throw error
      await sleep(pauseAfter(failures, this.retries, error.retryAfter), request.signal)
    }
  }

  private async attempt(path: string, request: Request): Promise<Response | CellblockError> {
    const headers = new Headers(request.headers)
    if (this.token) headers.set('Authorization', `Bearer ${this.token}`)
    if (request.json) headers.set('Content-Type', 'application/json')
    const late = request.patient ? [] : [AbortSignal.timeout(this.timeout)]
    const signal = AbortSignal.any([...late, ...(request.signal ? [request.signal] : [])])
    try {
      const answer = await fetch(this.address(path, request.query), {
        method: request.method ?? 'GET',
        headers,
        body: request.json ? JSON.stringify(request.json) : (request.body ?? null),
        signal,
      })
      if (!answer.ok) return await CellblockError.of(answer)
      if (request.streamed || answer.status === 204) return answer
      // A line that breaks in the middle of an answer is found out here, where it may be asked for again.
      return new Response(await answer.arrayBuffer(), { status: answer.status, headers: answer.headers })
    } catch (error) {
      request.signal?.throwIfAborted()
      return CellblockError.unreachable(error)
    }
  }

  /** Returns the whole address of a path that the service gave, or of one below its API. */
  address(path: string, query: Query = {}): URL {
    const address = new URL(`${this.base}${path.startsWith('/api/') ? '' : '/api/v1'}${path}`)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) address.searchParams.set(name, String(value))
    }
    return address
  }
}
