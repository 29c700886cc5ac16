// Bytes of widgets on their way and back.

import { expect, it } from 'vitest'
import { Binary, joinedBytes, partedBytes } from './binary'

it('bytes that are taken out come back to where they were', () => {
  const state = { error: '', value: [{ name: 'a.txt', size: 1, content: new Binary('YQ==') }, { name: 'b.txt', content: new Binary('Yg==') }] }
  const { state: rest, buffer_paths, buffers } = partedBytes(state)
  expect(rest).toEqual({ error: '', value: [{ name: 'a.txt', size: 1 }, { name: 'b.txt' }] })
  expect(buffer_paths).toEqual([['value', 0, 'content'], ['value', 1, 'content']])
  expect(joinedBytes(rest, buffer_paths, buffers)).toEqual(state)
})

it('of paths that lead nowhere nothing comes', () => {
  const state = { value: [1], text: 'x' }
  for (const path of [[], ['text', 'a'], ['value', 7], ['value', 'length'], [{}], 'value', null]) expect(joinedBytes(state, [path], ['YQ=='])).toEqual(state)
  expect(joinedBytes(state, [['value'], ['text']], [1])).toEqual(state)
  expect(Object.getPrototypeOf(joinedBytes(state, [['__proto__']], ['YQ==']))).toBe(Object.prototype)
})
