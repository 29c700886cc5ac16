// Moving several cells by moves of one. Pure.

/**
 * Returns the moves, each a cell and the number that it gets, by which neighbours come to stand before the cell that
 * has the number `before` in the order as it is.
 */
export function steps(order: readonly string[], which: readonly string[], before: number): [cell: string, to: number][] {
  const moved = order.filter((cell) => which.includes(cell))
  const first = order.indexOf(moved[0] ?? '')
  if (moved.length === 0 || (before >= first && before <= first + moved.length)) return []
  const start = before > first ? before - moved.length : before
  const moves = moved.map((cell, index): [string, number] => [cell, start + index])
  // Downwards the last goes first: what is moved never passes what has its place already.
  return before > first ? moves.reverse() : moves
}
