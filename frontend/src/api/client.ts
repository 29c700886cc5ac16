// Requests to the service, typed by its OpenAPI document.

import createClient, { type Middleware } from 'openapi-fetch'
import type { components, paths } from './schema'
import { problemOf, Refused, UNREACHABLE } from './problem'
import { token } from './token'

export type Schemas = components['schemas']

/** Sends at once: what waits for a turn waits behind what is drawn meanwhile. */
function authorized(request: Request): Promise<Response> {
  request.headers.set('Authorization', `Bearer ${token()}`)
  return fetch(request)
}

const refusals: Middleware = {
  async onResponse({ response }) {
    if (response.ok || response.status === 304) return response
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => null)
    throw new Refused(problemOf(response.status, body))
  },
  onError({ error }) {
    return error instanceof Refused ? error : new Refused(UNREACHABLE)
  },
}

/** The service. A refusal is thrown as `Refused`. */
export const api = createClient<paths>({ baseUrl: '', fetch: authorized })
api.use(refusals)

/** Returns what an answer holds; refusals have been thrown before. */
export async function got<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T
}

/** Sends a request that the document's types cannot express: bytes, files, progress. */
export async function raw(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('Authorization', `Bearer ${token()}`)
  const response = await fetch(path, { ...init, headers }).catch(() => {
    throw new Refused(UNREACHABLE)
  })
  if (!response.ok) throw new Refused(problemOf(response.status, await response.json().catch(() => null)))
  return response
}

/** Saves what an address answers with as a file of the user's. */
export async function download(path: string, name: string): Promise<void> {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await (await raw(path)).blob())
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
