// Places of cells in a traceback, so that a click leads to the line.

import { plain, type Piece } from './ansi'
import type { ErrorOutput } from './types'

export interface Place {
  /** The execution count of the cell. */
  execution: number
  line: number
}

export interface Part {
  text: string
  look: Piece['look']
  place?: Place
}

// IPython's "Cell In[2], line 3" and CPython's 'File "<ipython-input-2-…>", line 3'.
const PLACES = /(?:Cell\s+In\s?\[(\d+)\]|File\s+"?<ipython-input-(\d+)-[^>]*>"?),\s*line\s+(\d+)/g

/** Splits pieces where a traceback names a cell's line. Colours may change in the middle of such a name. */
export function linked(pieces: Piece[]): Part[] {
  const whole = pieces.map((piece) => piece.text).join('')
  const found = [...whole.matchAll(PLACES)].map((match) => ({
    from: match.index,
    to: match.index + match[0].length,
    place: { execution: Number(match[1] ?? match[2]), line: Number(match[3]) },
  }))
  const parts: Part[] = []
  let start = 0
  for (const { text, look } of pieces) {
    const end = start + text.length
    let at = start
    for (const { from, to, place } of found) {
      if (to <= at || from >= end) continue
      if (from > at) parts.push({ text: text.slice(at - start, from - start), look })
      const begin = Math.max(from, at)
      const stop = Math.min(to, end)
      parts.push({ text: text.slice(begin - start, stop - start), look, place })
      at = stop
    }
    if (at < end) parts.push({ text: text.slice(at - start), look })
    start = end
  }
  return parts
}

const RULE = /^-{20,}\s*$/

/**
 * Returns where an error came from, whose lines of code are not broken, and what it says. The lines of hyphens between
 * tell nothing, and are wider than a narrow screen.
 */
export function tracebackOf({ ename, evalue, traceback }: ErrorOutput): { frames: string; message: string } {
  if (traceback.length === 0) return { frames: '', message: `${ename}: ${evalue}` }
  const lines = traceback.join('\n').split('\n').filter((line) => !RULE.test(plain(line)))
  const said = lines.findLastIndex((line) => plain(line).startsWith(ename))
  const at = said < 0 ? lines.length : said
  return { frames: lines.slice(0, at).join('\n'), message: lines.slice(at).join('\n') }
}
