// Positions in text: editors count UTF-16 units, the service counts characters.

/** Returns how many characters stand before a position of JavaScript's. */
export function charactersBefore(text: string, position: number): number {
  return [...text.slice(0, position)].length
}

/** Returns JavaScript's position of the character with a number. */
export function positionOf(text: string, character: number): number {
  let position = 0
  let count = 0
  for (const letter of text) {
    if (count === character) return position
    position += letter.length
    count += 1
  }
  return text.length
}
