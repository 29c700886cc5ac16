// CSV as people have it.

import { describe, expect, it } from 'vitest'
import { parseCsv } from './csv'

describe('CSV', () => {
  it('has quotes, line ends in fields and quotes in quotes', () => {
    expect(parseCsv('a,b\r\n"x, ""y""","1\n2"\r\n')).toEqual({ header: ['a', 'b'], rows: [['x, "y"', '1\n2']], cut: false })
  })
  it.each([
    ['a;b\n1,5;2\n', ['1,5', '2']],
    ['a\tb\n1\t2', ['1', '2']],
    ['\uFEFFa,b\n1,2', ['1', '2']],
  ])('is separated by what separates its first line: %j', (text, row) => {
    expect(parseCsv(text)).toEqual({ header: ['a', 'b'], rows: [row], cut: false })
  })
  it('keeps empty fields and leaves out empty lines', () => {
    expect(parseCsv('a,b\n,\n\n1,\n').rows).toEqual([
      ['', ''],
      ['1', ''],
    ])
  })
  it('is cut after so many rows', () => {
    const table = parseCsv('a\n1\n2\n3\n4\n', 2)
    expect(table).toEqual({ header: ['a'], rows: [['1'], ['2']], cut: true })
    expect(parseCsv('a\n1\n2\n', 2).cut).toBe(false)
  })
  it('may be nothing', () => {
    expect(parseCsv('')).toEqual({ header: [], rows: [], cut: false })
  })
})
