// A test in which the page asks nobody but the service: a request to another host fails it.

import { expect, test as base } from '@playwright/test'
import { address } from './service'

const OWN = new Set([address.host])

/** Lets a spec that has a service of its own say so. */
export function alsoOwn(host: string): void {
  OWN.add(host)
}

export const test = base.extend<{ strangers: undefined }>({
  strangers: [
    async ({ context }, use) => {
      const asked: string[] = []
      const note = (text: string) => {
        const url = new URL(text)
        if (/^(https?|wss?):$/.test(url.protocol) && !OWN.has(url.host)) asked.push(text)
      }
      context.on('request', (request) => note(request.url()))
      context.on('page', (page) => page.on('websocket', (socket) => note(socket.url())))
      await use(undefined)
      expect(asked, 'asked of other hosts').toEqual([])
    },
    { auto: true },
  ],
})

export { expect }
