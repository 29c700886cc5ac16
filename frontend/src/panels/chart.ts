// What the chart of a column is drawn from. Pure.

export interface Summary {
  count: number
  missing: number
  least: number
  most: number
  mean: number
}

export interface Bin {
  from: number
  to: number
  count: number
}

/** The numbers of a column; what is not one is missing. */
export function numbersOf(rows: readonly (readonly unknown[])[], column: number): number[] {
  return rows.map((row) => {
    const value = row[column]
    if (typeof value === 'boolean') return Number(value)
    return typeof value === 'number' ? value : Number.NaN
  })
}

/** Returns nothing where there is no number. */
export function summaryOf(values: readonly number[]): Summary | null {
  const there = values.filter(Number.isFinite)
  if (there.length === 0) return null
  const [least, most] = rangeOf(there)
  return { count: there.length, missing: values.length - there.length, least, most, mean: there.reduce((sum, value) => sum + value, 0) / there.length }
}

function rangeOf(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
}

/** Counts how many values lie in each of so many equal parts of their range. */
export function histogram(values: readonly number[], parts: number): Bin[] {
  const there = values.filter(Number.isFinite)
  if (there.length === 0) return []
  const [least, most] = rangeOf(there)
  if (least === most) return [{ from: least, to: most, count: there.length }]
  const width = (most - least) / parts
  const bins = Array.from({ length: parts }, (_, part) => ({ from: least + part * width, to: least + (part + 1) * width, count: 0 }))
  for (const value of there) {
    const bin = bins[Math.min(parts - 1, Math.floor((value - least) / width))]
    if (bin !== undefined) bin.count++
  }
  return bins
}

/** Round numbers within a range, at most so many or one more, for an axis. */
export function ticks(least: number, most: number, wanted: number): number[] {
  if (!(most > least)) return [least]
  const rough = (most - least) / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10)
  const first = Math.ceil(least / step)
  const count = Math.floor(most / step + 1e-9) - first + 1
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toPrecision(12)))
}
