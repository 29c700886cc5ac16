// Moving several cells: whatever the place, the order at the end is the one that was asked for.

import { describe, expect, it } from 'vitest'
import { steps } from './moving'

function moved(order: string[], which: string[], before: number): string {
  const now = [...order]
  for (const [cell, to] of steps(order, which, before)) {
    now.splice(now.indexOf(cell), 1)
    now.splice(to, 0, cell)
  }
  return now.join('')
}

describe('several cells', () => {
  const order = [...'abcdef']

  it('go up and down together, in their order', () => {
    expect(moved(order, ['d', 'e'], 1)).toBe('adebcf')
    expect(moved(order, ['b', 'c'], 5)).toBe('adebcf')
    expect(moved(order, ['a', 'b', 'c'], 6)).toBe('defabc')
    expect(moved(order, ['d', 'e', 'f'], 0)).toBe('defabc')
  })

  it('stay where they are when they are dropped upon themselves', () => {
    for (const before of [1, 2, 3]) expect(steps(order, ['b', 'c'], before)).toEqual([])
  })
})
