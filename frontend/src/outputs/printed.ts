// How printed text is put together: as a terminal does, with carriage returns and backspaces.

/**
 * Appends text to what was printed before. Of the last line, while it is open, what lies under a new text that is
 * still shorter is kept before a carriage return: nobody knows yet how far the new text will go.
 */
export function overwritten(before: string, text: string): string {
  const start = before.lastIndexOf('\n') + 1
  if (!text.includes('\r') && !text.includes('\b') && before.indexOf('\r', start) < 0) return before + text
  const lines = (before.slice(start) + text).split('\n')
  return before.slice(0, start) + lines.map((line, index) => (index === lines.length - 1 ? open(line) : drawn(line))).join('\n')
}

/** Returns printed text as it is seen. */
export function seen(text: string): string {
  if (!text.includes('\r') && !text.includes('\b')) return text
  return text.split('\n').map(drawn).join('\n')
}

function drawn(line: string): string {
  if (!line.includes('\r') && !line.includes('\b')) return line
  return line.split('\r').map(erased).reduce((under, over) => over + under.slice(over.length))
}

function open(line: string): string {
  const at = line.lastIndexOf('\r')
  if (at < 0) return line
  const under = drawn(line.slice(0, at))
  const over = line.slice(at + 1)
  return under.length > over.length ? `${under}\r${over}` : over
}

function erased(part: string): string {
  if (!part.includes('\b')) return part
  const letters: string[] = []
  for (const letter of part) {
    if (letter === '\b') letters.pop()
    else letters.push(letter)
  }
  return letters.join('')
}
