// Finding things by some of their letters, as a palette does.

export interface Match<T> {
  item: T
  score: number
  /** Where in the text the letters are. */
  at: number[]
}

const START = 8
const NEXT = 5
const HIT = 1

/** Finds the letters of a query in a text, in their order. The higher the score, the better. */
export function match(query: string, text: string): { score: number; at: number[] } | null {
  const wanted = [...query.toLowerCase()].filter((letter) => letter.trim() !== '').join('')
  const low = text.toLowerCase()
  if (wanted === '') return { score: 0, at: [] }
  const whole = low.indexOf(query.trim().toLowerCase())
  if (whole >= 0) {
    const length = query.trim().length
    const begins = whole === 0 || separates(text, whole)
    const at = Array.from({ length }, (_, index) => whole + index)
    return { score: length * (NEXT + HIT) + (begins ? START : 0) + START - whole / 100, at }
  }
  const at: number[] = []
  let score = 0
  let from = 0
  for (const letter of wanted) {
    const found = place(text, low, letter, from, at.at(-1))
    if (found < 0) return null
    score += HIT
    if (separates(text, found)) score += START
    else if (at.at(-1) === found - 1) score += NEXT
    else score -= Math.min(found - from, 5) / 5
    at.push(found)
    from = found + 1
  }
  return { score: score - text.length / 100, at }
}

/** A letter right behind the last one or at a word's beginning is preferred to the first one found. */
function place(text: string, low: string, letter: string, from: number, last: number | undefined): number {
  const first = low.indexOf(letter, from)
  if (first < 0 || first === (last ?? -2) + 1) return first
  for (let index = first; index >= 0; index = low.indexOf(letter, index + 1)) {
    if (separates(text, index)) return index
  }
  return first
}

/** Whether a word begins here. */
function separates(text: string, index: number): boolean {
  if (index === 0) return true
  const [before, here] = [text[index - 1] ?? '', text[index] ?? '']
  return /[\s/_.:\-(]/.test(before) || (/[a-z]/.test(before) && /[A-Z]/.test(here))
}

/** Returns what matches, the best first; everything in its order for an empty query. */
export function search<T>(query: string, items: readonly T[], textOf: (item: T) => string, most = 50): Match<T>[] {
  const found: Match<T>[] = []
  for (const item of items) {
    const matched = match(query, textOf(item))
    if (matched !== null) found.push({ item, ...matched })
  }
  return found.sort((one, other) => other.score - one.score).slice(0, most)
}
