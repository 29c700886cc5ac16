// What the page hears of what happens elsewhere, and what it does while it hears nothing.

import { expect, test } from './guarded'
import { enter, service } from './service'
import { openTabs, tabs } from './shell'

test('the banner says that the service is away, and goes by itself', async ({ page, context }) => {
  await enter(page)
  await expect(page.getByRole('heading', { name: 'Recent notebooks' })).toBeVisible()
  await context.setOffline(true)
  const banner = page.getByRole('status').filter({ hasText: 'Trying again' })
  await expect(banner).toBeVisible({ timeout: 15_000 })
  await context.setOffline(false)
  await expect(banner).toHaveCount(0, { timeout: 15_000 })
})

test('what happens elsewhere is told: the lists are true without being asked for again and again', async ({ page }) => {
  const api = await service()
  const [id = ''] = await openTabs(page, ['told'], ['import time\ntime.sleep(1)'])
  await expect(page.getByRole('contentinfo')).toContainText('No session')
  const asked: string[] = []
  page.on('request', (request) => /\/api\/v1\/(sessions|notebooks|projects)(\?|$)/.test(request.url()) && asked.push(request.url()))
  await api.post(`/api/v1/notebooks/${id}/execute`, { data: { which: 'all' } })
  await expect(tabs(page).first()).toContainText('running', { timeout: 20_000 })
  await expect(page.getByRole('contentinfo')).toContainText('Running')
  await expect(page.getByRole('contentinfo')).toContainText('Idle')
  const name = `told anew ${Date.now()}`
  await api.patch(`/api/v1/notebooks/${id}`, { data: { name } })
  await expect(tabs(page).first()).toContainText(name)
  expect(asked).toEqual([])
  // What nobody here knew of is asked for.
  const other = `told new ${Date.now()}`
  const made = (await (await api.post('/api/v1/notebooks', { data: { name: other } })).json()) as { notebook_id: string }
  await page.keyboard.press('Alt+h')
  await expect(page.getByRole('link', { name: other })).toBeVisible()
  await api.delete(`/api/v1/notebooks/${made.notebook_id}`)
  await expect(page.getByRole('link', { name: other })).toHaveCount(0)
})

test('without a line for news it is looked now and then', async ({ page }) => {
  await page.routeWebSocket(/\/ws\/events/, (socket) => void socket.close({ code: 1011 }))
  const api = await service()
  await enter(page)
  await expect(page.getByRole('heading', { name: 'Recent notebooks' })).toBeVisible()
  const name = `looked ${Date.now()}`
  await api.post('/api/v1/notebooks', { data: { name } })
  await expect(page.getByRole('link', { name })).toBeVisible({ timeout: 15_000 })
})

test('a notebook that is gone says so, and is asked for no more', async ({ page }) => {
  const missing = '00000000-0000-7000-8000-000000000000'
  await enter(page)
  await page.goto(`/notebooks/${missing}`)
  await expect(page.getByText('This notebook does not exist.')).toBeVisible()
  await expect(tabs(page).first()).toContainText('Not found', { timeout: 15_000 })
  // What was asked before that was known has its answer.
  await page.waitForLoadState('networkidle')
  let asked = 0
  page.on('request', (request) => {
    if (request.url().endsWith(`/notebooks/${missing}/status`)) asked++
  })
  // Longer than the pause between two looks.
  await page.waitForTimeout(9000)
  expect(asked).toBe(0)
})

test('a tab that comes while the lists are on their way is asked for as well', async ({ page }) => {
  const missing = '00000000-0000-7000-8000-000000000001'
  let held = () => {}
  const released = new Promise<void>((resolve) => (held = resolve))
  await page.route(/\/api\/v1\/projects\?/, async (route) => {
    await released
    await route.continue()
  })
  const listed = page.waitForResponse(/\/api\/v1\/sessions\?/)
  await enter(page)
  await listed
  await page.evaluate((path) => {
    window.history.pushState({}, '', path)
    window.dispatchEvent(new PopStateEvent('popstate', { state: {} }))
  }, `/notebooks/${missing}`)
  await expect(tabs(page)).toHaveCount(1)
  held()
  await expect(tabs(page).first()).toContainText('Not found', { timeout: 15_000 })
})
