// Pictures of the main views in target/screenshots, for people to look at; none may be wider than its screen.

import { mkdir } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { expect, test } from './guarded'
import { make, service, TOKEN } from './service'
import { put } from './shell'

const FOLDER = '../target/screenshots'
const CELLS = [
  'import numpy as np, pandas as pd\nrng = np.random.default_rng(1)\ndf = pd.DataFrame({"city": rng.choice(["Bern", "Zug", "Basel"], 300), "t": rng.normal(12, 6, 300)})\ndf.head()',
  'import matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(6, 3))\nax.hist(df.t, bins=30);',
  'df.groupby("city").t.mean()',
]

let project = ''
let notebook = ''

test.beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true })
  const api = await service()
  const made = await make(api, ['temperatures'], CELLS)
  project = made.project
  notebook = made.notebooks[0]?.notebook_id ?? ''
  await put(project, { 'data/cities.csv': 'city,people\nBern,134591\nZug,31345\n', 'analysis.py': 'def area(radius):\n    """Of a circle."""\n    return 3.14 * radius ** 2  # about\n' })
  await api.post(`/api/v1/notebooks/${notebook}/execute`, { data: { which: 'all' } })
  await expect.poll(async () => ((await (await api.get(`/api/v1/notebooks/${notebook}`)).json()) as { status: string }).status, { timeout: 60_000 }).toBe('idle')
})

async function shoot(page: Page, name: string): Promise<void> {
  await page.waitForLoadState('networkidle')
  // What grows or fades is at its end.
  await page.waitForTimeout(400)
  await page.screenshot({ path: `${FOLDER}/${name}.png` })
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), name).toBeLessThanOrEqual(0)
}

for (const [name, width, height, theme, language] of [
  ['light', 1280, 800, 'light', 'en'],
  ['dark-chinese', 1280, 800, 'dark', 'zh-CN'],
  ['narrow', 360, 740, 'light', 'en'],
  ['narrow-dark-chinese', 360, 740, 'dark', 'zh-CN'],
] as const) {
  test(`the main views, ${name}`, async ({ page }) => {
    test.slow()
    await page.setViewportSize({ width, height })
    await page.addInitScript(
      ([token, settings, layout]) => {
        if (window !== window.top) return
        localStorage.setItem('cellblock.token', token)
        localStorage.setItem('cellblock.settings', settings)
        if (localStorage.getItem('cellblock.layout') === null) localStorage.setItem('cellblock.layout', layout)
      },
      [TOKEN, JSON.stringify({ theme, language }), JSON.stringify({ project })] as const,
    )
    await page.goto('/')
    await expect(page.locator('.list .row').first()).toBeVisible()
    await shoot(page, `${name}-start`)
    await page.goto(`/edit/${project}/data/cities.csv`)
    await shoot(page, `${name}-table`)
    await page.goto(`/edit/${project}/analysis.py`)
    await shoot(page, `${name}-text`)
    await page.goto(`/notebooks/${notebook}`)
    await expect(page.locator('.cell[data-cell]').first()).toBeVisible()
    await shoot(page, `${name}-notebook`)
    await page.keyboard.press('Control+k')
    await expect(page.getByRole('dialog')).toBeVisible()
    await shoot(page, `${name}-palette`)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+,')
    await expect(page.getByRole('dialog')).toBeVisible()
    await shoot(page, `${name}-settings`)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Alt+p')
    const panels = page.locator('.panels')
    for (const [index, panel] of ['variables', 'session', 'history', 'queue', 'log'].entries()) {
      await panels.getByRole('tab').nth(index).click()
      await shoot(page, `${name}-${panel}`)
    }
    for (const section of ['users', 'keys', 'quotas', 'usage', 'audit', 'tenants']) {
      await page.goto(`/admin/${section}`)
      await shoot(page, `${name}-admin-${section}`)
    }
  })
}
