// The page for everybody: axe, keyboard, focus, small screens.

import { expect, test } from './guarded'
import { enter, make, service } from './service'
import { chooseProject, openTabs, put, serious, showPanels, tabs } from './shell'

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

test('axe finds nothing serious in files, dialogs, menus and consoles, light and dark', async ({ page }) => {
  test.slow()
  const api = await service()
  const { notebooks, project } = await make(api, ['dialogs'], ['import pandas as pd\ndf = pd.DataFrame({"n": range(9)})'])
  const id = notebooks[0]?.notebook_id ?? ''
  await put(project, { 'text.py': 'x = 1  # comment\n', 'table.csv': 'a,b\n1,2\n', 'picture.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'other.bin': '\0' })
  await api.post(`/api/v1/notebooks/${id}/execute`, { data: { which: 'all' } })
  await enter(page)
  await chooseProject(page, project)
  const look = async (name: string) => expect(await serious(page), name).toEqual([])
  for (const theme of ['light', 'dark']) {
    await page.evaluate((chosen) => localStorage.setItem('cellblock.settings', JSON.stringify({ theme: chosen })), theme)
    for (const path of ['text.py', 'table.csv', 'picture.svg', 'other.bin', 'missing.txt']) {
      await page.goto(`/edit/${project}/${path}`)
      await expect(page.locator('.view')).toBeVisible()
      await page.waitForLoadState('networkidle')
      await look(`${theme} ${path}`)
    }
    await page.goto('/nowhere')
    await look(`${theme} nowhere`)
    await page.goto(`/notebooks/${id}`)
    await expect(page.locator('.cell[data-cell]').first()).toBeVisible()
    await look(`${theme} notebook`)
    await tabs(page).last().click({ button: 'right' })
    await expect(page.getByRole('menu')).toBeVisible()
    await look(`${theme} menu`)
    await page.getByRole('menuitem', { name: 'Rename…' }).click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await look(`${theme} question`)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Commands, notebooks, files…' }).fill('keyboard')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
    await look(`${theme} shortcuts`)
    await page.keyboard.press('Escape')
    const panels = page.getByRole('complementary', { name: 'Panels' })
    if (!(await panels.isVisible())) await showPanels(page)
    await panels.getByRole('tab', { name: 'Variables' }).click()
    for (const name of ['Draw df as a chart', 'Open df as a table']) {
      await panels.getByRole('button', { name }).click()
      await expect(page.getByRole('dialog', { name: 'df' })).toBeVisible()
      await page.waitForLoadState('networkidle')
      await look(`${theme} ${name}`)
      await page.keyboard.press('Escape')
    }
  }
  const { id: session } = (await (await api.post('/api/v1/sessions', { data: { name: 'console' } })).json()) as { id: string }
  await api.post(`/api/v1/sessions/${session}/execute`, { data: { code: 'print(1)' } })
  await page.goto(`/sessions/${session}`)
  await expect(page.locator('.execution').first()).toBeVisible()
  await look('console')
  await page.evaluate(() => localStorage.removeItem('cellblock.token'))
  await page.goto('/')
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  await look('sign in')
})

test('Escape closes what is open, and the focus goes back to where it was', async ({ page }) => {
  const { project } = await make(await service(), ['focus'])
  await put(project, { 'file.txt': 'x' })
  await enter(page)
  await chooseProject(page, project)
  const file = page.getByRole('treeitem', { name: 'file.txt' })
  await page.keyboard.press('Alt+h')

  for (const name of ['Settings', 'Command palette', 'Keyboard shortcuts']) {
    const button = page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name })
    await button.focus()
    await page.keyboard.press('Enter')
    await expect(page.getByRole('dialog', { name })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(button, name).toBeFocused()
  }

  await file.focus()
  await page.keyboard.press('Shift+F10')
  await expect(page.getByRole('menu')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(file).toBeFocused()

  // From a menu into a dialog, and back to what the menu belongs to.
  await page.keyboard.press('Shift+F10')
  await page.getByRole('menuitem', { name: 'Rename…' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('textbox', { name: 'Name', exact: true })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(file).toBeFocused()
})

test('drawers of a small screen keep the focus, and give it back', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 })
  await enter(page)
  const opener = page.getByRole('button', { name: 'Show or hide the sidebar' })
  await opener.focus()
  await page.keyboard.press('Enter')
  const sidebar = page.getByRole('complementary', { name: 'Sidebar' })
  await expect(sidebar).toBeFocused()
  for (let press = 0; press < 12; press++) {
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('.sidebar') !== null)).toBe(true)
  }
  await page.keyboard.press('Escape')
  await expect(sidebar).toHaveCount(0)
  await expect(opener).toBeFocused()
})

test('Tab begins with a way past the views, and every stop can be seen', async ({ page }) => {
  await make(await service(), ['order'])
  await enter(page)
  await expect(page.getByRole('heading', { name: 'Recent notebooks' })).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused()
  const seen: string[] = []
  for (let press = 0; press < 25; press++) {
    await page.keyboard.press('Tab')
    const stop = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement
      const style = getComputedStyle(element)
      return { outlined: style.outlineStyle !== 'none' || element.getAttribute('role') === 'separator', name: element.outerHTML.slice(0, 120) }
    })
    expect(stop.outlined, stop.name).toBe(true)
    seen.push(stop.name)
  }
  expect(new Set(seen).size).toBeGreaterThan(15)
  await page.getByRole('link', { name: 'Skip to the content' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('#content')).toBeFocused()
})

test('who wants less motion gets none', async ({ page }) => {
  const api = await service()
  const { notebooks } = await make(api, ['still'], ['import time\ntime.sleep(20)'])
  const id = notebooks[0]?.notebook_id ?? ''
  await api.post(`/api/v1/notebooks/${id}/execute`, { data: { which: 'all' } })
  const turning = tabs(page).first().locator('.icon.running')
  const duration = () => turning.evaluate((element) => Number.parseFloat(getComputedStyle(element).animationDuration))
  await enter(page, `/notebooks/${id}`)
  // Control: without that wish it does turn.
  await expect(turning).toBeVisible()
  expect(await duration()).toBe(1)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  expect(await duration()).toBeLessThan(0.001)
  await api.post(`/api/v1/sessions/${((await (await api.get(`/api/v1/notebooks/${id}`)).json()) as { session_id: string }).session_id}/interrupt`)
})

test('how a cell ended is told to screen readers', async ({ page }) => {
  await openTabs(page, ['spoken'], ['20 + 22'])
  await page.locator('.cell[data-cell]').first().focus()
  await page.keyboard.press('Control+Enter')
  await expect(page.locator('p[aria-live="polite"]')).toHaveText('Cell 1: done. 42', { timeout: 30_000 })
})
