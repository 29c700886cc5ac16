// Printed text, put together as a terminal does.

import { describe, expect, it } from 'vitest'
import { overwritten, seen } from './printed'

describe('overwritten', () => {
  it.each([
    ['', 'plain\n', 'plain\n'],
    ['', 'a\rb\n', 'b\n'],
    ['', 'abc\rx', 'xbc'],
    ['10%', '\r20%', '20%'],
    ['10%\r', '20%', '20%'],
    ['done\r', '\n', 'done\n'],
    ['kept\n10%', '\r100%', 'kept\n100%'],
    ['', 'one\r\ntwo\r\n', 'one\ntwo\n'],
    ['', 'ab\b\bxy', 'xy'],
    ['line\n', 'next\r', 'line\nnext'],
    ['', '世界\r你', '你界'],
  ])('%j and %j make %j', (before, text, after) => {
    expect(seen(overwritten(before, text))).toBe(after)
  })

  it('comes to the same in pieces as in one', () => {
    const whole = 'start\n10%\r20%\r30%\nnext\r\nlast\rL'
    for (let at = 1; at < whole.length; at += 1) {
      expect(seen(overwritten(overwritten('', whole.slice(0, at)), whole.slice(at)))).toBe('start\n30%\nnext\nLast')
    }
  })

  it('does not grow with every turn of a progress bar', () => {
    let text = ''
    for (let turn = 0; turn < 1000; turn += 1) text = overwritten(text, `\r${'#'.repeat(turn % 40)}`)
    expect(text.length).toBeLessThan(100)
  })
})
