// The service that the tests talk to, and notebooks made for them.

import type { Page } from '@playwright/test'
import { expect } from './guarded'

const given = new URL(process.env.CELLBLOCK_URL ?? 'http://127.0.0.1:8888/?token=')
export const token = given.searchParams.get('token') ?? ''
export const origin = given.origin

export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${origin}/api/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as T
}

export interface Made {
  notebook_id: string
  status: string
  session_id: string | null
  cells: { cell_id: string; source: string; cell_type: string; outputs: unknown[]; undone: boolean }[]
}

type NewCell = string | { source: string; cell_type: 'code' | 'markdown' | 'raw' }

export function makeNotebook(name: string, cells: NewCell[] = []): Promise<Made> {
  const written = cells.map((cell) => (typeof cell === 'string' ? { source: cell, cell_type: 'code' } : cell))
  return call<Made>('POST', '/notebooks', { name: `${name} ${Date.now()}`, cells: written })
}

export const look = (id: string) => call<Made>('GET', `/notebooks/${id}`)

export async function runAll(id: string): Promise<void> {
  await call('POST', `/notebooks/${id}/execute`, { which: 'all' })
  while ((await look(id)).status === 'running') await new Promise((resolve) => setTimeout(resolve, 200))
}

export async function open(page: Page, id: string): Promise<void> {
  await page.goto(`${origin}/notebooks/${id}?token=${token}`)
  await page.locator('.cell-list').waitFor()
}

export const cells = (page: Page) => page.locator('.cell[data-cell]')
export const cell = (page: Page, number: number) => page.locator(`.cell[data-cell][aria-posinset="${number}"]`)

/** Types into the editor that has the focus. */
export async function type(page: Page, text: string) {
  await expect(page.locator('.cm-focused')).toBeVisible()
  await page.keyboard.insertText(text)
}
