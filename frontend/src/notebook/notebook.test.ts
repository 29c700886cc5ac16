// The small rules of a notebook: keys, search, outline, positions, amounts.

import { describe, expect, it } from 'vitest'
import { duration, size } from './durations'
import { expressionOf, hitsOf, replaced } from './find'
import { KeyReader, nameOf } from './keys'
import { headingsOf, hiddenBy } from './outline'
import { isLong, shownTable } from './shown'
import { charactersBefore, positionOf } from './text'

const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({ key, code: /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more })

describe('keys', () => {
  it('are commands in one mode and text in the other', () => {
    const reader = new KeyReader()
    expect(reader.read(press('b'), 'command', 0)).toBe('add-below')
    expect(reader.read(press('b'), 'edit', 0)).toBeUndefined()
    expect(reader.read(press('Enter', { shiftKey: true }), 'edit', 0)).toBe('run-advance')
    expect(reader.read(press('M', { shiftKey: true }), 'command', 0)).toBe('merge')
    expect(reader.read(press('_', { ctrlKey: true, shiftKey: true, code: 'Minus' }), 'edit', 0)).toBe('split')
  })

  it('need two presses where one would be a pity', () => {
    const reader = new KeyReader()
    expect(reader.read(press('d'), 'command', 0)).toBe('waiting')
    expect(reader.read(press('d'), 'command', 300)).toBe('delete')
    expect(reader.read(press('d'), 'command', 400)).toBe('waiting')
    expect(reader.read(press('d'), 'command', 5000)).toBe('waiting')
    expect(reader.read(press('j'), 'command', 5100)).toBe('next')
    expect(reader.read(press('d'), 'command', 5200)).toBe('waiting')
  })

  it('do not find what objects inherit', () => {
    expect(new KeyReader().read(press('constructor'), 'command', 0)).toBeUndefined()
    expect(nameOf(press('ƒ', { altKey: true, shiftKey: true, code: 'KeyF' }))).toBe('Alt+Shift+f')
  })
})

describe('search', () => {
  const query = { text: 'a.b', caseSensitive: false, wholeWord: false, regex: false }

  it('takes text as it is, unless it is an expression', () => {
    expect(hitsOf(expressionOf(query)!, [['c', 'A.B axb a.b']])).toEqual([
      { cell: 'c', from: 0, to: 3 },
      { cell: 'c', from: 8, to: 11 },
    ])
    expect(hitsOf(expressionOf({ ...query, regex: true })!, [['c', 'axb']])).toHaveLength(1)
    expect(expressionOf({ ...query, text: '(', regex: true })).toBeUndefined()
  })

  it('finds whole words', () => {
    expect(hitsOf(expressionOf({ ...query, text: 'df', wholeWord: true })!, [['c', 'df df2 _df 数df df']])).toHaveLength(2)
  })

  it('replaces one or all; only expressions have groups', () => {
    const find = expressionOf({ ...query, text: 'x' })!
    expect(replaced(find, 'x x', '$&$1', false)).toBe('$&$1 $&$1')
    expect(replaced(find, 'x x', 'y', false, { cell: 'c', from: 2, to: 3 })).toBe('x y')
    expect(replaced(expressionOf({ ...query, text: '(\\d)', regex: true })!, 'a1', '<$1>', true)).toBe('a<1>')
  })
})

describe('outline', () => {
  it('has headings, not comments in code', () => {
    expect(headingsOf('# One\n```\n# no\n```\n## Two *it* #\ntext # no')).toEqual([
      { level: 1, text: 'One' },
      { level: 2, text: 'Two it' },
    ])
  })

  it('folds a section up to the next of its level', () => {
    const outline = [
      { cell: 'a', level: 1, text: '' },
      { cell: 'c', level: 2, text: '' },
      { cell: 'e', level: 1, text: '' },
    ]
    expect([...hiddenBy(['a', 'b', 'c', 'd', 'e', 'f'], outline, new Set(['a']))]).toEqual(['b', 'c', 'd'])
    expect([...hiddenBy(['a', 'b', 'c', 'd', 'e', 'f'], outline, new Set(['c']))]).toEqual(['d'])
  })
})

describe('positions', () => {
  it('count characters, as Python does', () => {
    expect(charactersBefore('a😀b', 3)).toBe(2)
    expect(positionOf('a😀b', 2)).toBe(3)
    expect(positionOf('abc', 9)).toBe(3)
  })
})

describe('what is shown', () => {
  it.each([
    ['df', 'df'],
    ['x = 1\ndf.head(10)', 'df'],
    ['display(table)', 'table'],
    ['df.sum()', undefined],
    ['print(df)', undefined],
    ['df = 3', undefined],
  ])('%j shows %j', (source, name) => {
    expect(shownTable(source)).toBe(name)
  })

  it('scrolls when it is long', () => {
    expect(isLong([{ output_type: 'stream', name: 'stdout', text: 'a\n'.repeat(10) }])).toBe(false)
    expect(isLong([{ output_type: 'stream', name: 'stdout', text: 'a\n'.repeat(300) }])).toBe(true)
    expect(isLong([{ output_type: 'stream', name: 'stdout', text: 'a'.repeat(1_000_000) }])).toBe(true)
  })
})

describe('amounts', () => {
  it('are short', () => {
    expect([0.4, 420, 4200, 42_000, 185_000, 7_800_000].map(duration)).toEqual(['1 ms', '420 ms', '4.2 s', '42 s', '3 min 05 s', '2 h 10 min'])
    expect([512, 1536, 257_753_088].map(size)).toEqual(['512 B', '1.5 KiB', '246 MiB'])
  })
})
