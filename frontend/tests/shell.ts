// What the specs of the shell share.

import AxeBuilder from '@axe-core/playwright'
import type { Locator, Page } from '@playwright/test'
import { expect } from './guarded'
import { enter, make, service } from './service'

/** Opens notebooks in tabs, as links from the start page would. */
export async function openTabs(page: Page, names: string[], cells: string[] = []): Promise<string[]> {
  const { notebooks } = await make(await service(), names, cells)
  await enter(page)
  for (const [index, { notebook_id }] of notebooks.entries()) {
    await page.goto(`/notebooks/${notebook_id}`)
    await expect(tabs(page)).toHaveCount(index + 1)
  }
  return notebooks.map(({ notebook_id }) => notebook_id)
}

export const tabs = (page: Page): Locator => page.getByRole('tablist', { name: 'Open tabs' }).getByRole('tab')

/** The names on the tabs, without what every run adds to them. */
export const order = async (page: Page) => (await tabs(page).locator('.title').allTextContents()).map((name) => name.split(' ')[0]).join('')

export async function showPanels(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'Show or hide the panels' }).click()
  return page.getByRole('complementary', { name: 'Panels' })
}

export async function chooseProject(page: Page, project: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Project' }).selectOption(project)
}

/** What axe finds that is serious. The frames of outputs hold what the code of users made. */
export async function serious(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).exclude('iframe').analyze()
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}

/** Puts text files into a project, without the page. */
export async function put(project: string, files: Record<string, string>): Promise<void> {
  const api = await service()
  for (const [path, data] of Object.entries(files)) {
    const answer = await api.put(`/api/v1/projects/${project}/files/${path}`, { data, headers: { 'Content-Type': 'application/octet-stream' } })
    expect(answer.ok(), path).toBe(true)
  }
}
