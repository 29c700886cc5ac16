// JupyterLab in one click: a real one, on our kernels, that reaches our project and nothing of this page.

import { expect, test } from '@playwright/test'
import { enter } from './service'

test('JupyterLab is started, works on the files of the project, and is stopped', async ({ page, context }) => {
  test.setTimeout(300_000)
  const slow = { timeout: 240_000 }
  const name = `lab ${Date.now()}`
  await enter(page)
  await page.getByRole('link', { name: 'Environments' }).click()
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Make environment' }).click()
  const card = page.getByRole('article', { name })
  await card.getByRole('button', { name: 'Start JupyterLab' }).click()
  const [lab] = await Promise.all([context.waitForEvent('page', slow), card.getByRole('link', { name: 'Open in JupyterLab' }).click(slow)])
  const refused: string[] = []
  // What is asked for below is refused, and is to be.
  lab.on('console', (message) => message.text().includes('Content Security Policy') && !message.text().includes('/api/v1/sessions') && refused.push(message.text()))

  const within = { timeout: 60_000 }
  await expect(lab.locator('.jp-Launcher')).toBeVisible(within)
  expect(new URL(lab.url()).hostname).toBe('lab.localhost')
  expect(lab.url()).not.toContain('token')
  // Nothing of the notebook's page is to be had from here.
  expect(await lab.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('cellblock')))).toEqual([])
  const { hostname } = new URL(page.url())
  const asked = await lab.evaluate((address) => fetch(address).then(() => 'answered', () => 'refused'), `http://${hostname}:${new URL(page.url()).port}/api/v1/sessions`)
  expect(asked).toBe('refused')

  await lab.locator('.jp-LauncherCard[data-category="Notebook"]').first().click(within)
  const cell = lab.locator('.jp-Notebook .jp-Cell').first()
  await expect(lab.getByText('| Idle')).toBeVisible(within)
  await cell.locator('.cm-content').click(within)
  await lab.keyboard.type('import matplotlib.pyplot as plt; plt.plot([1, 3, 2]); print(6 * 7)')
  await lab.keyboard.press('Control+Enter')
  await expect(cell.locator('.jp-OutputArea-output').getByText('42')).toBeVisible(within)
  await expect(cell.locator('.jp-OutputArea-output img')).toBeVisible(within)
  await lab.screenshot({ path: '../target/screenshots/jupyterlab.png' })
  await lab.keyboard.press('Control+s')
  await lab.getByRole('button', { name: 'Rename and Save' }).click(within)
  await expect(lab.locator('.jp-Document.jp-mod-dirty, .lm-TabBar-tab.jp-mod-dirty')).toHaveCount(0, within)
  await expect(lab.locator('.jp-DirListing-item').getByText('Untitled').first()).toBeVisible(within)
  await expect(lab.getByText('official Jupyter news')).toHaveCount(0)
  expect(refused).toEqual([])
  await lab.close()

  await card.getByRole('button', { name: 'Stop' }).click()
  await expect(card.getByRole('button', { name: 'Start JupyterLab' })).toBeVisible(within)
  await card.getByRole('button', { name: `More for ${name}` }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('button', { name: 'Delete' }).last().click()
  await expect(card).toHaveCount(0)
})
