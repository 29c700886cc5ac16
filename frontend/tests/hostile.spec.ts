// Outputs of strangers: whatever they try, the page around them stays as it is, and nothing leaves the machine.

import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { chromium, expect, test } from '@playwright/test'
import { bundles, html, markdown, nested, scripts } from './payloads'
import { makeNotebook, open, origin, runAll } from './notebooks'

const all = [
  ...html.map((text) => ({ 'text/html': text })),
  ...scripts.map((text) => ({ 'text/html': `<p>x</p><script>${text}</script>` })),
  ...[...markdown, ...html].map((text) => ({ 'text/markdown': text })),
  ...bundles,
].map((bundle, number) => JSON.parse(JSON.stringify(bundle).replaceAll('https:', 'http:').replaceAll('evil.test', `p${number}.evil.test`)) as Record<string, unknown>)
const EACH = 6
/** The same texts wherever a widget has one. */
const inWidgets = all.flatMap((bundle) => [bundle['text/html'], bundle['text/markdown']].filter((text) => typeof text === 'string'))
const WIDGETS = `import ipywidgets as w
def widgets(text):
    address = f"url({text})"
    layout = w.Layout(width=text, border_top=address, grid_template_columns=f"1px; background: {address}")
    shown = ({"output_type": "display_data", "data": {"text/html": text, "text/plain": "x"}, "metadata": {}},)
    return [w.HTML(text, description=text), w.Label(text, layout=layout), w.Button(description=text, tooltip=text), w.Dropdown(options=[text], description=text),
            w.Text(text, placeholder=text), w.ColorPicker(description=text), w.Accordion([w.Output(outputs=shown)], titles=[text], selected_index=0)]`

/**
 * A browser for which every name below `.test` is this machine, where requests are written down by name. Without TLS, so
 * that they are told from connections that a browser opens in advance, for a navigation that it then refuses.
 */
async function watchedBrowser() {
  const hits: string[] = []
  const seen = { connections: 0 }
  const sink = createServer((socket) => {
    seen.connections += 1
    socket.on('error', () => undefined)
    socket.once('data', (bytes) => {
      hits.push(/[\w-]+\.(?:evil|control)\.test/.exec(bytes.toString('latin1'))?.[0] ?? 'unknown')
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nAccess-Control-Allow-Origin: *\r\n\r\nok')
    })
  })
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))
  const { port } = sink.address() as AddressInfo
  const own = new URL(origin)
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', `--host-resolver-rules=MAP *.test 127.0.0.1:${port}, MAP * ~NOTFOUND, EXCLUDE ${own.hostname}, EXCLUDE 127.0.0.1`],
  })
  const close = async () => {
    await browser.close()
    sink.close()
  }
  return { browser, hits, seen, close }
}

test('no payload reaches the page or the network', async () => {
  test.setTimeout(600_000)
  expect(all.length).toBeGreaterThan(250)

  const { browser, hits, close } = await watchedBrowser()
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })

  // Control: the sink does count.
  const control = await context.newPage()
  await control.goto('http://a.control.test/').catch(() => undefined)
  await control.close()
  expect(hits).toContain('a.control.test')

  const cells: string[] = ['from IPython.display import display\nimport json\ndisplay({"text/html": "<p id=ran>no</p><script>document.getElementById(\'ran\').textContent = \'ran\'</script>"}, raw=True)']
  for (let at = 0; at < all.length; at += EACH) {
    const few = JSON.stringify(JSON.stringify(all.slice(at, at + EACH)))
    cells.push(`for bundle in json.loads(${few.replaceAll('\\u2028', '')}): display(bundle, raw=True)`)
  }
  cells.push(WIDGETS)
  for (let at = 0; at < inWidgets.length; at += EACH) {
    const few = JSON.stringify(JSON.stringify(inWidgets.slice(at, at + EACH)))
    cells.push(`display(w.GridBox([each for text in json.loads(${few.replaceAll('\\u2028', '')}) for each in widgets(text)], layout=w.Layout(grid_template_columns="repeat(5, 1fr)")))`)
  }
  const texts = [...markdown, ...html].map((source) => ({ source, cell_type: 'markdown' as const }))
  const { notebook_id: id } = await makeNotebook('Hostile', [...cells, ...texts])
  await runAll(id)

  const page = await context.newPage()
  const faults: string[] = []
  page.on('dialog', (dialog) => {
    faults.push(`dialog ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('download', (download) => faults.push(`download ${download.url()}`))
  context.on('page', (other) => faults.push(`window ${other.url()}`))
  page.on('framenavigated', (frame) => {
    if (frame === page.mainFrame() && !frame.url().startsWith(`${origin}/notebooks/`)) faults.push(`went to ${frame.url()}`)
  })
  await page.addInitScript(() => {
    if (window !== window.top) return
    const page = window as unknown as { canary: number; nested: number }
    page.canary = page.nested = 0
    window.addEventListener('message', ({ data }) => (page.nested += Number(data === 'nested')))
  })
  await open(page, id)
  // Control: what is in a frame does run.
  await expect(page.locator('.cell[data-cell][aria-posinset="1"]').frameLocator('iframe').locator('#ran')).toHaveText('ran')

  const list = page.locator('.cell-list')
  const seen = new Set<string | null>()
  for (let still = 0; still < 3; ) {
    await page.waitForTimeout(350)
    const moved = await list.evaluate((element) => {
      const before = element.scrollTop
      element.scrollBy(0, 500)
      return element.scrollTop - before
    })
    for (const place of await list.evaluate((element) => [...element.querySelectorAll('.cell[data-cell]')].map((each) => each.getAttribute('aria-posinset')))) seen.add(place)
    still = moved === 0 ? still + 1 : 0
    expect(faults).toEqual([])
  }
  await page.waitForTimeout(1000)
  expect(seen.size).toBe(cells.length + texts.length)

  const traces = await page.evaluate(() => ({
    canary: (window as unknown as { canary: unknown }).canary,
    nested: (window as unknown as { nested: unknown }).nested,
    inherited: 'canary' in Object.prototype,
    title: document.title,
    stored: [...Object.keys(localStorage), ...Object.keys(sessionStorage), document.cookie].filter((key) => key.includes('canary')),
    alive: document.querySelector('#app .notebook') !== null,
    tallest: Math.max(...[...document.querySelectorAll('iframe')].map((frame) => frame.offsetHeight)),
    sandboxes: [...new Set([...document.querySelectorAll('iframe')].map((frame) => frame.getAttribute('sandbox')))],
  }))
  expect(traces).toMatchObject({ canary: 0, nested: 0, inherited: false, stored: [], alive: true })
  expect(traces.title).not.toContain('hit')
  expect(traces.tallest).toBeLessThanOrEqual(2000)
  expect(traces.sandboxes.every((sandbox) => sandbox === 'allow-scripts')).toBe(true)
  expect(faults).toEqual([])
  expect(hits.filter((name) => !name.endsWith('.control.test')).map((name) => `${name}: ${JSON.stringify(all[Number(/\d+/.exec(name)?.[0])])}`)).toEqual([])
  await close()
})

test('without what the frame takes away, a window within it has what the frame lacks', async ({ page }) => {
  await page.goto('about:blank')
  const works = await page.evaluate(
    (scripts) =>
      Promise.all(
        scripts.map((script) => {
          const frame = document.createElement('iframe')
          frame.setAttribute('sandbox', 'allow-scripts')
          frame.srcdoc = `<!doctype html><body><p>x</p><script>${script}</${'script'}>`
          document.body.append(frame)
          return new Promise<boolean>((resolve) => {
            window.addEventListener('message', ({ source, data }) => (source as Window).parent === frame.contentWindow && resolve(data === 'nested'))
            setTimeout(() => resolve(false), 3000)
          })
        }),
      ),
    nested,
  )
  expect(nested.filter((_, index) => !works[index])).toEqual([])
})

test('the machine to which a frame within a frame would lead is not even greeted', async () => {
  const { browser, seen, close } = await watchedBrowser()
  const page = await browser.newPage()
  await page.goto('http://a.control.test/').catch(() => undefined)
  expect(seen.connections).toBeGreaterThan(0)
  const far = 'http://nest.evil.test/'
  const shown = `<iframe src=${far}></iframe><object data=${far}></object><embed src=${far}><p id=ran>no</p>
<script>
  for (const [name, key] of [['iframe', 'src'], ['object', 'data'], ['embed', 'src'], ['frame', 'src']]) {
    const made = document.createElement(name)
    made[key] = '${far}'
    document.body.append(made)
  }
  document.body.insertAdjacentHTML('beforeend', '<iframe src=${far}>')
  document.getElementById('ran').textContent = 'ran'
</script>`
  const { notebook_id: id } = await makeNotebook('Greeted', [`from IPython.display import display\ndisplay({"text/html": ${JSON.stringify(shown)}}, raw=True)`])
  await runAll(id)
  seen.connections = 0
  await open(page, id)
  await expect(page.frameLocator('.cell iframe').locator('#ran')).toHaveText('ran')
  await page.waitForTimeout(1500)
  expect(seen.connections).toBe(0)
  await close()
})
