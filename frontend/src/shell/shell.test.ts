// The pure parts of the shell.

import { describe, expect, it } from 'vitest'
import { checkHead } from './admin/auditChain'
import { ago, bytes, count, limitOf, seconds } from './units'

describe('units', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [201_457_664, '192 MiB'],
    [2 ** 34, '16 GiB'],
  ])('%i bytes are %s', (value, expected) => expect(bytes(value)).toBe(expected))
  it.each([
    [999, '999'],
    [6_052_574, '6.05 M'],
    [100e12, '100 T'],
  ])('%d counted is %s', (value, expected) => expect(count(value)).toBe(expected))
  it.each([
    [0.0097, '10 ms'],
    [12.34, '12.3 s'],
    [125, '2 min 5 s'],
    [7260, '2 h 1 min'],
  ])('%d seconds are %s', (value, expected) => expect(seconds(value)).toBe(expected))
  it('reads limits as the service writes them', () => {
    expect([limitOf('2 GiB'), limitOf('100 T'), limitOf('256'), limitOf(undefined)]).toEqual([2 ** 31, 1e14, 256, Number.POSITIVE_INFINITY])
  })
  it('tells the past from now', () => {
    const now = Date.parse('2026-01-02T12:00:00Z')
    expect(ago('2026-01-02T11:57:30Z', 'en', now)).toBe('2 min. ago')
    expect(ago('2026-01-01T11:00:00Z', 'en', now)).toBe('yesterday')
  })
})

describe('the head of the audit chain', () => {
  const record = (seq: number, mac = `m${seq}`) => ({ seq, mac })
  const head = { seq: 3, mac: 'm3', signature: 's' }

  it.each([
    ['whole', head, [record(3), record(2), record(1)]],
    ['whole', head, [record(4), record(3), record(2)]],
    ['empty', null, []],
    ['cut', head, [record(2), record(1)]],
    ['cut', head, []],
    ['cut', null, [record(1)]],
    ['changed', head, [record(3, 'other'), record(2)]],
    ['gap', head, [record(3), record(1)]],
  ] as const)('finds it %s', (verdict, given, records) => {
    expect(checkHead(given, records).verdict).toBe(verdict)
  })
})
