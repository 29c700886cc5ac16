// A notebook in a real browser: what a person does with it.

import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { expect, test } from './guarded'
import { call, look, makeNotebook, open, runAll } from './notebooks'

const cells = (page: Page) => page.locator('.cell[data-cell]')
const cell = (page: Page, number: number) => page.locator(`.cell[data-cell][aria-posinset="${number}"]`)

/** Types into the editor that has the focus. */
async function type(page: Page, text: string) {
  await expect(page.locator('.cm-focused')).toBeVisible()
  await page.keyboard.insertText(text)
}

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

test('pandas, matplotlib, plotly, vega and bokeh are shown', async ({ page }) => {
  test.slow()
  const { notebook_id: id } = await makeNotebook('Rich', [
    'import pandas as pd\ndf = pd.DataFrame({"a": range(100_000), "b": ["x", "y"] * 50_000})\ndf',
    'import matplotlib.pyplot as plt\nplt.plot(df.a[:10]);',
    'import plotly.express as px\npx.scatter(x=[1, 2], y=[3, 4], title="dots")',
    'import altair as alt\nalt.Chart(df.head()).mark_bar().encode(x="a:O", y="a")',
    'from bokeh.plotting import figure, show\nfrom bokeh.io import output_notebook\noutput_notebook(hide_banner=True)\np = figure(height=200)\np.line([1, 2], [3, 4])\nshow(p)',
  ])
  await runAll(id)
  await open(page, id)
  await expect(cell(page, 1).frameLocator('iframe').locator('table.dataframe')).toBeVisible()
  await expect(cell(page, 2).getByRole('img')).toBeVisible()
  for (const [number, drawn] of [
    [3, '.js-plotly-plot .scatterlayer'],
    [4, '.vega-embed svg'],
    [5, '.bk-Figure'],
  ] as const) {
    await page.locator('.cell-list').evaluate((list) => list.scrollBy(0, 500))
    await cell(page, number).scrollIntoViewIfNeeded()
    await expect(cell(page, number).frameLocator('iframe').first().locator(drawn).first()).toBeAttached()
  }
  // The table pages through the session.
  await page.locator('.cell-list').evaluate((list) => list.scrollTo(0, 0))
  await cell(page, 1).locator('.outputs .item').hover()
  await cell(page, 1).getByRole('button', { name: 'As a table' }).click()
  const grid = page.getByRole('grid', { name: 'df' })
  await expect(grid.getByRole('gridcell').first()).toHaveText('0')
  await expect(page.getByText('100,000 rows')).toBeVisible()
  await grid.getByRole('button', { name: /^a/ }).click()
  await grid.getByRole('button', { name: /^a/ }).click()
  await expect(grid.getByRole('gridcell').first()).toHaveText('99999')
  await grid.getByLabel('Filter of a').fill('< 10')
  await expect(page.getByText('10 of 100,000 rows')).toBeVisible()
  await expect(grid.getByRole('gridcell').first()).toHaveText('9')
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
  await page.keyboard.press('End')
  await page.keyboard.insertText('00')
  for (let times = 0; times < 3; times += 1) await page.keyboard.press('Shift+Enter')
  await expect(cell(page, 3).locator('.outputs')).toHaveText('1010', { timeout: 30_000 })
  await expect(cell(page, 1)).toContainText('[1]')
})

test('a question mark shows the help beneath its cell', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Question', ['len?'])
  await open(page, id)
  await cell(page, 1).focus()
  await page.keyboard.press('Control+Enter')
  const help = page.getByRole('region', { name: 'Help for len' })
  await expect(help).toContainText('Return the number of items in a container', { timeout: 30_000 })
  await help.getByRole('button', { name: 'Close' }).click()
  await expect(help).toHaveCount(0)
})

test('widgets show their state, follow the code that changes it, and are there after a reload', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Widgets', [
    'import ipywidgets as w\nslider = w.IntSlider(value=3, max=9, description="n")\nbar = w.IntProgress(value=1, max=4, description="done")\nw.VBox([w.HBox([slider, w.Dropdown(options=["a", "b"], value="b", description="pick")]), bar, w.HTML("<b>bold</b><img src=x onerror=alert(1)>")])',
    'slider.value = 7\nbar.value = 4',
  ])
  await open(page, id)
  await cell(page, 1).focus()
  await page.keyboard.press('Shift+Enter')
  const outputs = cell(page, 1).locator('.outputs')
  await expect(outputs.getByRole('slider', { name: 'n' })).toHaveValue('3', { timeout: 30_000 })
  await expect(outputs.getByRole('combobox', { name: 'pick' })).toHaveValue('b')
  await expect(outputs.getByRole('progressbar', { name: 'done' })).toHaveAttribute('value', '1')
  await expect(outputs.locator('b')).toHaveText('bold')
  await expect(outputs.locator('[onerror]')).toHaveCount(0)
  await page.keyboard.press('Control+Enter')
  await expect(outputs.getByRole('slider', { name: 'n' })).toHaveValue('7')
  await expect(outputs.getByRole('progressbar', { name: 'done' })).toHaveAttribute('value', '4')
  await page.reload()
  await expect(outputs.getByRole('slider', { name: 'n' })).toHaveValue('7')
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

test('figures are saved as PNG, SVG and PDF', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Save', [
    'from IPython.display import SVG\nSVG("<svg xmlns=\'http://www.w3.org/2000/svg\' width=\'96\' height=\'48\'><circle cx=\'40\' cy=\'24\' r=\'20\' fill=\'red\'/></svg>")',
    'import plotly.express as px\npx.scatter(x=[1, 2], y=[3, 4])',
  ])
  await runAll(id)
  await open(page, id)
  for (const [number, formats] of [
    [1, ['PNG', 'SVG', 'PDF']],
    [2, ['PDF']],
  ] as const) {
    await cell(page, number).scrollIntoViewIfNeeded()
    await cell(page, number).locator('.outputs .item').hover()
    for (const format of formats) {
      const [saved] = await Promise.all([page.waitForEvent('download'), cell(page, number).getByRole('button', { name: `Save as ${format}` }).click()])
      expect(saved.suggestedFilename()).toBe(`figure.${format.toLowerCase()}`)
      const bytes = await readFile(await saved.path())
      expect(bytes.toString('latin1')).toContain({ PNG: 'PNG', SVG: '<circle', PDF: '%PDF-1.7' }[format])
      if (number === 1 && format === 'PDF') expect(bytes.toString('latin1')).toContain('/MediaBox [0 0 72 36]')
    }
  }
})

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

test('markdown shows its attachments; a pasted picture is kept beside the notebook', async ({ page }) => {
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: [{ id: 'one', cell_type: 'markdown', metadata: {}, source: '![dot](attachment:dot.png) ![none](attachment:none.png)', attachments: { 'dot.png': { 'image/png': PIXEL } } }],
  }
  const { notebook_id: id } = await call<{ notebook_id: string }>('POST', '/notebooks/import', { name: `Attached ${Date.now()}`, format: 'ipynb', content: notebook })
  await open(page, id)
  await expect(cell(page, 1).getByRole('img', { name: 'dot' })).toBeVisible()
  await expect(cell(page, 1).locator('code')).toHaveText('none')
  await cell(page, 1).focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('.cm-focused')).toBeVisible()
  await page.keyboard.press('Control+a')
  await page.evaluate((pixel) => {
    const data = new DataTransfer()
    data.items.add(new File([Uint8Array.from(atob(pixel), (letter) => letter.charCodeAt(0))], 'My shot.png', { type: 'image/png' }))
    document.querySelector('.cm-focused .cm-content')!.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  }, PIXEL)
  await expect(cell(page, 1).locator('.cm-content')).toContainText('images/my-shot-')
  await page.keyboard.press('Shift+Enter')
  await expect(cell(page, 1).getByRole('img', { name: 'My shot' })).toBeVisible()
})

test('a picture is dropped into a markdown cell, while it is written and while it is only shown', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Dropped', [{ source: 'above', cell_type: 'markdown' }, { source: 'beside', cell_type: 'code' }])
  await open(page, id)
  const dropOn = (place: string, name: string, type: string) =>
    page.evaluate(
      ([place, name, type, pixel]) => {
        const data = new DataTransfer()
        data.items.add(new File([Uint8Array.from(atob(pixel!), (letter) => letter.charCodeAt(0))], name!, { type }))
        const target = document.querySelector(place!)!
        const { x, y, width, height } = target.getBoundingClientRect()
        const at = { dataTransfer: data, bubbles: true, cancelable: true, clientX: x + width / 2, clientY: y + height / 2 }
        target.dispatchEvent(new DragEvent('dragover', at))
        // Whether the page took it; otherwise the browser would leave the page for the picture.
        return !target.dispatchEvent(new DragEvent('drop', at))
      },
      [place, name, type, PIXEL] as const,
    )
  expect(await dropOn('.cell[aria-posinset="1"] .markdown', 'First shot.png', 'image/png')).toBe(true)
  await expect(cell(page, 1).getByRole('img', { name: 'First shot' })).toBeVisible()
  await expect.poll(async () => (await look(id)).cells[0]?.source).toMatch(/^above\n\n!\[First shot\]\(images\/first-shot-\d+\.png\)\n$/)

  await cell(page, 1).focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('.cm-focused')).toBeVisible()
  expect(await dropOn('.cm-focused .cm-content', 'Second.png', 'image/png')).toBe(true)
  await expect(cell(page, 1).locator('.cm-content')).toContainText('images/second-')
  await page.keyboard.press('Shift+Enter')
  await expect(cell(page, 1).getByRole('img', { name: 'Second' })).toBeVisible()
  await expect(cell(page, 1).getByRole('img')).toHaveCount(2)

  // Beside such cells nothing takes it, and the page stays.
  expect(await dropOn('.cell[aria-posinset="2"] .source', 'Third.png', 'image/png')).toBe(true)
  await page.waitForTimeout(300)
  expect((await look(id)).cells[1]?.source).toBe('beside')
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
