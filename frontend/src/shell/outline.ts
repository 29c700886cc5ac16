// The headings of a notebook. Pure.

export interface Heading {
  cell: string
  level: number
  text: string
}

interface Source {
  cell_id: string
  cell_type: string
  source: string
}

/** Finds the headings of markdown cells; what looks like one inside a code block is none. */
export function headings(cells: readonly Source[]): Heading[] {
  return cells.filter(({ cell_type }) => cell_type === 'markdown').flatMap(({ cell_id, source }) => {
    const found: Heading[] = []
    let fence: string | null = null
    for (const line of source.split('\n')) {
      const mark = /^ {0,3}(```+|~~~+)/.exec(line)?.[1]
      if (mark !== undefined && (fence === null || mark.startsWith(fence))) fence = fence === null ? mark : null
      const [, signs, text] = (fence === null && /^ {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$/.exec(line)) || []
      if (signs !== undefined && text) found.push({ cell: cell_id, level: signs.length, text: plain(text) })
    }
    return found
  })
}

/** A heading without the signs of emphasis, code and links. */
function plain(text: string): string {
  return text.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[*_`]+(?=\S)|(?<=\S)[*_`]+/g, '')
}
