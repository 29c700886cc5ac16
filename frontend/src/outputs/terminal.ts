// Long text in blocks of lines: only blocks that changed are read and drawn again.

import { pieces, type Look } from './ansi'
import { linked, type Part } from './traceback'

export interface Block {
  text: string
  from: Look
  to: Look
  parts: Part[]
}

const LINES = 200
/** So many lines are shown until somebody asks for all: the first and the last. */
export const MOST_LINES = 2000

export interface Shown {
  /** The beginning, of a text that is too long. */
  head: string
  /** How many lines are left out. */
  hidden: number
  tail: string
}

/** Leaves out the middle of a text that has very many lines. */
export function shortened(text: string, all: boolean): Shown {
  if (all || text.length < MOST_LINES) return { head: text, hidden: 0, tail: '' }
  const lines = count(text)
  if (lines <= MOST_LINES) return { head: text, hidden: 0, tail: '' }
  let head = 0
  for (let line = 0; line < MOST_LINES / 4; line += 1) head = text.indexOf('\n', head) + 1
  let tail = text.length
  for (let line = 0; line < (MOST_LINES * 3) / 4; line += 1) tail = text.lastIndexOf('\n', tail - 1)
  return { head: text.slice(0, head), hidden: lines - MOST_LINES, tail: text.slice(tail + 1) }
}

function count(text: string): number {
  let lines = 1
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}

/** Reads a text into blocks, taking over what has not changed since the last time. */
export function blocksOf(text: string, before: readonly Block[]): Block[] {
  const blocks: Block[] = []
  let look: Look = {}
  let at = 0
  while (at < text.length) {
    let end = at
    for (let line = 0; line < LINES && end >= 0; line += 1) {
      const next = text.indexOf('\n', end)
      end = next < 0 ? -1 : next + 1
    }
    const part = text.slice(at, end < 0 ? text.length : end)
    const known = before[blocks.length]
    if (known !== undefined && known.text === part && same(known.from, look)) {
      blocks.push(known)
    } else {
      const read = pieces(part, look)
      blocks.push({ text: part, from: look, to: read.look, parts: linked(read.pieces) })
    }
    look = blocks.at(-1)!.to
    at += part.length
  }
  return blocks
}

function same(a: Look, b: Look): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
