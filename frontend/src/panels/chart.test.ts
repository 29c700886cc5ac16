// What charts are drawn from.

import { describe, expect, it } from 'vitest'
import { histogram, numbersOf, summaryOf, ticks } from './chart'

describe('a chart', () => {
  it('takes the numbers of a column, and leaves gaps where there are none', () => {
    expect(numbersOf([['a', 1], ['b', null], ['c', true], ['d', '4']], 1)).toEqual([1, Number.NaN, 1, Number.NaN])
  })
  it('sums up what there is', () => {
    expect(summaryOf([1, Number.NaN, 3, 8])).toEqual({ count: 3, missing: 1, least: 1, most: 8, mean: 4 })
    expect(summaryOf([Number.NaN])).toBeNull()
  })
  it('counts every value once, the largest too', () => {
    const bins = histogram([0, 1, 2, 3, 4, 10, Number.NaN], 5)
    expect(bins.map(({ count }) => count)).toEqual([2, 2, 1, 0, 1])
    expect(histogram([7, 7], 5)).toEqual([{ from: 7, to: 7, count: 2 }])
    expect(histogram([], 5)).toEqual([])
  })
  it.each([
    [0, 10, 5, [0, 2, 4, 6, 8, 10]],
    [-0.31, 0.29, 3, [-0.2, 0, 0.2]],
    [3, 3, 4, [3]],
  ])('has round ticks from %d to %d', (least, most, wanted, expected) => {
    expect(ticks(least, most, wanted)).toEqual(expected)
  })
})
