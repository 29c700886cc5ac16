// The examples of README.md, which scripts/examples.mjs makes one program of: they run, and tell what they say they do.
import { WebSocket } from 'ws'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

const told: string[] = []

beforeAll(() => {
  vi.stubGlobal('WebSocket', WebSocket)
  vi.spyOn(console, 'log').mockImplementation((...values) => void told.push(values.join(' ')))
})

afterAll(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

test('the examples run', async () => {
  await import('./made/readme.js')
  const all = told.join('\n')
  for (const expected of [/the sum\n3/, /ZeroDivisionError: division by zero/, /0\s+1\s+2/, /ADA/, /city,n/]) {
    expect(all).toMatch(expected)
  }
})
