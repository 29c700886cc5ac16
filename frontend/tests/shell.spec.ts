// The shell in a browser: signing in, tabs, palette, settings, what it says when something is refused or away.

import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { expect, test } from './guarded'
import { enter, make, service } from './service'
import { chooseProject, openTabs, order, serious, tabs } from './shell'

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

test('a new notebook lies beside the one that is shown, and the files are those of its project', async ({ page }) => {
  const api = await service()
  const [id = ''] = await openTabs(page, ['beside'])
  const shown = (await (await api.get(`/api/v1/notebooks/${id}`)).json()) as { project_id: string }
  await expect(page.getByRole('combobox', { name: 'Project' })).toHaveValue(shown.project_id)
  await page.getByRole('button', { name: 'New notebook' }).last().click()
  await expect(tabs(page)).toHaveCount(2)
  await expect(page.getByRole('treeitem', { name: 'Untitled.ipynb' })).toBeVisible()
  // Another tab may be of another project.
  const { notebooks, project } = await make(api, ['elsewhere'])
  await page.goto(`/notebooks/${notebooks[0]?.notebook_id}`)
  await expect(page.getByRole('combobox', { name: 'Project' })).toHaveValue(project)
  await page.keyboard.press('Alt+1')
  await expect(page.getByRole('combobox', { name: 'Project' })).toHaveValue(shown.project_id)
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

test('refusals are in the language of the page', async ({ page }) => {
  const { project } = await make(await service(), [])
  await enter(page)
  await page.evaluate(() => localStorage.setItem('cellblock.settings', JSON.stringify({ language: 'zh-CN' })))
  await page.reload()
  await page.getByRole('combobox', { name: '项目' }).selectOption(project)
  await page.getByRole('button', { name: '新建文件夹' }).click()
  await page.getByRole('textbox', { name: '名称', exact: true }).fill('back\\slash')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toContainText('不允许这个路径')
  await expect(page.getByRole('alert').getByRole('button', { name: '重试' })).toBeVisible()
})

test('the menu of a tab forks the session, and exports in every format', async ({ page }) => {
  const [id] = await openTabs(page, ['exported'], ['value = 20 + 1'])
  const tab = tabs(page).first()
  await tab.click({ button: 'right' })
  await expect(page.getByRole('menuitem', { name: 'Fork the session' })).toBeDisabled()
  await page.keyboard.press('Escape')
  await (await service()).post(`/api/v1/notebooks/${id}/execute`, { data: { which: 'all' } })
  await expect(tab.locator('.icon.running')).toHaveCount(0)

  for (const ending of ['ipynb', 'py', 'md', 'html', 'pdf']) {
    await tab.click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Export' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: `.${ending})` }).click()
    const file = await download
    expect(file.suggestedFilename()).toMatch(new RegExp(`^exported.*\\.${ending}$`))
    const content = await readFile(await file.path())
    if (ending === 'pdf') expect(content.subarray(0, 5).toString()).toBe('%PDF-')
    else expect(content.toString()).toContain(ending === 'html' ? 'value' : 'value = 20 + 1')
  }

  await tab.click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Fork the session' }).click()
  await expect(tabs(page)).toHaveCount(2)
  await expect(tabs(page).nth(1)).toHaveAttribute('aria-selected', 'true')
  await expect(tabs(page).nth(1)).toContainText(/^exported .* \(fork\)/)
  const cell = page.locator('.cell[data-cell]')
  await expect(cell).toHaveCount(1)
  await cell.locator('.source').click()
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText('value * 2')
  await page.keyboard.press('Control+Enter')
  await expect(cell.locator('.outputs')).toHaveText('42', { timeout: 20_000 })
})

test('a session without a notebook is forked as the session that it is', async ({ page }) => {
  const api = await service()
  const session = (await (await api.post('/api/v1/sessions', { data: { name: `alone ${Date.now()}` } })).json()) as { id: string }
  await api.post(`/api/v1/sessions/${session.id}/execute`, { data: { code: 'value = 21' } })
  await enter(page, `/sessions/${session.id}`)
  await page.getByRole('main').getByRole('button', { name: 'Fork the session' }).click()
  await expect(tabs(page)).toHaveCount(2)
  await expect(page).not.toHaveURL(new RegExp(session.id))
  await page.getByRole('textbox', { name: /Python code/ }).fill('print(value * 2)')
  await page.keyboard.press('Shift+Enter')
  await expect(page.locator('.execution .outputs').last()).toHaveText('42', { timeout: 20_000 })
})

test('the title of the page follows the tab, and the language of the page the settings', async ({ page }) => {
  await openTabs(page, ['A', 'B'])
  await expect(page).toHaveTitle(/^B .* – Cellblock$/)
  await page.keyboard.press('Alt+1')
  await expect(page).toHaveTitle(/^A .* – Cellblock$/)
  await page.keyboard.press('Alt+h')
  await expect(page).toHaveTitle('Cellblock')
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await page.getByRole('button', { name: /Switch the language|English/ }).click()
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN')
})

test('another try after a refusal does all that the first would have', async ({ page }) => {
  await enter(page)
  await expect(page.getByRole('heading', { name: 'Recent notebooks' })).toBeVisible()
  await page.route('**/api/v1/notebooks', (route) => (route.request().method() === 'POST' ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ status: 503, code: 50103, message: 'The database is busy.', solution: 'Try again.' }) }) : route.fallback()))
  await page.locator('.hero').getByRole('button', { name: 'New notebook' }).click()
  const toast = page.getByRole('alert')
  await expect(toast).toContainText('The database is busy.')
  await page.unroute('**/api/v1/notebooks')
  await toast.getByRole('button', { name: 'Try again' }).click()
  await expect(page).toHaveURL(/\/notebooks\//)
})

test('the first load of the shell is at most 250 kB', async ({ page }) => {
  const loaded = new Map<string, number>()
  page.on('response', async (response) => {
    if (/\.(js|css)$/.test(new URL(response.url()).pathname)) loaded.set(response.url(), gzipSync(await response.body()).length)
  })
  await enter(page)
  await expect(page.getByRole('heading', { name: 'Recent notebooks' })).toBeVisible()
  await page.waitForLoadState('networkidle')
  const sizes = [...loaded.values()]
  // The page is built, and all of it was counted.
  expect(sizes.length).toBeGreaterThan(3)
  const sum = sizes.reduce((one, other) => one + other, 0)
  expect(sum).toBeGreaterThan(50_000)
  expect(sum).toBeLessThanOrEqual(250_000)
})
