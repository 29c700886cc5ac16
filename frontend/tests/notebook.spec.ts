// A notebook in a real browser: what a person does with it.

import { expect, test } from './guarded'
import { call, cell, cells, look, makeNotebook, open, runAll, type } from './notebooks'

test('code is typed, run, and its result shown', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Run')
  await open(page, id)
  await page.getByRole('button', { name: 'Add code' }).first().click()
  await type(page, 'x = 20\nx + 22')
  await page.keyboard.press('Shift+Enter')
  await expect(cell(page, 1).locator('.outputs')).toHaveText('42')
  await expect(cell(page, 1)).toContainText('[1]')
  // The next cell is there and has the focus.
  await type(page, 'print(x)')
  await page.keyboard.press('Control+Enter')
  await expect(cell(page, 2).locator('.outputs')).toHaveText('20')
  await expect(page.getByText('Saved')).toBeVisible()
  expect((await look(id)).cells.map(({ source }) => source)).toEqual(['x = 20\nx + 22', 'print(x)'])
})

test('code is completed with what the session knows', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Complete', ['import collections\nthing = collections.OrderedDict()', 'thing.move_to'])
  await runAll(id)
  await open(page, id)
  await cell(page, 2).locator('.source').click()
  await page.keyboard.press('End')
  await page.keyboard.press('Tab')
  await expect(page.locator('.cm-tooltip-autocomplete')).toContainText('move_to_end')
  // What has only just appeared is not accepted: Enter may have been meant for the text.
  await page.waitForTimeout(150)
  await page.keyboard.press('Enter')
  await expect(cell(page, 2).locator('.cm-content')).toHaveText('thing.move_to_end')
  await page.keyboard.press('Shift+Tab')
  await expect(page.locator('.documentation')).toContainText('Move an existing element')
})

test('a cell is interrupted, and what it printed stays', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Interrupt', ['print("begun")\nwhile True: pass'])
  await open(page, id)
  await cell(page, 1).focus()
  await page.keyboard.press('Control+Enter')
  await expect(cell(page, 1).locator('.outputs')).toContainText('begun')
  await expect(cell(page, 1)).toContainText('[*]')
  await page.keyboard.press('i')
  await page.keyboard.press('i')
  await expect(cell(page, 1).locator('.outputs')).toContainText('KeyboardInterrupt')
  await expect(cell(page, 1).locator('.outputs')).toContainText('begun')
})

test('cells run in the order in which they were asked to, also while one is still being saved', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Order', ['n = 1', 'n += 1', 'n * 10'])
  await open(page, id)
  // A line on which what is written arrives late.
  await page.route('**/cells/*', async (route) => {
    if (route.request().method() === 'PATCH') await new Promise((resolve) => setTimeout(resolve, 700))
    await route.continue()
  })
  await cell(page, 1).locator('.source').click()
  await expect(cell(page, 1).locator('.cm-focused')).toBeVisible()
  await page.keyboard.press('End')
  await page.keyboard.insertText('00')
  for (let times = 0; times < 3; times += 1) await page.keyboard.press('Shift+Enter')
  await expect(cell(page, 3).locator('.outputs')).toHaveText('1010', { timeout: 30_000 })
  await expect(cell(page, 1)).toContainText('[1]')
})

test('what is typed before the editor is there waits for it, and is no command', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Ahead', ['n = 1', 'n += 1', 'n * 10'])
  let arrive = () => undefined as void
  const late = new Promise<void>((resolve) => (arrive = resolve))
  await page.route(/CodeEditor/, async (route) => {
    await late
    await route.continue()
  })
  await open(page, id)
  await cell(page, 1).locator('.source').click()
  // As commands these go to the last cell and cut it.
  for (const key of ['End', '0', 'x', 'Backspace', 'Shift+Enter', 'Shift+Enter', 'Shift+Enter']) await page.keyboard.press(key)
  await expect(page.locator('.cm-editor')).toHaveCount(0)
  arrive()
  await expect(cell(page, 3).locator('.outputs')).toHaveText('110', { timeout: 30_000 })
  expect((await look(id)).cells.map(({ source }) => source)).toEqual(['n = 10', 'n += 1', 'n * 10', ''])
})

test('behind a run that is refused nothing runs; another try runs all of it in its order', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Refused', ['n = 1', 'n += 1', 'n * 10'])
  await open(page, id)
  let full = true
  const asked: string[] = []
  await page.route('**/execute', async (route) => {
    asked.push((route.request().postDataJSON() as { cell_id: string }).cell_id)
    if (!full) return route.continue()
    // Late enough for the others to be asked for meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 500))
    await route.fulfill({ status: 429, contentType: 'application/problem+json', body: JSON.stringify({ title: 'Full', code: 1, message: 'The queue is full.', solution: 'Wait.' }) })
  })
  await cell(page, 1).focus()
  for (let times = 0; times < 3; times += 1) await page.keyboard.press('Shift+Enter')
  await expect(page.getByText('The queue is full.')).toBeVisible()
  for (const number of [2, 3]) await expect(cell(page, number).getByRole('note')).toContainText('This cell was not run')
  await expect(cell(page, 1).getByRole('note')).toHaveCount(0)
  expect(asked).toHaveLength(1)
  full = false
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(cell(page, 3).locator('.outputs')).toHaveText('20', { timeout: 30_000 })
  await expect(page.getByRole('note')).toHaveCount(0)
  expect(asked).toHaveLength(4)
})

test('a cell that is run leaves no completions behind', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Popup', [''])
  await open(page, id)
  await page.route('**/complete', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 400))
    await route.continue()
  })
  await cell(page, 1).locator('.source').click()
  await expect(page.locator('.cm-focused')).toBeVisible()
  const asked = page.waitForRequest('**/complete')
  await page.keyboard.type('pri')
  await asked
  const answered = page.waitForResponse('**/complete')
  await page.keyboard.press('Control+Enter')
  await answered
  await expect(cell(page, 1)).toContainText('[1]', { timeout: 30_000 })
  await expect(page.locator('.cm-tooltip-autocomplete')).toHaveCount(0)
})

test('a cell is called by its place and by how many there are, also while it is written in', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Label', [''])
  await open(page, id)
  await expect(page.getByRole('textbox', { name: 'Code cell 1 of 1' })).toBeFocused()
  await page.getByRole('button', { name: 'Add code' }).first().click()
  await expect(page.getByRole('textbox', { name: 'Code cell 2 of 2' })).toBeFocused()
  await cell(page, 1).locator('.source').click()
  await expect(page.getByRole('textbox', { name: 'Code cell 1 of 2' })).toBeFocused()
})

test('the execution of a cell is undone: variables come back', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Undo', ['n = 1', 'n += 1\nn', 'n'])
  await open(page, id)
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByRole('menuitem', { name: 'Run all', exact: true }).click()
  await expect(cell(page, 3).locator('.outputs')).toHaveText('2')
  await cell(page, 2).hover()
  await cell(page, 2).getByRole('button', { name: 'Bring the variables back' }).click()
  await expect(cell(page, 2)).toContainText('Shows what was before the undo')
  await cell(page, 3).focus()
  await page.keyboard.press('Control+Enter')
  await expect(cell(page, 3).locator('.outputs')).toHaveText('1')
})

test('markdown is written and drawn, with formulas', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Markdown', [{ source: '', cell_type: 'markdown' }])
  await open(page, id)
  await cell(page, 1).focus()
  await page.keyboard.press('Enter')
  await type(page, '# Title\n\n**bold** $x^2$')
  await page.keyboard.press('Shift+Enter')
  await expect(page.getByRole('heading', { name: 'Title' })).toBeVisible()
  await expect(cell(page, 1).locator('.katex')).toBeVisible()
  await page.getByRole('toolbar', { name: 'Notebook' }).getByRole('button', { name: 'Outline' }).click()
  await expect(page.getByRole('navigation', { name: 'Outline' }).getByRole('button', { name: 'Title' })).toBeVisible()
})

test('cells are added, moved, split, merged, cut, pasted, removed and brought back by keys', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Keys', ['a', 'b'])
  const sources = async () => (await look(id)).cells.map(({ source }) => source)
  await open(page, id)
  await cell(page, 1).focus()
  await page.keyboard.press('Control+Shift+ArrowDown')
  await expect.poll(sources).toEqual(['b', 'a'])
  await expect(cell(page, 2)).toBeFocused()
  await page.keyboard.press('d')
  await page.keyboard.press('d')
  await expect.poll(sources).toEqual(['b'])
  await page.keyboard.press('z')
  await expect.poll(sources).toEqual(['b', 'a'])
  await expect(cells(page)).toHaveCount(2)
  await cell(page, 1).focus()
  await page.keyboard.press('b')
  await expect(cells(page)).toHaveCount(3)
  await page.keyboard.press('Enter')
  await type(page, 'one\ntwo')
  await page.keyboard.press('Home')
  await page.keyboard.press('Control+Shift+Minus')
  await expect.poll(sources).toEqual(['b', 'one', 'two', 'a'])
  await expect(cell(page, 3).locator('.cm-focused')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('k')
  await page.keyboard.press('Shift+M')
  await expect.poll(async () => (await sources()).length).toBe(3)
  await page.keyboard.press('x')
  await expect.poll(sources).toEqual(['b', 'a'])
  await page.keyboard.press('v')
  await expect.poll(async () => (await sources())[2]).toMatch(/one\s+two/)
  await page.keyboard.press('m')
  await expect.poll(async () => (await look(id)).cells[2]?.cell_type).toBe('markdown')
})

test('a cell is dragged to another place', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Drag', ['a', 'b', 'c'])
  await open(page, id)
  await cell(page, 1).hover()
  const handle = (await cell(page, 1).locator('.handle').boundingBox())!
  const last = (await cell(page, 3).boundingBox())!
  await page.mouse.move(handle.x + 5, handle.y + 5)
  await page.mouse.down()
  await page.mouse.move(last.x + 30, last.y + last.height - 4, { steps: 8 })
  await page.mouse.up()
  await expect.poll(async () => (await look(id)).cells.map(({ source }) => source)).toEqual(['b', 'c', 'a'])
})

test('several selected cells are dragged, and moved by keys, together', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Drag several', ['a', 'b', 'c', 'd'])
  const sources = async () => (await look(id)).cells.map(({ source }) => source).join('')
  await open(page, id)
  await cell(page, 1).focus()
  await page.keyboard.press('Shift+ArrowDown')
  const handle = (await cell(page, 2).locator('.handle').boundingBox())!
  const last = (await cell(page, 4).boundingBox())!
  await page.mouse.move(handle.x + 5, handle.y + 5)
  await page.mouse.down()
  await page.mouse.move(last.x + 30, last.y + last.height - 4, { steps: 8 })
  await expect(page.locator('.cells .many')).toHaveText('2')
  await page.mouse.up()
  await expect.poll(sources).toBe('cdab')
  // They stay selected.
  await expect(page.locator('.cell.selected')).toHaveCount(2)
  await page.keyboard.press('Control+Shift+ArrowUp')
  await expect.poll(sources).toBe('cabd')
  await page.keyboard.press('Control+Shift+ArrowDown')
  await expect.poll(sources).toBe('cdab')
})

test('the signature is told inside a call, and documentation where the pointer rests', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Signature', ['def join_names(first, last="x"):\n    "Puts names together."\n    return first + last', ''])
  await runAll(id)
  await open(page, id)
  await cell(page, 2).focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('.cm-focused')).toBeVisible()
  await page.keyboard.type('join_names(')
  await expect(page.locator('.documentation.small')).toContainText("join_names(first, last='x')")
  await page.keyboard.type('"a"')
  await expect(page.locator('.documentation.small')).toBeVisible()
  // The first Escape would end a completion that is on its way.
  await page.waitForTimeout(400)
  await page.keyboard.press('Escape')
  await expect(page.locator('.documentation')).toHaveCount(0)
  await cell(page, 2).locator('.cm-line').getByText('join_names').hover()
  await expect(page.locator('.documentation')).toContainText('Puts names together.')
})

test('the toolbar keeps to its width: what does not fit is in its menu', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Narrow', ['a'])
  await open(page, id)
  const toolbar = page.getByRole('toolbar', { name: 'Notebook' })
  const fits = () => toolbar.evaluate((row) => row.scrollWidth <= row.clientWidth)
  await expect(toolbar.getByRole('button', { name: 'Undo' })).toBeVisible()
  for (const width of [1000, 700, 360]) {
    await page.setViewportSize({ width, height: 740 })
    await expect.poll(fits).toBe(true)
  }
  await expect(toolbar.getByRole('button', { name: 'Undo' })).toHaveCount(0)
  await toolbar.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitemradio', { name: 'Markdown' }).click()
  await expect.poll(async () => (await look(id)).cells[0]?.cell_type).toBe('markdown')
})

test('a question is answered, a progress bar stays on its line, a traceback leads to its line', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Terminal', [
    'name = input("Name? ")\nprint("hello", name)',
    'import time\nfor i in range(5):\n    print(f"\\r{i * 25}%", end="")\n    time.sleep(0.02)\nprint()',
    'def f():\n    raise ValueError("no")\nf()',
  ])
  await open(page, id)
  await cell(page, 1).focus()
  await page.keyboard.press('Shift+Enter')
  await page.getByLabel('Name?').fill('Ada')
  await page.keyboard.press('Enter')
  await expect(cell(page, 1).locator('.outputs')).toContainText('hello Ada')
  await cell(page, 2).focus()
  await page.keyboard.press('Shift+Enter')
  await expect(cell(page, 2).locator('.outputs')).toHaveText('100%')
  await page.keyboard.press('Control+Enter')
  // The link names the execution, which the cell has the number of when it has ended.
  await expect(cell(page, 3).getByText(/^\[\d+\]$/)).toBeVisible()
  await cell(page, 3).getByRole('link').last().click()
  await expect(cell(page, 3).locator('.cm-focused')).toBeVisible()
  expect(await page.evaluate(() => window.getSelection()?.toString())).toContain('raise ValueError')
})

test('text is found and replaced in all cells', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Find', ['alpha = 1', 'alpha + 1', 'beta'])
  await open(page, id)
  await cell(page, 1).focus()
  await page.keyboard.press('Control+f')
  await page.getByRole('textbox', { name: 'Find in all cells' }).fill('alpha')
  await expect(page.getByText('1 of 2')).toBeVisible()
  await page.getByLabel('Replace by').fill('gamma')
  await page.getByRole('button', { name: 'Replace all' }).click()
  await expect.poll(async () => (await look(id)).cells.map(({ source }) => source)).toEqual(['gamma = 1', 'gamma + 1', 'beta'])
})

test('two people see each other, and a conflict is put to them', async ({ page, browser }) => {
  const made = await makeNotebook('Two', ['start'])
  const id = made.notebook_id
  await open(page, id)
  const other = await (await browser.newContext()).newPage()
  await open(other, id)
  await cell(page, 1).locator('.source').click()
  await page.keyboard.press('End')
  await page.keyboard.insertText(' mine')
  await expect(cell(other, 1)).toContainText('start mine')
  // Written elsewhere while this browser's own text is on its way.
  await page.keyboard.insertText(' again')
  const { revision } = (await call<{ cells: { revision: number }[] }>('GET', `/notebooks/${id}`)).cells[0]!
  await call('PATCH', `/notebooks/${id}/cells/${made.cells[0]!.cell_id}`, { revision, source: 'theirs' })
  const dialog = page.getByRole('dialog', { name: 'Somebody else changed this cell' })
  await dialog.getByRole('button', { name: 'See both' }).click()
  await expect(dialog.getByLabel('Theirs')).toHaveValue('theirs')
  await dialog.getByRole('button', { name: 'Keep mine' }).click()
  await expect.poll(async () => (await look(id)).cells[0]?.source).toBe('start mine again')
  await expect(cell(other, 1)).toContainText('start mine again')
})

test('two thousand cells stay fluid', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Many', Array.from({ length: 2000 }, (_, number) => `value_${number} = ${number}\nprint(value_${number})`))
  await open(page, id)
  await expect(cell(page, 1)).toBeVisible()
  expect(await page.locator('.cell[data-cell]').count()).toBeLessThan(60)
  await cell(page, 1).focus()
  await page.keyboard.press('End')
  await expect(cell(page, 2000)).toBeFocused()
  await expect(cell(page, 2000)).toContainText('value_1999')
  await page.keyboard.press('Home')
  await expect(cell(page, 1)).toBeFocused()
})
