// Markdown to HTML that is still to be sanitised. Formulas are left as text in elements with the class `math`.

import MarkdownIt from 'markdown-it'

type Inline = Parameters<InstanceType<typeof MarkdownIt>['inline']['ruler']['before']>[2]
type Block = Parameters<InstanceType<typeof MarkdownIt>['block']['ruler']['before']>[2]

const DOLLAR = 36

/** `$…$` within a line, as Jupyter and pandoc read it: no space inside, no digit behind. */
const inlineMath: Inline = (state, silent) => {
  const { src, pos } = state
  if (src.charCodeAt(pos) !== DOLLAR) return false
  const double = src.charCodeAt(pos + 1) === DOLLAR
  const mark = double ? '$$' : '$'
  const from = pos + mark.length
  let to = src.indexOf(mark, from)
  while (to > 0 && src[to - 1] === '\\') to = src.indexOf(mark, to + 1)
  if (to <= from) return false
  const formula = src.slice(from, to)
  if (formula.includes('`')) return false
  if (!double && (/^\s|\s$/.test(formula) || /\d/.test(src[to + 1] ?? ''))) return false
  if (!silent) {
    const token = state.push('math', 'span', 0)
    token.content = formula
    token.meta = { display: double }
  }
  state.pos = to + mark.length
  return true
}

/** `$$` on a line of its own up to the next, or `\begin{…}` up to its `\end`. */
const blockMath: Block = (state, startLine, endLine, silent) => {
  const lineOf = (line: number) => state.src.slice(state.bMarks[line]! + state.tShift[line]!, state.eMarks[line])
  const first = lineOf(startLine)
  const environment = /^\\begin\{([a-zA-Z]+\*?)\}/.exec(first)?.[1]
  const end = environment === undefined ? '$$' : `\\end{${environment}}`
  if (environment === undefined && !first.startsWith('$$')) return false
  if (silent) return true
  const lines: string[] = []
  let line = startLine
  for (; line < endLine; line += 1) {
    const text = line === startLine && environment === undefined ? first.slice(2) : lineOf(line)
    const at = text.indexOf(end)
    if (at < 0) {
      lines.push(text)
      continue
    }
    if (environment === undefined && text.slice(at + 2).trim() !== '') return false
    lines.push(environment === undefined ? text.slice(0, at) : text.slice(0, at + end.length))
    break
  }
  if (line >= endLine) return false
  const token = state.push('math', 'div', 0)
  token.content = lines.join('\n').trim()
  token.meta = { display: true }
  token.block = true
  state.line = line + 1
  return true
}

const parser = new MarkdownIt({ html: true, linkify: true, typographer: false })
parser.inline.ruler.before('escape', 'math', inlineMath)
parser.block.ruler.before('paragraph', 'math', blockMath, { alt: ['paragraph', 'blockquote', 'list'] })
parser.renderer.rules.math = (tokens, index) => {
  const token = tokens[index]!
  const display = (token.meta as { display: boolean }).display
  const text = parser.utils.escapeHtml(token.content)
  return display && token.block ? `<div class="math math-display">${text}</div>` : `<span class="math${display ? ' math-display' : ''}">${text}</span>`
}

/** Finds a picture by its address: its data address, null when there is none, nothing while it comes. */
export type Finder = (address: string) => string | null | undefined

const image = parser.renderer.rules.image!
parser.renderer.rules.image = (tokens, index, options, given, renderer) => {
  const environment = (given ?? {}) as { find?: Finder }
  const token = tokens[index]!
  const address = String(token.attrGet('src') ?? '')
  if (environment.find === undefined || /^(?:https?:|data:|\/\/)/i.test(address)) return image(tokens, index, options, environment, renderer)
  const found = environment.find(address)
  if (found === null) return `<code>${parser.utils.escapeHtml(token.content || address)}</code>`
  if (found === undefined) return ''
  token.attrSet('src', found)
  return image(tokens, index, options, environment, renderer)
}

/** Returns the HTML of markdown. It is as dangerous as its source: only `SafeHtml` shows it. */
export function htmlOf(source: string, find?: Finder): string {
  return parser.render(source, { find })
}
