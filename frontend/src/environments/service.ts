// Environments, and the JupyterLab in each, as the service has them.

import { raw } from '@/api/client'
import { token } from '@/api/token'

export interface Environment {
  id: string
  name: string
  /** The image of its kernels. */
  image: string
  project_id: string
  created_at: string
}

export interface Lab {
  state: 'stopped' | 'installing' | 'starting' | 'running' | 'failed'
  /** What is being done, or why it failed and what to do. */
  message?: string
  /** Where its pages are, once it runs: a path of the service. */
  address?: string | null
  /** How often it was started again by itself. */
  restarts: number
  /** What of its confinement the machine does not hold. */
  warnings?: string[]
}

export interface EnvironmentPage {
  items: Environment[]
  next?: string | null
}

const BASE = '/api/v1/environments'

async function ask<T>(path: string, method = 'GET', body?: object): Promise<T> {
  const headers: HeadersInit = body === undefined ? {} : { 'Content-Type': 'application/json' }
  const answer = await raw(`${BASE}${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  return (answer.status === 204 ? undefined : await answer.json()) as T
}

export const listEnvironments = (after?: string) => ask<EnvironmentPage>(`?limit=100${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`)
export const makeEnvironment = (made: { name: string; image?: string; project_id?: string }) => ask<Environment>('', 'POST', made)
export const renameEnvironment = (id: string, name: string) => ask<Environment>(`/${id}`, 'PATCH', { name })
export const removeEnvironment = (id: string) => ask<void>(`/${id}`, 'DELETE')
export const lookAtLab = (id: string) => ask<Lab>(`/${id}/jupyter`)
export const startLab = (id: string, plugins: string[]) => ask<Lab>(`/${id}/jupyter/start`, 'POST', { plugins })
export const stopLab = (id: string) => ask<Lab>(`/${id}/jupyter/stop`, 'POST')

/** Returns the address at which the browser is let in; the service answers with one that has no token in it. */
export function entranceOf({ address }: Lab): string | undefined {
  return address?.startsWith('/env-') ? `${address}?token=${encodeURIComponent(token())}` : undefined
}
