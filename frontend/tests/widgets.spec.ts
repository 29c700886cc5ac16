// Widgets that are moved from the page: what they move is Python, and stays in step with it.

import type { Page } from '@playwright/test'
import { expect, test } from './guarded'
import { call, cell, look, makeNotebook, open, runAll } from './notebooks'

const outputs = (page: Page, number: number) => cell(page, number).locator('.outputs')

test('a slider moves what interact shows, by mouse and by keys, and is where it was after a reload', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Interact', ['from ipywidgets import interact\ninteract(lambda n: print("n is", n), n=(0, 10))', 'x = 1'])
  await open(page, id)
  await cell(page, 1).focus()
  await page.keyboard.press('Control+Enter')
  const slider = outputs(page, 1).getByRole('slider', { name: 'n' }).first()
  await expect(slider).toHaveValue('5', { timeout: 30_000 })
  await expect(outputs(page, 1).first()).toContainText('n is 5')
  await slider.focus()
  await page.keyboard.press('ArrowRight')
  await expect(outputs(page, 1).first()).toContainText('n is 6')
  // Keys in a control are the control's.
  await expect(slider).toBeFocused()
  const box = (await slider.boundingBox())!
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.9, box.y + box.height / 2, { steps: 30 })
  await page.mouse.up()
  // However many steps it took, it ends where the handle is.
  const value = await slider.inputValue()
  expect(Number(value)).toBeGreaterThan(7)
  await expect(outputs(page, 1).first()).toContainText(`n is ${value}`)
  await expect(outputs(page, 1).first()).not.toContainText('n is 6')
  await expect.poll(async () => JSON.stringify((await call<{ metadata: unknown }>('GET', `/notebooks/${id}`)).metadata)).toContain(`n is ${value}`)
  await page.reload()
  await expect(slider).toHaveValue(value)
  await slider.focus()
  await page.keyboard.press('Home')
  await expect(outputs(page, 1).first()).toContainText('n is 0')
})

test('what is written, chosen and pressed gets to the code', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Controls', [
    [
      'import ipywidgets as w',
      'controls = dict(name=w.Text(description="name"), count=w.BoundedIntText(value=1, max=9, description="count"), check=w.Checkbox(description="check"), toggle=w.ToggleButton(description="toggle"), menu=w.Dropdown(options=["a", "b"], description="menu"), many=w.SelectMultiple(options=["p", "q", "r"], description="many"), radio=w.RadioButtons(options=["tea", "coffee"], description="radio"), day=w.DatePicker(description="day"), span=w.IntRangeSlider(value=[2, 6], max=10, description="span"))',
      'button = w.Button(description="Tell")',
      'button.on_click(lambda _: print({key: control.value for key, control in controls.items()}))',
      'w.VBox([*controls.values(), w.Tab(children=[w.Label("first"), button], titles=("One", "Two"))])',
    ].join('\n'),
  ])
  await open(page, id)
  await cell(page, 1).focus()
  await page.keyboard.press('Control+Enter')
  const shown = outputs(page, 1).first()
  await shown.getByRole('textbox', { name: 'name' }).pressSequentially('Ada', { timeout: 30_000 })
  await shown.getByRole('spinbutton', { name: 'count' }).fill('40')
  await shown.getByRole('checkbox', { name: 'check' }).check()
  await shown.getByRole('button', { name: 'toggle' }).click()
  await shown.getByRole('combobox', { name: 'menu' }).selectOption('b')
  await shown.getByRole('listbox', { name: 'many' }).selectOption(['p', 'r'])
  await shown.getByRole('radio', { name: 'coffee' }).check()
  await shown.getByLabel('day').fill('2026-01-09')
  await shown.getByRole('slider', { name: 'span 1' }).focus()
  await page.keyboard.press('ArrowRight')
  await expect(shown).toContainText('3 – 6')
  await expect(shown.getByText('first')).toBeVisible()
  await shown.getByRole('tab', { name: 'One' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await shown.getByRole('button', { name: 'Tell' }).click()
  // What its code prints stands below what the cell showed, and what was given was told before the click.
  await expect(outputs(page, 1).nth(1)).toHaveText("{'name': 'Ada', 'count': 9, 'check': True, 'toggle': True, 'menu': 'b', 'many': ('p', 'r'), 'radio': 'coffee', 'day': datetime.date(2026, 1, 9), 'span': (3, 6)}")
  expect((await look(id)).cells[0]?.outputs).toHaveLength(1)
})

test('two browsers see a widget move, and code that corrects it is followed', async ({ page, browser }) => {
  const { notebook_id: id } = await makeNotebook('Two widgets', ['import ipywidgets as w\nslider = w.IntSlider(max=10, description="even")\ndef even(change):\n    slider.value = change.new // 2 * 2\nslider.observe(even, "value")\nslider'])
  await runAll(id)
  await open(page, id)
  const other = await (await browser.newContext()).newPage()
  await open(other, id)
  const slider = (of: Page) => outputs(of, 1).getByRole('slider', { name: 'even' })
  await slider(page).focus()
  for (let times = 0; times < 5; times += 1) await page.keyboard.press('ArrowRight')
  await expect(slider(other)).not.toHaveValue('0')
  await expect.poll(async () => Number(await slider(page).inputValue()) % 2).toBe(0)
  await expect.poll(async () => (await slider(other).inputValue()) === (await slider(page).inputValue())).toBe(true)
})

test('a widget that the session does not know any more says so, and comes to life when its cell runs', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('Restarted', ['import ipywidgets as w\nw.HBox([w.IntSlider(max=9, description="n"), w.Button(description="Go")])'])
  await runAll(id)
  await open(page, id)
  const slider = outputs(page, 1).getByRole('slider', { name: 'n' })
  await expect(slider).toBeEnabled()
  const { session_id: session } = await look(id)
  await call('POST', `/sessions/${session}/restart`)
  // Nobody told the page: it finds out when the widget is moved.
  await slider.focus()
  await page.keyboard.press('ArrowRight')
  await expect(outputs(page, 1)).toContainText('The session does not know this widget any more')
  await expect(slider).toBeDisabled()
  await cell(page, 1).focus()
  await page.keyboard.press('Control+Enter')
  await expect(slider).toBeEnabled({ timeout: 30_000 })
  await expect(outputs(page, 1)).not.toContainText('does not know')
  await call('DELETE', `/sessions/${session}`)
  await expect(outputs(page, 1)).toContainText('There is no session')
  await expect(slider).toBeDisabled()
})

test('what plays, takes files and tags and shows pictures works, and what it printed is there after a reload', async ({ page }) => {
  const { notebook_id: id } = await makeNotebook('More controls', [
    [
      'import ipywidgets as w, base64',
      'play = w.Play(max=3, interval=100); place = w.IntSlider(max=3, description="place"); w.jslink((play, "value"), (place, "value"))',
      'tags = w.TagsInput(value=["a"], allowed_tags=["a", "b"], description="tags"); tags.observe(lambda _: print("tags", tags.value), "value")',
      'files = w.FileUpload(); files.observe(lambda _: print("file", files.value[0].name, bytes(files.value[0].content)), "value")',
      'dot = w.Image(value=base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="), width=80, height=40)',
      'w.VBox([play, place, tags, files, dot])',
    ].join('\n'),
  ])
  await open(page, id)
  await cell(page, 1).focus()
  await page.keyboard.press('Control+Enter')
  const shown = outputs(page, 1).first()
  await shown.getByRole('button', { name: 'Play' }).click({ timeout: 30_000 })
  await expect(shown.getByRole('slider', { name: 'place' })).toHaveValue('3')
  await expect(shown.getByRole('button', { name: 'Play' })).toBeVisible()
  await expect(shown.getByRole('img')).toHaveJSProperty('naturalWidth', 1)
  const field = shown.getByRole('group', { name: 'tags' }).getByRole('combobox')
  await field.fill('c')
  await field.press('Enter')
  await expect(field).toHaveAttribute('aria-invalid', 'true')
  await field.fill('b')
  await field.press('Enter')
  const printed = outputs(page, 1).nth(1)
  await expect(printed).toContainText("tags ['a', 'b']")
  await shown.locator('input[type=file]').setInputFiles({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') })
  await expect(printed).toContainText("file note.txt b'hello'")
  // Nobody sends a file back, and it is known all the same.
  await expect(shown).not.toContainText('does not know this widget')
  await page.reload()
  await expect(printed).toContainText("file note.txt b'hello'")
})
