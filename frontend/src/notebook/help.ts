// Cells that ask for help as IPython has it: `name?`, `name??`, `?name`. What is asked is shown by the page: such a
// cell has no outputs.

export interface Question {
  name: string
  /** With two question marks the source is asked for. */
  source: boolean
}

/** Returns what the last line of a cell asks for. */
export function questionOf(code: string): Question | null {
  const last = code.trimEnd().split('\n').at(-1)?.trim() ?? ''
  const [, before = '', name, after = ''] = /^(\?{0,2})\s*([%\p{L}_][%\w.\p{L}]*)\s*(\?{0,2})$/u.exec(last) ?? []
  const marks = Math.max(before.length, after.length)
  return name === undefined || marks === 0 ? null : { name, source: marks === 2 }
}
