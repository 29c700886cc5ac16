// The service under test, as the specs talk to it beside the page.

import { request, type APIRequestContext, type Page } from '@playwright/test'

const given = process.env.CELLBLOCK_URL
if (given === undefined) throw new Error('CELLBLOCK_URL is not set: the address with the token that the service prints')
export const address = new URL(given)
export const TOKEN = address.searchParams.get('token') ?? ''

export async function service(): Promise<APIRequestContext> {
  return request.newContext({ baseURL: address.origin, extraHTTPHeaders: { Authorization: `Bearer ${TOKEN}` } })
}

/** Opens the page as somebody who opens the printed address. */
export async function enter(page: Page, path = '/'): Promise<void> {
  const separator = path.includes('?') ? '&' : '?'
  await page.goto(`${path}${separator}token=${TOKEN}`)
}

export interface Made {
  notebook_id: string
  project_id: string
  name: string
  path: string
}

/** Makes a project and notebooks in it, of names that no other run has. */
export async function make(api: APIRequestContext, names: string[], cells: string[] = []): Promise<{ project: string; notebooks: Made[] }> {
  const run = Date.now().toString(36)
  const project = (await (await api.post('/api/v1/projects', { data: { name: `project ${run}` } })).json()) as { id: string }
  const notebooks: Made[] = []
  for (const name of names) {
    const data = { name: `${name} ${run}`, project_id: project.id, cells: cells.map((source) => ({ cell_type: 'code', source })) }
    notebooks.push((await (await api.post('/api/v1/notebooks', { data })).json()) as Made)
  }
  return { project: project.id, notebooks }
}
