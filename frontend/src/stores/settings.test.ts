// Settings of other versions are read as far as they make sense.

import { describe, expect, it } from 'vitest'
import { defaults, LARGEST_FONT, read, SMALLEST_FONT } from './settings'

describe('settings', () => {
  it('are taken as they were kept', () => {
    const kept = { theme: 'dark', language: 'zh-CN', fontSize: 16, keyMap: 'vim', lineNumbers: true, wrap: false } as const
    expect(read(JSON.stringify(kept))).toEqual(kept)
  })
  it('get what an older version did not have, and lose what none has any more', () => {
    expect(read('{"theme":"light","sparkles":true}')).toEqual({ ...defaults(), theme: 'light' })
  })
  it.each([
    ['theme', 'pink'],
    ['language', 'tlh'],
    ['keyMap', 'emacs'],
    ['lineNumbers', 'yes'],
    ['fontSize', '20'],
    ['fontSize', null],
  ])('are as at first where %s is %j', (name, value) => {
    expect(read(JSON.stringify({ [name]: value }))).toEqual(defaults())
  })
  it('keep the font readable', () => {
    expect(read('{"fontSize":900}').fontSize).toBe(LARGEST_FONT)
    expect(read('{"fontSize":-3}').fontSize).toBe(SMALLEST_FONT)
  })
  it.each(['', 'null', '[]', '7', '{'])('are as at first where %j was kept', (text) => {
    expect(read(text)).toEqual(defaults())
  })
})
