// Keys that are faster than the editor they are meant for.

import { expect, it } from 'vitest'
import { nextTick, ref } from 'vue'
import { isMeant, useKeysAhead } from './ahead'

const key = (name: string, more: KeyboardEventInit = {}) => new KeyboardEvent('keydown', { key: name, code: name, cancelable: true, ...more })
const settled = () => new Promise((resolve) => setTimeout(resolve, 20))

it('wait for it, and come to it one after the other; those that come meanwhile come behind them', async () => {
  const awaited = ref(true)
  const done: string[] = []
  const ahead = useKeysAhead(
    () => awaited.value,
    async ({ key: name }) => {
      await nextTick()
      done.push(name)
    },
  )
  for (const name of ['End', 'x', 'Enter']) expect(ahead.take(key(name))).toBe(true)
  await settled()
  expect(done).toEqual([])
  awaited.value = false
  expect(ahead.take(key('y'))).toBe(true)
  await settled()
  expect(done).toEqual(['End', 'x', 'Enter', 'y'])
  expect(ahead.take(key('z'))).toBe(false)
})

it('are nothing when the user turned to something else', async () => {
  const awaited = ref(true)
  const done: string[] = []
  const ahead = useKeysAhead(
    () => awaited.value,
    ({ key: name }) => done.push(name),
  )
  ahead.take(key('d'))
  ahead.forget()
  awaited.value = false
  await settled()
  expect(done).toEqual([])
})

it('are left to the browser when they are its own', () => {
  for (const [name, more] of [['r', { ctrlKey: true }], ['F5', {}], ['Shift', { shiftKey: true }], ['t', { metaKey: true }]] as const) expect(isMeant(key(name, more))).toBe(false)
  for (const [name, more] of [['Enter', { shiftKey: true }], ['é', {}], ['Tab', {}], ['s', { ctrlKey: true }]] as const) expect(isMeant(key(name, more))).toBe(true)
})
