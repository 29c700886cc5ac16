// Highlighted code without an editor, for cells that nobody edits now: nothing of the editor is needed for it.

import { classHighlighter, highlightCode } from '@lezer/highlight'
import { parser } from '@lezer/python'

export interface Token {
  text: string
  kind: string
}

const MOST = 500
const known = new Map<string, Token[][]>()

/** Returns the tokens of Python code, line by line. */
export function highlighted(code: string): Token[][] {
  const before = known.get(code)
  if (before !== undefined) return before
  const lines: Token[][] = [[]]
  highlightCode(
    code,
    parser.parse(code),
    classHighlighter,
    (text, kind) => lines.at(-1)!.push({ text, kind }),
    () => lines.push([]),
  )
  if (known.size >= MOST) known.delete(known.keys().next().value!)
  known.set(code, lines)
  return lines
}
