// The panels beside a notebook.

import { expect, test } from './guarded'
import { enter, make, service } from './service'
import { showPanels } from './shell'

test('the panels show variables, the session, the queue and a history that can be gone back in', async ({ page }) => {
  const api = await service()
  const { notebooks } = await make(api, ['panels'], ['import pandas as pd\ndf = pd.DataFrame({"n": range(250)})\nanswer = 41', 'answer = 42\nextra = 1'])
  const id = notebooks[0]?.notebook_id ?? ''
  await api.post(`/api/v1/notebooks/${id}/execute`, { data: { which: 'all' } })
  await enter(page, `/notebooks/${id}`)
  const panels = await showPanels(page)
  await expect(panels.locator('.variable').filter({ hasText: 'answer' })).toContainText('42', { timeout: 20_000 })

  await panels.getByRole('button', { name: 'Open df as a table' }).click()
  await expect(page.getByRole('dialog', { name: 'df' })).toContainText('250')
  await page.keyboard.press('Escape')

  await panels.getByRole('tab', { name: 'Queue' }).click()
  await expect(panels).toContainText('answer = 42')
  await panels.getByRole('tab', { name: 'Session' }).click()
  await expect(panels).toContainText('Used of what is allowed')

  await panels.getByRole('tab', { name: 'History' }).click()
  const states = panels.getByRole('listitem')
  await expect(states).toHaveCount(2)
  await states.nth(0).getByRole('button', { name: /^What can be done/ }).click()
  await page.getByRole('menuitem', { name: 'Compare with…' }).click()
  await states.nth(1).getByRole('button', { name: 'Compare', exact: true }).click()
  const difference = page.getByRole('region', { name: 'Differences of the variables' })
  await expect(difference).toContainText('extra')
  await expect(difference).toContainText('answer')
  await difference.getByRole('button', { name: 'Close' }).click()

  await states.nth(0).getByRole('button', { name: /^What can be done/ }).click()
  await page.getByRole('menuitem', { name: 'Restore to before this cell' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click()
  await panels.getByRole('tab', { name: 'Variables' }).click()
  await expect(panels.locator('.variable').filter({ hasText: 'answer' })).toContainText('41')
  await expect(panels.locator('.variable').filter({ hasText: 'extra' })).toHaveCount(0)

  await panels.getByRole('tab', { name: 'History' }).click()
  // What was gone back from is still there, and told apart.
  await expect(panels.getByRole('listitem').nth(0)).toContainText('before the undo')
  await expect(panels.getByRole('listitem').nth(1)).not.toContainText('before the undo')
  await panels.getByRole('listitem').nth(1).getByRole('button', { name: /^What can be done/ }).click()
  await page.getByRole('menuitem', { name: 'Fork from here into a new tab' }).click()
  await expect(page).not.toHaveURL(new RegExp(id))
  await expect(page).toHaveURL(/\/notebooks\//)
  const { path } = (await (await api.get(`/api/v1/notebooks/${page.url().split('/').at(-1)}`)).json()) as { path: string }
  await expect(page.getByRole('treeitem', { name: path })).toBeVisible()
  await expect(page.getByRole('tab', { name: path.replace('.ipynb', '') })).toBeVisible()
  // The cells came with it; the variables are those of the first one.
  await expect(page.locator('.cell[data-cell]')).toHaveCount(2)
  await page.locator('.cell[data-cell]').nth(1).locator('.source').click()
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText('print(answer * 2, "extra" in globals())')
  await page.keyboard.press('Control+Enter')
  await expect(page.locator('.cell[data-cell]').nth(1).locator('.outputs')).toHaveText('82 False', { timeout: 20_000 })
  // What it came from is as it was.
  const { cells } = (await (await api.get(`/api/v1/notebooks/${id}`)).json()) as { cells: { source: string }[] }
  expect(cells[1]?.source).toBe('answer = 42\nextra = 1')
})

test('a table is drawn, the log has what ran before it was opened, a state gets a name', async ({ page }) => {
  const api = await service()
  const { notebooks } = await make(api, ['charts'], ['import pandas as pd\ndf = pd.DataFrame({"city": ["a", "b", "c"], "people": [1, 4, 9]})', '1 / 0'])
  const id = notebooks[0]?.notebook_id ?? ''
  await api.post(`/api/v1/notebooks/${id}/execute`, { data: { which: 'all' } })
  await enter(page, `/notebooks/${id}`)
  const panels = await showPanels(page)

  await panels.getByRole('button', { name: 'Draw df as a chart' }).click({ timeout: 20_000 })
  const dialog = page.getByRole('dialog', { name: 'df' })
  await expect(dialog.getByRole('img', { name: 'The values of people in their order' })).toBeVisible()
  await expect(dialog).toContainText('3 values, 0 missing; least 1, mean 4.667, largest 9')
  // Words cannot be drawn.
  await expect(dialog.getByLabel('Column').locator('option')).toHaveText(['people'])
  await dialog.getByLabel('Chart').selectOption('histogram')
  await expect(dialog.locator('rect.bar')).toHaveCount(30)
  await page.keyboard.press('Escape')

  await panels.getByRole('tab', { name: 'Log' }).click()
  await expect(panels).toContainText('A cell ended with an error: ZeroDivisionError')
  await panels.getByLabel('Only warnings and errors').check()
  await expect(panels.getByRole('listitem')).toHaveCount(1)

  await panels.getByRole('tab', { name: 'Session' }).click()
  await expect(panels.getByRole('meter', { name: 'Memory' })).toHaveAttribute('aria-valuenow', /^[1-9]/)
  const graph = panels.getByRole('img', { name: 'Memory over the last minutes' }).locator('polyline')
  const points = async () => (await graph.getAttribute('points'))?.split(' ').length ?? 0
  const before = await points()
  await expect.poll(points, { timeout: 15_000 }).toBeGreaterThan(before)

  await panels.getByRole('tab', { name: 'History' }).click()
  await panels.getByRole('button', { name: 'Label this state' }).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('before lunch')
  await page.keyboard.press('Enter')
  await expect(panels.getByRole('listitem').first()).toContainText('before lunch')
})
