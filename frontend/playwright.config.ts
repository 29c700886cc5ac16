// The page in a real browser against a real service: CELLBLOCK_URL is the address with the token that the
// service prints, of the service itself or of something in front of it that serves the page.

import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: 'tests',
  testMatch: '**/*.spec.ts',
  fullyParallel: false,
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: 'line',
  // Where other work goes on beside it, a browser may be late once.
  retries: process.env.CI ? 1 : 0,
  use: {
    baseURL: new URL('/', process.env.CELLBLOCK_URL ?? 'http://127.0.0.1:8888').href,
    viewport: { width: 1280, height: 800 },
    locale: 'en-US',
    acceptDownloads: true,
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
})
