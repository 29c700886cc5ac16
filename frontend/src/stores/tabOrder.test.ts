// Which tab is where, and which is shown when one is closed.

import { describe, expect, it } from 'vitest'
import { closed, moved, neighbour, opened, restored, type Open, type Tab } from './tabOrder'

const tab = (name: string): Tab => ({ path: `/notebooks/${name}`, kind: 'notebook', id: name, title: name })
const open = (names: string, active: string | null): Open => ({ tabs: [...names].map(tab), active: active && `/notebooks/${active}` })
const told = ({ tabs, active }: Open) => [tabs.map(({ id }) => id).join(''), active?.at(-1) ?? null]

describe('opening', () => {
  it('puts a new tab behind the one that is shown', () => {
    expect(told(opened(open('abc', 'a'), tab('x')))).toEqual(['axbc', 'x'])
  })
  it('puts it at the end when none is shown', () => {
    expect(told(opened(open('abc', null), tab('x')))).toEqual(['abcx', 'x'])
  })
  it('shows one that is open where it is', () => {
    expect(told(opened(open('abc', 'a'), tab('c')))).toEqual(['abc', 'c'])
  })
})

describe('closing', () => {
  it.each([
    ['the one shown: its right neighbour is next', 'abc', 'b', 'b', 'one', ['ac', 'c']],
    ['the last one shown: its left neighbour is next', 'abc', 'c', 'c', 'one', ['ab', 'b']],
    ['another one: what is shown stays', 'abc', 'a', 'b', 'one', ['ac', 'a']],
    ['the only one', 'a', 'a', 'a', 'one', ['', null]],
    ['others, of which one is shown', 'abcd', 'd', 'b', 'others', ['b', 'b']],
    ['those to the right, of which one is shown', 'abcd', 'd', 'b', 'right', ['ab', 'b']],
    ['those to the right of the last', 'abc', 'a', 'c', 'right', ['abc', 'a']],
    ['all', 'abc', 'b', 'a', 'all', ['', null]],
    ['one while the start page is shown', 'abc', null, 'a', 'one', ['bc', null]],
    ['one that is not open', 'abc', 'a', 'x', 'all', ['abc', 'a']],
  ] as const)('%s', (_, names, active, at, what, expected) => {
    expect(told(closed(open(names, active), `/notebooks/${at}`, what))).toEqual(expected)
  })
})

describe('moving', () => {
  it.each([
    [0, 2, 'bca'],
    [2, 0, 'cab'],
    [1, 1, 'abc'],
    [0, 99, 'bca'],
    [7, 0, 'abc'],
  ])('from %i to %i', (from, to, expected) => {
    expect(told(moved(open('abc', 'a'), from, to))).toEqual([expected, 'a'])
  })
})

it('goes around the end', () => {
  expect(neighbour(open('abc', 'c'), 1)?.id).toBe('a')
  expect(neighbour(open('abc', 'a'), -1)?.id).toBe('c')
  expect(neighbour(open('abc', null), -1)?.id).toBe('c')
  expect(neighbour(open('', null), 1)).toBeUndefined()
})

it('restores tabs and leaves out what is none', () => {
  const good = tab('a')
  const kept = [good, good, null, 7, { ...good, path: 'https://elsewhere' }, { ...good, path: '/x', kind: 'other' }, { ...good, path: '/y', title: 1 }]
  expect(restored(JSON.stringify(kept))).toEqual([good])
  expect(restored('not json')).toEqual([])
  expect(restored(null)).toEqual([])
  expect(restored('{"length": 3}')).toEqual([])
})
