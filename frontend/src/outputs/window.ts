// Which rows of a very long table are on the screen. A browser cannot scroll over ten million pixels and more:
// beyond that one pixel of the scroll bar stands for more than one of the table.

export const ROW = 28
const TALLEST = 12_000_000

export interface Window {
  /** How high the scrolled area is. */
  height: number
  first: number
  count: number
  /** Where the first row stands within the scrolled area. */
  top: number
}

/** Returns the rows that are to be drawn. */
export function windowOf(rows: number, scrolled: number, viewport: number): Window {
  const whole = rows * ROW
  const height = Math.min(whole, TALLEST)
  const count = Math.min(rows, Math.ceil(viewport / ROW) + 1)
  if (height === whole) {
    const first = Math.max(0, Math.min(Math.floor(scrolled / ROW), rows - count))
    return { height, first, count, top: first * ROW }
  }
  const share = Math.min(1, Math.max(0, scrolled / Math.max(1, height - viewport)))
  const first = Math.round(share * Math.max(0, rows - Math.floor(viewport / ROW)))
  const last = Math.min(first, rows - count)
  return { height, first: last, count, top: Math.min(scrolled, height - count * ROW) }
}
