// Headings of a notebook: its outline, and the sections that can be folded away.

import { computed, toRaw, type Ref } from 'vue'
import type { Notebook } from './model'

export interface Heading {
  cell: string
  level: number
  text: string
}

/** Returns the headings that markdown has, outside of code. */
export function headingsOf(source: string): { level: number; text: string }[] {
  const headings: { level: number; text: string }[] = []
  let fence = ''
  for (const line of source.split('\n')) {
    const mark = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (mark !== undefined) {
      if (fence === '') fence = mark
      else if (mark.startsWith(fence)) fence = ''
      continue
    }
    const heading = fence === '' ? /^\s{0,3}(#{1,6})\s+(.+?)\s*#*\s*$/.exec(line) : null
    if (heading !== null) headings.push({ level: heading[1]!.length, text: heading[2]!.replace(/[*_`]|\[([^\]]*)\]\([^)]*\)/g, '$1') })
  }
  return headings
}

/** Returns the headings of a notebook. `draftOf` is the text of a cell that is among the unsaved ones. */
export function useOutline(copy: Ref<Notebook | null>, unsaved: ReadonlySet<string>, draftOf: (cell: string) => string | undefined) {
  return computed<Heading[]>(() => {
    const notebook = copy.value
    if (notebook === null) return []
    // This is watched instead of each cell.
    void notebook.edits
    const { cells } = toRaw(notebook)
    const drafts = new Set(unsaved)
    return [...notebook.order].flatMap((id) => {
      const cell = cells.get(id)
      if (cell?.cell_type !== 'markdown') return []
      const text = drafts.has(id) ? (draftOf(id) ?? '') : cell.source
      return headingsOf(text).map((heading) => ({ cell: id, ...heading }))
    })
  })
}

/** Returns the cells below folded headings, up to the next heading of the same or a higher level. */
export function hiddenBy(order: string[], outline: Heading[], folded: ReadonlySet<string>): Set<string> {
  const hidden = new Set<string>()
  if (folded.size === 0) return hidden
  const levels = new Map<string, number>()
  for (const { cell, level } of outline) levels.set(cell, Math.min(level, levels.get(cell) ?? 7))
  let under = 0
  for (const cell of order) {
    const level = levels.get(cell)
    if (under > 0 && level !== undefined && level <= under) under = 0
    if (under > 0) hidden.add(cell)
    else if (level !== undefined && folded.has(cell)) under = level
  }
  return hidden
}
