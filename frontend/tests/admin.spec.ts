// The pages of administrators.

import { expect, test } from './guarded'
import { enter, service } from './service'

test('keys are shown once and stop working when they are revoked', async ({ page }) => {
  await enter(page, '/admin/keys')
  const name = `key ${Date.now()}`
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await page.getByRole('button', { name: 'Make key' }).click()
  const secret = (await page.locator('.secret code').textContent()) ?? ''
  expect(secret).toMatch(/^cb_/)
  const me = () => page.evaluate(async (key) => (await fetch('/api/v1/users/me', { headers: { Authorization: `Bearer ${key}` } })).status, secret)
  expect(await me()).toBe(200)
  await page.reload()
  await expect(page.getByRole('row', { name })).toBeVisible()
  await expect(page.getByText(secret)).toHaveCount(0)
  await page.getByRole('row', { name }).getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await expect(page.getByRole('row', { name })).toHaveCount(0)
  expect(await me()).toBe(401)
})

test('users are added, changed and suspended, but not oneself', async ({ page }) => {
  await enter(page, '/admin/users')
  const name = `user ${Date.now()}`
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await page.getByRole('combobox', { name: 'Role', exact: true }).selectOption('viewer')
  await page.getByRole('button', { name: 'Add user' }).click()
  const row = page.getByRole('row', { name })
  await expect(row.getByLabel(`Role of ${name}`)).toHaveValue('viewer')
  await row.getByLabel(`Role of ${name}`).selectOption('member')
  await row.getByRole('button', { name: 'Suspend' }).click()
  await expect(row).toContainText('suspended')
  await expect(row.getByLabel(`Role of ${name}`)).toHaveValue('member')
  await row.getByRole('button', { name: 'Readmit' }).click()
  await expect(row).toContainText('active')
  const own = page.getByRole('row', { name: '(you)' })
  await expect(own.getByRole('button', { name: 'Suspend' })).toBeDisabled()
  await expect(own.getByRole('button', { name: 'Delete' })).toBeDisabled()
  await row.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(row).toHaveCount(0)
})

test('quotas are set, and go back to what is configured', async ({ page }) => {
  const limits = async () => (await (await (await service()).get('/api/v1/quotas')).json()) as { sessions: number }
  const { sessions } = await limits()
  await enter(page, '/admin/quotas')
  await page.getByRole('spinbutton', { name: 'Sessions' }).fill(String(sessions - 1))
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('The quotas are saved.')).toBeVisible()
  expect((await limits()).sessions).toBe(sessions - 1)
  await page.getByRole('button', { name: 'As configured' }).click()
  await expect(page.getByRole('spinbutton', { name: 'Sessions' })).toHaveValue(String(sessions))
})

test('an auditor sees the audit and nothing else', async ({ page }) => {
  const api = await service()
  const user = (await (await api.post('/api/v1/users', { data: { name: `auditor ${Date.now()}`, role: 'auditor' } })).json()) as { id: string }
  const { secret } = (await (await api.post('/api/v1/keys', { data: { name: 'auditor', user_id: user.id } })).json()) as { secret: string }
  await page.goto(`/admin?token=${secret}`)
  const pages = page.getByRole('navigation', { name: 'Administration' })
  await expect(pages.getByRole('link')).toHaveText(['Audit'])
  await expect(page.getByRole('row').nth(1)).toBeVisible()
  await page.getByRole('button', { name: 'Check the head' }).click()
  await expect(page.getByText('The newest record is the one that the head signs')).toBeVisible()
  await page.getByLabel('Action').selectOption('key_create')
  await page.getByRole('button', { name: 'Filter' }).click()
  await expect(page.getByRole('cell', { name: 'key made' }).first()).toBeVisible()
  await expect(page.getByRole('cell', { name: 'execution', exact: true })).toHaveCount(0)
  await page.goto('/admin/users')
  await expect(page.getByText('Not for your role')).toBeVisible()
  await api.delete(`/api/v1/users/${user.id}`)
})
