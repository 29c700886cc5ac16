// What cells show: plots, tables, pictures, widgets, help.

import { readFile } from 'node:fs/promises'
import { expect, test } from './guarded'
import { call, cell, look, makeNotebook, open, runAll } from './notebooks'

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

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
  await expect(outputs.getByRole('combobox', { name: 'pick' }).locator('option:checked')).toHaveText('b')
  await expect(outputs.getByRole('progressbar', { name: 'done' })).toHaveAttribute('value', '1')
  await expect(outputs.locator('b')).toHaveText('bold')
  await expect(outputs.locator('[onerror]')).toHaveCount(0)
  await page.keyboard.press('Control+Enter')
  await expect(outputs.getByRole('slider', { name: 'n' })).toHaveValue('7')
  await expect(outputs.getByRole('progressbar', { name: 'done' })).toHaveAttribute('value', '4')
  await page.reload()
  await expect(outputs.getByRole('slider', { name: 'n' })).toHaveValue('7')
})

test('figures are saved as PNG, SVG and PDF', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Save', [
    'from IPython.display import SVG\nSVG("<svg xmlns=\'http://www.w3.org/2000/svg\' width=\'96\' height=\'48\'><circle cx=\'40\' cy=\'24\' r=\'20\' fill=\'red\'/></svg>")',
    'import plotly.express as px\npx.scatter(x=[1, 2], y=[3, 4])',
    'import altair as alt, pandas as pd\nalt.Chart(pd.DataFrame({"x": [1, 2]})).mark_circle().encode(x="x:Q")',
  ])
  await runAll(id)
  await open(page, id)
  for (const [number, formats] of [
    [1, ['PNG', 'SVG', 'PDF']],
    [2, ['PDF']],
    [3, ['PNG', 'SVG', 'PDF']],
  ] as const) {
    await cell(page, number).scrollIntoViewIfNeeded()
    await cell(page, number).locator('.outputs .item').hover()
    for (const format of formats) {
      const [saved] = await Promise.all([page.waitForEvent('download'), cell(page, number).getByRole('button', { name: `Save as ${format}` }).click()])
      expect(saved.suggestedFilename()).toBe(`figure.${format.toLowerCase()}`)
      const bytes = await readFile(await saved.path())
      expect(bytes.toString('latin1')).toContain({ PNG: 'PNG', SVG: number === 3 ? '<path' : '<circle', PDF: '%PDF-1.' }[format])
      if (format === 'PDF') expect(bytes.toString('latin1')).not.toMatch(/\/Subtype\s*\/Image/)
      if (number === 1 && format === 'PDF') expect(bytes.toString('latin1')).toMatch(/\/MediaBox \[0 0 72\.? 36\.?\]/)
    }
  }
})

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

test('a figure is saved as a PDF of lines where it is a drawing or its session can draw it, and as a picture otherwise', async ({ page }) => {
  const plot = 'import matplotlib.pyplot as plt, io\nfrom IPython.display import SVG, display\n'
  const { notebook_id: id } = await makeNotebook('PDF', [
    `${plot}plt.plot([1, 3, 2]); kept = io.StringIO(); plt.savefig(kept, format="svg"); plt.close(); display(SVG(kept.getvalue()))`,
    `${plot}fig, ax = plt.subplots()\nax.plot([1, 2])\nplt.show()`,
    `${plot}plt.plot([1, 2]); plt.show()`,
  ])
  await runAll(id)
  await open(page, id)
  for (const [index, lines] of [true, true, false].entries()) {
    const button = cell(page, index + 1).getByRole('button', { name: 'PDF' })
    await button.focus({ timeout: 30_000 })
    const [download] = await Promise.all([page.waitForEvent('download'), button.press('Enter')])
    const file = (await readFile(await download.path())).toString('latin1')
    expect(file.startsWith('%PDF-')).toBe(true)
    expect(/\/Subtype\s*\/Image/.test(file), `of cell ${index + 1}`).toBe(!lines)
  }
})
