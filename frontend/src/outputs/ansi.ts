// Text with the colours of a terminal, read into pieces. Nothing here makes HTML.

/** How a piece of text looks. Colours 0 to 15 follow the theme, others are fixed. */
export interface Look {
  colour?: string
  background?: string
  bold?: boolean
  dim?: boolean
  italic?: boolean
  underline?: boolean
  struck?: boolean
  inverse?: boolean
}

export interface Piece {
  text: string
  look: Look
}

// OSC, DCS, APC, PM and SOS up to their end, CSI, and two-letter sequences; only CSI … m means something here.
const SEQUENCE = /\x1b(?:[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|\[([0-9:;<=>?]*)[ -/]*([@-~])|\[[0-9:;<=>?]*$|[ -/]*[0-~]|$)/g
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]/g

const CUBE = [0, 95, 135, 175, 215, 255]

/** Returns the CSS colour of one of the 256. */
export function colour(number: number): string | undefined {
  if (!Number.isInteger(number) || number < 0 || number > 255) return undefined
  if (number < 16) return `var(--ansi-${number})`
  if (number > 231) {
    const grey = 8 + (number - 232) * 10
    return fixed(grey, grey, grey)
  }
  const index = number - 16
  return fixed(CUBE[Math.floor(index / 36)]!, CUBE[Math.floor(index / 6) % 6]!, CUBE[index % 6]!)
}

/** The luminance of text that can be read upon light, and upon dark. */
const DARK_ENOUGH = 0.14
const LIGHT_ENOUGH = 0.4

/** Returns a colour that somebody chose for one theme so that it can be read in both. */
function fixed(red: number, green: number, blue: number): string {
  const given = [red, green, blue]
  const towards = (end: number, enough: (luminance: number) => boolean) => {
    for (let share = 0; share < 1; share += 0.05) {
      const mixed = given.map((part) => Math.round(part + (end - part) * share))
      if (enough(luminance(mixed))) return `rgb(${mixed.join(' ')})`
    }
    return `rgb(${end} ${end} ${end})`
  }
  return `light-dark(${towards(0, (value) => value <= DARK_ENOUGH)}, ${towards(255, (value) => value >= LIGHT_ENOUGH)})`
}

/** Relative luminance as WCAG 2 defines it. */
function luminance(parts: number[]): number {
  const [red, green, blue] = parts.map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}

/** Reads text into pieces; `look` is how the text before it ended. */
export function pieces(text: string, look: Look = {}): { pieces: Piece[]; look: Look } {
  if (!text.includes('\x1b')) return { pieces: text === '' ? [] : [{ text: clean(text), look }], look }
  const found: Piece[] = []
  let now = look
  let from = 0
  for (const match of text.matchAll(SEQUENCE)) {
    if (match.index > from) found.push({ text: clean(text.slice(from, match.index)), look: now })
    if (match[2] === 'm') now = changed(now, match[1])
    from = match.index + match[0].length
  }
  if (from < text.length) found.push({ text: clean(text.slice(from)), look: now })
  return { pieces: found.filter((piece) => piece.text !== ''), look: now }
}

/** Returns text without any terminal sequence. */
export function plain(text: string): string {
  return clean(text.replace(SEQUENCE, ''))
}

function clean(text: string): string {
  return text.replace(CONTROLS, '')
}

/** Applies one "select graphic rendition". */
function changed(before: Look, parameters: string): Look {
  const codes = parameters === '' ? [0] : parameters.split(/[;:]/).map((part) => (part === '' ? 0 : Number(part)))
  let look = { ...before }
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at]!
    if (code === 0) look = {}
    else if (code === 1) look.bold = true
    else if (code === 2) look.dim = true
    else if (code === 3) look.italic = true
    else if (code === 4) look.underline = true
    else if (code === 7) look.inverse = true
    else if (code === 9) look.struck = true
    else if (code === 22) look.bold = look.dim = undefined
    else if (code === 23) look.italic = undefined
    else if (code === 24) look.underline = undefined
    else if (code === 27) look.inverse = undefined
    else if (code === 29) look.struck = undefined
    else if (code >= 30 && code <= 37) look.colour = colour(code - 30)
    else if (code === 39) look.colour = undefined
    else if (code >= 40 && code <= 47) look.background = colour(code - 40)
    else if (code === 49) look.background = undefined
    else if (code >= 90 && code <= 97) look.colour = colour(code - 82)
    else if (code >= 100 && code <= 107) look.background = colour(code - 92)
    else if (code === 38 || code === 48) {
      const [value, used] = extended(codes.slice(at + 1))
      at += used
      if (code === 38) look.colour = value
      else look.background = value
    }
  }
  return look
}

/** Reads `5;number` or `2;red;green;blue`, and says how many numbers that took. */
function extended(rest: number[]): [string | undefined, number] {
  if (rest[0] === 5) return [colour(rest[1] ?? -1), 2]
  if (rest[0] !== 2) return [undefined, rest.length]
  const parts = rest.slice(1, 4)
  const valid = parts.length === 3 && parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255)
  return [valid ? fixed(parts[0]!, parts[1]!, parts[2]!) : undefined, 4]
}

/** Returns how a look is written in CSS. */
export function style(look: Look): Record<string, string> {
  const made: Record<string, string> = {}
  const front = look.inverse ? look.background : look.colour
  const behind = look.inverse ? (look.colour ?? 'var(--text)') : look.background
  if (front !== undefined) made.color = front
  // Only tinted: what is written upon it follows the theme.
  if (behind !== undefined) made.backgroundColor = `color-mix(in srgb, ${behind} 28%, transparent)`
  if (look.bold) made.fontWeight = '700'
  if (look.dim) made.opacity = '0.7'
  if (look.italic) made.fontStyle = 'italic'
  const lines = [look.underline ? 'underline' : '', look.struck ? 'line-through' : ''].filter(Boolean)
  if (lines.length > 0) made.textDecoration = lines.join(' ')
  return made
}
