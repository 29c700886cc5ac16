// How files are cut for sending, and where they go.

import { describe, expect, it } from 'vitest'
import { chunkAt, fraction, freeName, targetPath } from './chunks'

describe('chunks', () => {
  it('cover a file once, without a gap', () => {
    const seen: number[] = []
    for (let chunk = chunkAt(0, 10, 4); chunk !== null; chunk = chunkAt(chunk.end, 10, 4)) {
      for (let at = chunk.start; at < chunk.end; at++) seen.push(at)
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
  it('go on where the service says it is', () => {
    expect(chunkAt(7, 10, 4)).toEqual({ start: 7, end: 10 })
  })
  it('are none when all is there', () => {
    expect(chunkAt(10, 10, 4)).toBeNull()
    expect(chunkAt(0, 0, 4)).toBeNull()
  })
  it('never end outside of the file', () => {
    expect(chunkAt(8, 9, 4)).toEqual({ start: 8, end: 9 })
  })
})

it('tells how much is there', () => {
  expect([fraction(0, 10), fraction(5, 10), fraction(12, 10), fraction(0, 0)]).toEqual([0, 0.5, 1, 1])
})

it('keeps dropped folders, and never leaves the folder it goes to', () => {
  expect(targetPath('', 'a/b.csv')).toBe('a/b.csv')
  expect(targetPath('data', '/a/b.csv')).toBe('data/a/b.csv')
  expect(targetPath('data', '../../a/./b.csv')).toBe('data/a/b.csv')
})

it('finds a name that is free', () => {
  expect(freeName('data.csv', [])).toBe('data.csv')
  expect(freeName('data.csv', ['data.csv', 'data 2.csv'])).toBe('data 3.csv')
  expect(freeName('.env', ['.env'])).toBe('.env 2')
})
