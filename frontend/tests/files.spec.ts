// The file browser: uploads, folders, dragging, editing.

import type { Locator } from '@playwright/test'
import { expect, test } from './guarded'
import { enter, make, service } from './service'
import { chooseProject, put, tabs } from './shell'

/** A folder that something is held above for a while opens by itself; otherwise it is opened here. */
async function expectInside(file: Locator, folder: Locator): Promise<void> {
  await expect(async () => {
    if ((await folder.getAttribute('aria-expanded')) !== 'true') await folder.click()
    await expect(file).toHaveAttribute('aria-level', '2', { timeout: 1000 })
  }).toPass()
}

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

const NOTEBOOK = JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [{ id: 'a', cell_type: 'code', source: 'x = 1', metadata: {}, outputs: [], execution_count: null }] })

test('a notebook among the files is opened where it lies, and its tab stays when it is renamed, moved and moved with its folder', async ({ page }) => {
  const api = await service()
  const { project } = await make(api, [])
  await put(project, { 'deep/er/lies.ipynb': NOTEBOOK, 'deep/note.txt': 'a' })
  await enter(page)
  await chooseProject(page, project)
  for (const name of ['deep', 'er', 'lies.ipynb']) await page.getByRole('treeitem', { name }).click()
  await expect(tabs(page).first()).toContainText('lies')
  const address = page.url()
  // No copy was made, and it is the same one the next time.
  const there = async () => ((await (await api.get(`/api/v1/notebooks?project_id=${project}`)).json()) as { items: { path: string }[] }).items.map(({ path }) => path)
  expect(await there()).toEqual(['deep/er/lies.ipynb'])
  await page.locator('.cell[data-cell]').first().focus()
  await page.keyboard.press('Control+Enter')
  await expect(page.locator('.cell[data-cell]').first()).toContainText('[1]', { timeout: 30_000 })

  const rename = async (row: string, name: string) => {
    await page.getByRole('treeitem', { name: row }).click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Rename…' }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
    await page.keyboard.press('Enter')
    await expect(page.getByRole('treeitem', { name })).toBeVisible()
  }
  await rename('lies.ipynb', 'stands.ipynb')
  await expect(tabs(page).first()).toContainText('stands')
  // With the folder goes the notebook, with its session and its tab.
  await rename('deep', 'shallow')
  await expect.poll(there).toEqual(['shallow/er/stands.ipynb'])
  expect(page.url()).toBe(address)
  await page.locator('.cell[data-cell]').first().focus()
  await page.keyboard.press('Control+Enter')
  await expect(page.locator('.cell[data-cell]').first()).toContainText('[2]')
  const files = async (folder: string) => ((await (await api.get(`/api/v1/projects/${project}/files${folder}?list=true`)).json()) as { items: { name: string }[] }).items.map(({ name }) => name)
  expect(await files('')).toEqual(['shallow'])
  expect(await files('/shallow')).toEqual(['er', 'note.txt'])

  await page.getByRole('treeitem', { name: 'shallow' }).focus()
  await page.keyboard.press('Delete')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(tabs(page)).toHaveCount(0)
  expect(await there()).toEqual([])
})

test('an open notebook shows what an upload put in its place', async ({ page }) => {
  const { project } = await make(await service(), [])
  await put(project, { 'twice.ipynb': NOTEBOOK })
  await enter(page)
  await chooseProject(page, project)
  await page.getByRole('treeitem', { name: 'twice.ipynb' }).click()
  await expect(page.locator('.cell[data-cell]')).toContainText('x = 1')
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Upload files' }).click()
  await (await chooser).setFiles({ name: 'twice.ipynb', mimeType: 'application/json', buffer: Buffer.from(NOTEBOOK.replace('x = 1', 'x = 2')) })
  await page.getByRole('dialog').getByRole('button', { name: 'Replace' }).click()
  await expect(page.locator('.cell[data-cell]')).toContainText('x = 2')
  await expect(tabs(page)).toHaveCount(1)
})

test('what is no notebook says so when it is opened, and can be mended as the text that it is', async ({ page }) => {
  const { project } = await make(await service(), [])
  await put(project, { 'broken.ipynb': '{"cells": [' })
  await enter(page)
  await chooseProject(page, project)
  const row = page.getByRole('treeitem', { name: 'broken.ipynb' })
  await row.click()
  await expect(page.getByRole('alert')).toContainText('cannot be read')
  await row.click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Open as text' }).click()
  const editor = page.getByRole('textbox', { name: 'Text of broken.ipynb' })
  await expect(editor).toContainText('{"cells": [')
  await editor.click()
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText(NOTEBOOK)
  await page.keyboard.press('Control+s')
  await expect(page.getByRole('status').filter({ hasText: 'is saved' })).toBeVisible()
  await row.click()
  await expect(page.locator('.cell[data-cell]')).toContainText('x = 1')
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
  await expectInside(page.getByRole('treeitem', { name: 'notes.txt' }), folder)
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

test('a file is carried into a folder by touch, and a finger that moves at once scrolls', async ({ browser }) => {
  const { project } = await make(await service(), [])
  await put(project, { 'folder/inside.txt': 'x', 'carried.txt': 'y' })
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, hasTouch: true })
  const page = await context.newPage()
  await enter(page)
  await page.getByRole('button', { name: 'Show or hide the sidebar' }).click()
  await chooseProject(page, project)
  const row = page.getByRole('treeitem', { name: 'carried.txt' })
  const folder = page.getByRole('treeitem', { name: 'folder' })
  const fingers = await context.newCDPSession(page)

  async function drag(rest: number): Promise<void> {
    const [from, to] = [await row.boundingBox(), await folder.boundingBox()]
    if (from === null || to === null) throw new Error('the files are not on the screen')
    await fingers.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: from.x + 50, y: from.y + 12 }] })
    await page.waitForTimeout(rest)
    for (let step = 1; step <= 8; step++) {
      await fingers.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [{ x: from.x + 50, y: from.y + 12 + ((to.y - from.y) * step) / 8 }] })
    }
    await fingers.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  }

  await drag(0)
  await page.waitForTimeout(500)
  await expect(row).toBeVisible()
  await drag(350)
  await expectInside(row, folder)
  await context.close()
})

test('an uploaded CSV is read by a notebook of the project', async ({ page }) => {
  const { project, notebooks } = await make(await service(), ['reads'], ['import pandas as pd\nint(pd.read_csv("cities.csv").people.sum())'])
  await enter(page)
  await chooseProject(page, project)
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Upload files' }).click()
  await (await chooser).setFiles({ name: 'cities.csv', mimeType: 'text/csv', buffer: Buffer.from('city,people\nBern,134591\nZug,31345\n') })
  await expect(page.getByRole('treeitem', { name: 'cities.csv' })).toBeVisible()
  await page.getByRole('treeitem', { name: notebooks[0]?.path }).click()
  await page.locator('.cell[data-cell]').first().focus()
  await page.keyboard.press('Control+Enter')
  await expect(page.locator('.cell[data-cell] .outputs').first()).toHaveText('165936', { timeout: 30_000 })
})

test('the tab of a renamed file goes with it, and unsaved text is asked about first', async ({ page }) => {
  const { project } = await make(await service(), [])
  await put(project, { 'before.txt': 'text' })
  await enter(page)
  await chooseProject(page, project)
  const rename = async (name: string, to: string) => {
    await page.getByRole('treeitem', { name }).focus()
    await page.keyboard.press('F2')
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(to)
    await page.keyboard.press('Enter')
  }
  await page.getByRole('treeitem', { name: 'before.txt' }).click()
  await expect(page.getByRole('textbox', { name: 'Text of before.txt' })).toBeVisible()
  await rename('before.txt', 'after.txt')
  const editor = page.getByRole('textbox', { name: 'Text of after.txt' })
  await expect(editor).toContainText('text')
  await expect(tabs(page)).toHaveCount(1)
  await editor.click()
  await page.keyboard.type('more ')
  await rename('after.txt', 'late.txt')
  await page.getByRole('dialog', { name: /without saving/ }).getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('treeitem', { name: 'after.txt' })).toBeVisible()
  await expect(editor).toContainText('more')
})
