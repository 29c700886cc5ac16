// Environments, and the JupyterLab in each, as the service has them.

import { api, got, type Schemas } from '@/api/client'
import { token } from '@/api/token'

export type Environment = Schemas['Environment']
export type Lab = Schemas['LabView']

const at = (id: string) => ({ params: { path: { id } } })

export const listEnvironments = (after?: string) => got(api.GET('/api/v1/environments', { params: { query: { limit: 100, after } } }))
export const makeEnvironment = (made: Schemas['NewEnvironment']) => got(api.POST('/api/v1/environments', { body: made }))
export const renameEnvironment = (id: string, name: string) => got(api.PATCH('/api/v1/environments/{id}', { ...at(id), body: { name } }))
export const removeEnvironment = (id: string) => got(api.DELETE('/api/v1/environments/{id}', at(id)))
export const lookAtLab = (id: string) => got(api.GET('/api/v1/environments/{id}/jupyter', at(id)))
export const startLab = (id: string, start: Schemas['StartLab']) => got(api.POST('/api/v1/environments/{id}/jupyter/start', { ...at(id), body: start }))
export const stopLab = (id: string) => got(api.POST('/api/v1/environments/{id}/jupyter/stop', at(id)))

/** Returns the address at which the browser is let in; the service answers with one that has no token in it. */
export function entranceOf({ address }: Lab): string | undefined {
  return address?.startsWith('/env-') ? `${address}?token=${encodeURIComponent(token())}` : undefined
}
