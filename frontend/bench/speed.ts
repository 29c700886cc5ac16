// Measures what a person feels: typing, running, opening, and a cell that prints very much. CELLBLOCK_URL is the
// address with the token that the service prints; CELLBLOCK_BESIDE may be that of another one, to compare with.

import { loadavg } from 'node:os'
import { chromium, test, type Browser, type Page } from '@playwright/test'
import { measureInPage } from './painted'
import { makeNotebook, ordinaryCells, pause, removeNotebook, serviceOf, type Service } from './service'

interface Figure {
  name: string
  milliseconds: number
  aim?: number
}

const cell = (page: Page, number: number) => page.locator(`.cell[data-cell][aria-posinset="${number}"]`)

function share(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

async function opened(browser: Browser, { origin, token }: Service, path: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US' })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  await page.addInitScript(measureInPage)
  await page.goto(`${origin}${path}?token=${token}`)
  return page
}

/** Opens a page in which nothing of the notebook runs: what it needs for the same is the machine's share, and the service's. */
async function bare(browser: Browser, address: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US' })
  const page = await context.newPage()
  await page.addInitScript(measureInPage)
  await page.goto(address)
  return page
}

/** Types as a person does into what has the focus. */
async function typed(page: Page): Promise<{ keys: number[]; reported: number[] }> {
  await pause(300)
  await page.evaluate(() => (window.bench.keys.length = window.bench.reported.length = 0))
  for (const letter of 'total = value_one + other_value * 17 - some_name # and a comment that goes on and on, as people write them, word after word after word, until the line has an end. ') {
    await page.keyboard.press(letter === ' ' ? 'Space' : letter)
    await pause(35 + Math.random() * 30)
  }
  const { keys, reported } = await page.evaluate(() => window.bench)
  // The browser is silent about those that were faster.
  return { keys, reported: [...reported, ...new Array<number>(Math.max(0, keys.length - reported.length)).fill(16)] }
}

/** Letters typed into a cell in the middle of 500, and into a bare field. */
async function typing(browser: Browser, service: Service): Promise<Figure[]> {
  const id = await makeNotebook(service, 'Typing', ordinaryCells(500))
  const page = await opened(browser, service, `/notebooks/${id}`)
  await cell(page, 1).waitFor()
  await page.locator('.cell-list').evaluate((list) => list.scrollTo(0, list.scrollHeight / 2))
  await pause(500)
  // Where the pointer comes an editor takes the place of the text: it is pointed at the place, not at the text.
  const text = await page.locator('.cell .static-code').evaluateAll((found) => {
    const middle = found.map((each) => each.getBoundingClientRect()).find(({ top }) => top > 200)
    return { x: (middle?.left ?? 0) + 60, y: (middle?.top ?? 0) + 16 }
  })
  await page.mouse.click(text.x, text.y)
  await page.locator('.cm-focused').waitFor()
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  const { keys, reported } = await typed(page)
  await page.context().close()
  await removeNotebook(service, id)
  const field = await bare(browser, 'data:text/html,<textarea rows="20" cols="90"></textarea>')
  await field.locator('textarea').focus()
  const floor = await typed(field)
  await field.context().close()
  return [
    { name: 'key to paint, 500 cells, p50', milliseconds: share(keys, 0.5) },
    { name: 'key to paint, 500 cells, p95', milliseconds: share(keys, 0.95), aim: 16 },
    { name: '  as the browser reports it, p95', milliseconds: share(reported, 0.95) },
    { name: '  in a bare text field, p50', milliseconds: share(floor.keys, 0.5) },
    { name: '  in a bare text field, p95', milliseconds: share(floor.keys, 0.95) },
  ]
}

/** Times from Shift-Enter to the result of `1+1`, which is typed before or is in the cells already. */
async function results(browser: Browser, service: Service, isTyped: boolean): Promise<number[]> {
  const times = 25
  const id = await makeNotebook(service, 'Running', Array.from({ length: times + 3 }, () => ({ cell_type: 'code' as const, source: isTyped ? '' : '1+1' })), true)
  const page = await opened(browser, service, `/notebooks/${id}`)
  await cell(page, 1).focus()
  const taken: number[] = []
  for (let number = 1; number <= times; number += 1) {
    if (isTyped) {
      await page.keyboard.press('Enter')
      await cell(page, number).locator('.cm-focused').waitFor()
      await page.keyboard.type('1+1')
    }
    await pause(100)
    const result = page.evaluate(async (place) => {
      const shown = () => document.querySelector(`.cell[aria-posinset="${place}"] .outputs`)?.textContent?.trim() === '2'
      return (await window.bench.painted(shown)) - window.bench.pressed
    }, number)
    await pause(20)
    await page.keyboard.press('Shift+Enter')
    taken.push(await result)
    await pause(150)
  }
  await page.context().close()
  await removeNotebook(service, id)
  return taken
}

/** What the service needs for `1+1`, from the request to the event with its result, as a page sees it that shows nothing. */
async function resultsAlone(browser: Browser, service: Service): Promise<number[]> {
  const id = await makeNotebook(service, 'Alone', [{ cell_type: 'code', source: '1+1' }], true)
  const page = await bare(browser, `${service.origin}/icon.svg`)
  const taken = await page.evaluate(
    async ({ id, token }) => {
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
      const { cells } = (await (await fetch(`/api/v1/notebooks/${id}`, { headers })).json()) as { cells: { cell_id: string }[] }
      const socket = new WebSocket(`${window.location.origin.replace('http', 'ws')}/api/v1/ws/notebooks/${id}?token=${token}`)
      await new Promise((resolve) => (socket.onopen = resolve))
      const times: number[] = []
      for (let turn = 0; turn < 25; turn += 1) {
        const from = performance.now()
        const result = new Promise<number>((resolve, reject) => {
          let shown = 0
          socket.onclose = () => reject(new Error('the socket was closed'))
          socket.onmessage = ({ data }) => {
            const { type, content } = JSON.parse(data as string) as { type: string; content: { status?: string } }
            if (type === 'execute_result') shown = performance.now()
            if (type === 'execution_status' && content.status !== 'running') resolve(shown)
          }
        })
        const asked = await fetch(`/api/v1/notebooks/${id}/execute`, { method: 'POST', headers, body: JSON.stringify({ cell_id: cells[0]!.cell_id }) })
        if (!asked.ok) throw new Error(`it was not run: ${asked.status}`)
        times.push((await result) - from)
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      return times
    },
    { id, token: service.token },
  )
  await page.context().close()
  await removeNotebook(service, id)
  return taken
}

/** `1+1`, run by Shift-Enter: when it is just typed it is saved first. */
async function running(browser: Browser, service: Service): Promise<Figure[]> {
  const fresh = await results(browser, service, true)
  const saved = await results(browser, service, false)
  return [
    { name: '1+1 from Shift-Enter to its result, p50', milliseconds: share(saved, 0.5), aim: 30 },
    { name: '1+1 from Shift-Enter to its result, p95', milliseconds: share(saved, 0.95) },
    { name: '1+1 just typed, p50', milliseconds: share(fresh, 0.5), aim: 30 },
    { name: '1+1 just typed, p95', milliseconds: share(fresh, 0.95) },
    { name: '  the service alone, p50', milliseconds: share(await resultsAlone(browser, service), 0.5) },
  ]
}

/** A notebook of 2,000 cells, by its address and by a click in the page that is there. */
async function opening(browser: Browser, service: Service): Promise<Figure[]> {
  const id = await makeNotebook(service, 'Opening', ordinaryCells(2000))
  const page = await opened(browser, service, '/')
  const link = page.locator(`a[href="/notebooks/${id}"]`).first()
  const shown = () => page.evaluate(() => window.bench.painted(() => document.querySelector('.cell[aria-posinset="2"] .static-code, .cell[aria-posinset="2"] .cm-content') !== null))
  const byAddress: number[] = []
  const byClick: number[] = []
  for (let times = 0; times < 5; times += 1) {
    await page.goto(`${service.origin}/notebooks/${id}`, { waitUntil: 'commit' })
    byAddress.push(await shown())
    await pause(800)
    await page.keyboard.press('Control+Alt+w')
    await page.goto(`${service.origin}/`)
    await link.waitFor()
    await pause(500)
    const time = page.evaluate(async () => {
      let from = 0
      window.addEventListener('click', (event) => (from = event.timeStamp), { capture: true, once: true })
      return (await window.bench.painted(() => document.querySelector('.cell[aria-posinset="2"] .static-code, .cell[aria-posinset="2"] .cm-content') !== null)) - from
    })
    await pause(50)
    await link.click()
    byClick.push(await time)
    await pause(300)
  }
  await page.context().close()
  const alone = await bare(browser, `${service.origin}/icon.svg`)
  const answers = await alone.evaluate(
    async ({ id, token }) => {
      const times: number[] = []
      for (let turn = 0; turn < 5; turn += 1) {
        const from = performance.now()
        await (await fetch(`/api/v1/notebooks/${id}`, { headers: { Authorization: `Bearer ${token}` } })).json()
        times.push(performance.now() - from)
      }
      return times
    },
    { id, token: service.token },
  )
  await alone.context().close()
  await removeNotebook(service, id)
  return [
    { name: 'opening 2,000 cells by a click, p50', milliseconds: share(byClick, 0.5), aim: 500 },
    { name: 'opening 2,000 cells by its address, p50', milliseconds: share(byAddress, 0.5) },
    { name: '  the service alone, p50', milliseconds: share(answers, 0.5) },
  ]
}

/** A cell that prints 10,000 lines. */
async function printing(browser: Browser, service: Service): Promise<Figure[]> {
  const id = await makeNotebook(service, 'Printing', [{ cell_type: 'code', source: 'for number in range(10_000):\n    print("line", number, "of ten thousand")' }], true)
  const page = await opened(browser, service, `/notebooks/${id}`)
  await cell(page, 1).focus()
  const totals: number[] = []
  const frames: number[] = []
  for (let times = 0; times < 5; times += 1) {
    await pause(500)
    await page.evaluate(() => window.bench.watchFrames())
    const total = page.evaluate(async () => {
      const count = () => /\[(\d+)\]/.exec(document.querySelector('.cell .prompt')?.textContent ?? '')?.[1]
      const before = count()
      const done = () => count() !== undefined && count() !== before && document.querySelector('.cell .outputs')?.textContent?.includes('line 9999 of') === true
      return (await window.bench.painted(done)) - window.bench.pressed
    })
    await pause(100)
    await page.keyboard.press('Control+Enter')
    totals.push(await total)
    frames.push(await page.evaluate(() => window.bench.longest))
  }
  await page.context().close()
  await removeNotebook(service, id)
  return [
    { name: '10,000 lines from Ctrl-Enter, p50', milliseconds: share(totals, 0.5), aim: 1000 },
    { name: '10,000 lines, longest frame', milliseconds: Math.max(...frames), aim: 100 },
  ]
}

test('speed', async () => {
  const given = process.env.CELLBLOCK_URL
  if (given === undefined) throw new Error('CELLBLOCK_URL is not set: the address with the token that the service prints')
  const services = [serviceOf('page', given)]
  if (process.env.CELLBLOCK_BESIDE !== undefined) services.push(serviceOf('beside', process.env.CELLBLOCK_BESIDE))
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
  console.log(`${'milliseconds'.padEnd(44)}${services.map(({ name }) => name.padStart(10)).join('')}${'aim'.padStart(8)}${'load'.padStart(8)}`)
  const wanted = process.env.BENCH === undefined ? [typing, running, opening, printing] : [typing, running, opening, printing].filter(({ name }) => name === process.env.BENCH)
  for (const measure of wanted) {
    const columns: Figure[][] = []
    for (const service of services) columns.push(await measure(browser, service))
    const load = loadavg()[0]!.toFixed(1)
    for (const [row, { name, aim }] of columns[0]!.entries()) {
      console.log(`${name.padEnd(44)}${columns.map((figures) => figures[row]!.milliseconds.toFixed(1).padStart(10)).join('')}${String(aim ?? '').padStart(8)}${load.padStart(8)}`)
    }
  }
  await browser.close()
})
