// How the measurements run: one browser, nothing beside it, no second try.

import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: '.',
  testMatch: 'speed.ts',
  workers: 1,
  retries: 0,
  timeout: 600_000,
  reporter: [['./plain.ts']],
})
