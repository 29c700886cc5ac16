// Finding and replacing text in all cells of a notebook.

export interface Query {
  text: string
  caseSensitive: boolean
  wholeWord: boolean
  regex: boolean
}

export interface Hit {
  cell: string
  from: number
  to: number
}

/** More than this is not listed. */
const MOST = 10_000

/** Returns the expression of a query, or nothing when it is empty or wrong. */
export function expressionOf({ text, caseSensitive, wholeWord, regex }: Query): RegExp | undefined {
  if (text === '') return undefined
  const body = regex ? text : text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  try {
    return new RegExp(wholeWord ? `(?<![\\p{L}\\p{N}_])(?:${body})(?![\\p{L}\\p{N}_])` : body, `gmu${caseSensitive ? '' : 'i'}`)
  } catch {
    return undefined
  }
}

export function hitsOf(expression: RegExp, cells: Iterable<[cell: string, text: string]>): Hit[] {
  const hits: Hit[] = []
  for (const [cell, text] of cells) {
    for (const match of text.matchAll(expression)) {
      if (match[0] === '') continue
      hits.push({ cell, from: match.index, to: match.index + match[0].length })
      if (hits.length >= MOST) return hits
    }
  }
  return hits
}

/** Returns a text with one hit, or all, replaced; `$1` and the like stand for groups only in a regular expression. */
export function replaced(expression: RegExp, text: string, by: string, regex: boolean, only?: Hit): string {
  const put = regex ? by : by.replaceAll('$', '$$$$')
  if (only === undefined) return text.replace(expression, put)
  return text.replace(expression, (whole: string, ...rest: unknown[]) => {
    const at = rest.find((part): part is number => typeof part === 'number')
    return at === only.from ? whole.replace(new RegExp(expression.source, expression.flags.replace('g', '')), put) : whole
  })
}
