// How the tests are run: one after the other, against the service that CELLBLOCK_URL names.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@cellblock/client': fileURLToPath(new URL('src/index.ts', import.meta.url)) } },
  test: { include: ['tests/**/*.test.ts'], fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 },
})
