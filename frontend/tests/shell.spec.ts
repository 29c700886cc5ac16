// The shell in a browser: tabs, files, palette, settings, panels, on a wide and on a narrow screen.

import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Locator, type Page } from '@playwright/test'
import { enter, make, service } from './service'

/** Opens notebooks in tabs, as links from the start page would. */
async function openTabs(page: Page, names: string[]): Promise<void> {
  const { notebooks } = await make(await service(), names)
  await enter(page)
  for (const [index, { notebook_id }] of notebooks.entries()) {
    await page.goto(`/notebooks/${notebook_id}`)
    await expect(tabs(page)).toHaveCount(index + 1)
  }
}

const tabs = (page: Page): Locator => page.getByRole('tablist', { name: 'Open tabs' }).getByRole('tab')

/** The names on the tabs, without what every run adds to them. */
const order = async (page: Page) => (await tabs(page).locator('.title').allTextContents()).map((name) => name.split(' ')[0]).join('')

async function showPanels(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'Show or hide the panels' }).click()
  return page.getByRole('complementary', { name: 'Panels' })
}

async function serious(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).exclude('iframe').analyze()
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}

async function chooseProject(page: Page, project: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Project' }).selectOption(project)
}

test('the printed address opens the page, and the token does not stay in it', async ({ page }) => {
  await enter(page)
  await expect(page.getByRole('heading', { name: 'Cellblock' })).toBeVisible()
  await expect(page).not.toHaveURL(/token/)
})

test('without a token the page asks for one, and says when it is refused', async ({ page }) => {
  await page.goto('/')
  await page.getByLabel('Token or address').fill('not-a-token')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toContainText('not accepted')
  await page.getByLabel('Token or address').fill(process.env.CELLBLOCK_URL ?? '')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading', { name: 'Recent notebooks' })).toBeVisible()
})

test('a new notebook opens in a tab, is renamed and duplicated there, and closed', async ({ page }) => {
  await enter(page)
  await page.locator('.hero').getByRole('button', { name: 'New notebook' }).click()
  await expect(page).toHaveURL(/\/notebooks\//)
  const name = `named ${Date.now()}`
  await tabs(page).first().click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Rename…' }).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await page.getByRole('button', { name: 'Rename', exact: true }).click()
  await expect(tabs(page).first()).toContainText(name)
  await tabs(page).first().click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Duplicate' }).click()
  await expect(tabs(page)).toHaveCount(2)
  await expect(tabs(page).nth(1)).toContainText(`${name} 2`)
  await tabs(page).nth(1).click({ button: 'middle' })
  await expect(tabs(page)).toHaveCount(1)
  await expect(tabs(page).first()).toHaveAttribute('aria-selected', 'true')
})

test('tabs are moved by mouse and by keyboard, and a reload keeps them', async ({ page }) => {
  await openTabs(page, ['A', 'B', 'C'])
  await expect.poll(() => order(page)).toBe('ABC')

  const [from, to] = [await tabs(page).nth(0).boundingBox(), await tabs(page).nth(2).boundingBox()]
  if (from === null || to === null) throw new Error('the tabs are not on the screen')
  await page.mouse.move(from.x + 30, from.y + 15)
  await page.mouse.down()
  await page.mouse.move(from.x + 60, from.y + 15, { steps: 5 })
  await page.mouse.move(to.x + to.width - 20, to.y + 15, { steps: 15 })
  await page.mouse.up()
  await expect.poll(() => order(page)).toBe('BCA')

  await tabs(page).nth(2).click()
  await page.keyboard.press('Alt+Shift+ArrowLeft')
  await expect.poll(() => order(page)).toBe('BAC')

  await page.reload()
  await expect(tabs(page)).toHaveCount(3)
  expect(await order(page)).toBe('BAC')
  await expect(tabs(page).nth(1)).toHaveAttribute('aria-selected', 'true')
})

test('keys go from tab to tab and close them', async ({ page }) => {
  await openTabs(page, ['A', 'B', 'C'])
  await page.keyboard.press('Alt+1')
  await expect(tabs(page).nth(0)).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Alt+PageUp')
  await expect(tabs(page).nth(2)).toHaveAttribute('aria-selected', 'true')
  await tabs(page).nth(2).focus()
  await page.keyboard.press('ArrowLeft')
  await expect(tabs(page).nth(1)).toBeFocused()
  await page.keyboard.press('Delete')
  await expect.poll(() => order(page)).toBe('AC')
  await page.keyboard.press('Alt+w')
  await expect.poll(() => order(page)).toBe('A')
})

test('the menu of a tab closes others, those to the right, and all', async ({ page }) => {
  await openTabs(page, ['A', 'B', 'C', 'D'])
  await tabs(page).nth(2).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Close to the right' }).click()
  await expect.poll(() => order(page)).toBe('ABC')
  await tabs(page).nth(1).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Close others' }).click()
  await expect.poll(() => order(page)).toBe('B')
  await tabs(page).nth(0).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Close all' }).click()
  await expect(tabs(page)).toHaveCount(0)
  await expect(page.getByRole('heading', { name: 'Recent notebooks' })).toBeVisible()
})

test('a CSV file is uploaded, shown, renamed, downloaded and deleted', async ({ page }) => {
  const { project } = await make(await service(), [])
  await enter(page)
  await chooseProject(page, project)
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Upload files' }).click()
  await (await chooser).setFiles({ name: 'cities.csv', mimeType: 'text/csv', buffer: Buffer.from('city,people\n"Bern, BE",134591\nZug,31345\n') })
  const row = page.getByRole('treeitem', { name: 'cities.csv' })
  await row.click()
  await expect(page.getByRole('cell', { name: 'Bern, BE' })).toBeVisible()
  await expect(page.getByRole('columnheader', { name: 'people' })).toBeVisible()

  await row.focus()
  await page.keyboard.press('F2')
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('towns.csv')
  await page.keyboard.press('Enter')
  const renamed = page.getByRole('treeitem', { name: 'towns.csv' })
  await expect(renamed).toBeVisible()
  await expect(row).toHaveCount(0)

  await renamed.click({ button: 'right' })
  const download = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Download' }).click()
  expect((await download).suggestedFilename()).toBe('towns.csv')

  await renamed.focus()
  await page.keyboard.press('Delete')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(renamed).toHaveCount(0)
})

test('a notebook that is dropped among the files opens where it lies, and is exported', async ({ page }) => {
  const { project } = await make(await service(), [])
  await enter(page)
  await chooseProject(page, project)
  await expect(page.getByText('No files yet')).toBeVisible()
  const text = JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [{ id: 'a', cell_type: 'code', source: 'x = 1', metadata: {}, outputs: [], execution_count: null }] })
  const transfer = await page.evaluateHandle((content) => {
    const data = new DataTransfer()
    data.items.add(new File([content], 'dropped.ipynb'))
    return data
  }, text)
  await page.locator('.tree').dispatchEvent('drop', { dataTransfer: transfer })
  await page.getByRole('treeitem', { name: 'dropped.ipynb' }).click()
  await expect(page).toHaveURL(/\/notebooks\//)
  await expect(tabs(page).first()).toContainText('dropped')
  await expect(page.getByRole('treeitem')).toHaveCount(1)
  await tabs(page).first().click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Export' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: /\.py/ }).click()
  expect((await download).suggestedFilename()).toBe('dropped.py')
})

test('a large file goes in pieces and arrives whole', async ({ page }) => {
  const api = await service()
  const { project } = await make(api, [])
  await enter(page)
  await chooseProject(page, project)
  const pieces: string[] = []
  page.on('request', (request) => request.method() === 'PATCH' && pieces.push(request.headers()['upload-offset'] ?? ''))
  const size = 10 * 1024 * 1024 + 7
  const content = Buffer.alloc(size, 'cellblock ')
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Upload files' }).click()
  await (await chooser).setFiles({ name: 'large.bin', mimeType: 'application/octet-stream', buffer: content })
  await expect(page.getByRole('treeitem', { name: 'large.bin' })).toBeVisible({ timeout: 30_000 })
  expect(pieces).toEqual(['0', '4194304', '8388608'])
  const stored = await (await api.get(`/api/v1/projects/${project}/files/large.bin`)).body()
  expect(stored.equals(content)).toBe(true)
})

test('folders are made, files are dragged into them, and a text is edited and saved', async ({ page }) => {
  const api = await service()
  const { project } = await make(api, [])
  await api.put(`/api/v1/projects/${project}/files/notes.txt`, { data: 'first\n', headers: { 'Content-Type': 'application/octet-stream' } })
  await enter(page)
  await chooseProject(page, project)
  await page.getByRole('button', { name: 'New folder' }).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('kept')
  await page.keyboard.press('Enter')
  const folder = page.getByRole('treeitem', { name: 'kept' })
  await page.getByRole('treeitem', { name: 'notes.txt' }).hover()
  await page.mouse.down()
  // The browser tells of dragging over something with the second move there.
  await folder.hover()
  await folder.hover({ position: { x: 40, y: 12 } })
  await page.mouse.up()
  await expect(page.getByRole('treeitem', { name: 'notes.txt' })).toHaveCount(0)
  await folder.click()
  await page.getByRole('treeitem', { name: 'notes.txt' }).click()
  const editor = page.getByRole('textbox', { name: 'Text of notes.txt' })
  await editor.click()
  await page.keyboard.press('Control+End')
  await page.keyboard.type('second')
  await expect(tabs(page).first()).toContainText('not saved yet')
  // Kept as it is while another tab is shown.
  await page.keyboard.press('Alt+h')
  await expect(page.getByRole('heading', { name: 'Recent notebooks' })).toBeVisible()
  await page.keyboard.press('Alt+1')
  await expect(editor).toContainText('second')
  await page.keyboard.press('Alt+w')
  await page.getByRole('dialog', { name: /without saving/ }).getByRole('button', { name: 'Cancel' }).click()
  await editor.click()
  await page.keyboard.press('Control+s')
  await expect(page.getByRole('status').filter({ hasText: 'is saved' })).toBeVisible()
  expect(await (await api.get(`/api/v1/projects/${project}/files/kept/notes.txt`)).text()).toBe('first\nsecond')
})

test('the palette finds commands and notebooks', async ({ page }) => {
  const { notebooks } = await make(await service(), ['palette'])
  await enter(page)
  await expect(page.getByRole('heading', { name: 'Recent notebooks' })).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Commands, notebooks, files…' }).fill(notebooks[0]?.name ?? '')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(new RegExp(notebooks[0]?.notebook_id ?? '-'))
  await page.keyboard.press('Control+Shift+P')
  await page.getByRole('combobox', { name: 'Commands, notebooks, files…' }).fill('keyb short')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
})

test('language and theme are set, and stay', async ({ page }) => {
  await enter(page)
  await page.keyboard.press('Control+,')
  await page.getByLabel('Theme').selectOption('dark')
  await page.getByLabel('Language').selectOption('zh-CN')
  await expect(page.getByRole('dialog', { name: '设置' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.reload()
  await expect(page.getByRole('heading', { name: '最近的笔记本' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  expect(await serious(page)).toEqual([])
})

test('a refusal says what was wrong and what to do', async ({ page }) => {
  const { project } = await make(await service(), [])
  await enter(page)
  await chooseProject(page, project)
  await page.getByRole('button', { name: 'New folder' }).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('../outside')
  await page.keyboard.press('Enter')
  const toast = page.getByRole('alert')
  await expect(toast).toContainText(/Code \d+/)
  await expect(toast.getByRole('button', { name: 'Try again' })).toBeVisible()
})

test('the banner says that the service is away, and goes by itself', async ({ page, context }) => {
  await enter(page)
  await expect(page.getByRole('heading', { name: 'Recent notebooks' })).toBeVisible()
  await context.setOffline(true)
  const banner = page.getByRole('status').filter({ hasText: 'Trying again' })
  await expect(banner).toBeVisible({ timeout: 15_000 })
  await context.setOffline(false)
  await expect(banner).toHaveCount(0, { timeout: 15_000 })
})

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
  await panels.getByRole('listitem').nth(1).getByRole('button', { name: /^What can be done/ }).click()
  await page.getByRole('menuitem', { name: 'Fork from here into a new tab' }).click()
  await expect(page).toHaveURL(/\/sessions\//)
  await page.getByRole('textbox', { name: /Python code/ }).fill('print(answer * 2)')
  await page.keyboard.press('Shift+Enter')
  await expect(page.locator('.execution .text').last()).toHaveText('82', { timeout: 20_000 })
})

test('at 360 px everything is in reach and nothing is cut off', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 })
  const { notebooks } = await make(await service(), ['narrow'])
  await enter(page)
  await expect(page.getByRole('heading', { name: 'Recent notebooks' })).toBeVisible()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
  expect(await serious(page)).toEqual([])
  await page.getByRole('button', { name: 'Show or hide the sidebar' }).click()
  const sidebar = page.getByRole('complementary', { name: 'Sidebar' })
  await sidebar.getByRole('button', { name: 'Notebooks' }).click()
  await sidebar.getByRole('link', { name: notebooks[0]?.name }).click()
  await expect(sidebar).toHaveCount(0)
  await expect(page).toHaveURL(/\/notebooks\//)
  await page.getByRole('button', { name: 'Show or hide the panels' }).click()
  await expect(page.getByRole('complementary', { name: 'Panels' })).toBeVisible()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)
})

test('axe finds nothing serious on the main views', async ({ page }) => {
  test.slow()
  const api = await service()
  const { notebooks, project } = await make(api, ['axe'], ['value = 1'])
  const id = notebooks[0]?.notebook_id ?? ''
  await api.post(`/api/v1/notebooks/${id}/execute`, { data: { which: 'all' } })
  await enter(page)
  await chooseProject(page, project)
  await expect(page.getByRole('treeitem').first()).toBeVisible()
  expect(await serious(page)).toEqual([])
  await page.goto(`/notebooks/${id}`)
  const panels = await showPanels(page)
  for (const name of ['Variables', 'Session', 'History', 'Queue', 'Log']) {
    await panels.getByRole('tab', { name }).click()
    await page.waitForLoadState('networkidle')
    expect(await serious(page), name).toEqual([])
  }
  await page.keyboard.press('Control+k')
  expect(await serious(page), 'palette').toEqual([])
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+,')
  await expect(page.getByRole('dialog')).toBeVisible()
  expect(await serious(page), 'settings').toEqual([])
})

test('axe finds nothing serious on the pages of administrators', async ({ page }) => {
  test.slow()
  await enter(page)
  for (const section of ['users', 'keys', 'quotas', 'usage', 'audit', 'tenants']) {
    await page.goto(`/admin/${section}`)
    await expect(page.getByRole('navigation', { name: 'Administration' }).locator('[aria-current=page]')).toHaveAttribute('href', `/admin/${section}`)
    await page.waitForLoadState('networkidle')
    expect(await serious(page), section).toEqual([])
  }
})

test('keys are shown once and stop working when they are revoked', async ({ page }) => {
  await enter(page, '/admin/keys')
  const name = `key ${Date.now()}`
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await page.getByRole('button', { name: 'Make key' }).click()
  const secret = (await page.locator('.secret code').textContent()) ?? ''
  expect(secret).toMatch(/^cb_/)
  const me = () => page.evaluate(async (key) => (await fetch('/api/v1/users/me', { headers: { Authorization: `Bearer ${key}` } })).status, secret)
  expect(await me()).toBe(200)
  await page.reload()
  await expect(page.getByRole('row', { name })).toBeVisible()
  await expect(page.getByText(secret)).toHaveCount(0)
  await page.getByRole('row', { name }).getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await expect(page.getByRole('row', { name })).toHaveCount(0)
  expect(await me()).toBe(401)
})
