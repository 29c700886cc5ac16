// How a file is cut for sending, and how far it is. Pure.

export interface Chunk {
  start: number
  end: number
}

export const CHUNK = 4 * 1024 * 1024

/** Files up to this size are sent in one piece. */
export const WHOLE = 8 * 1024 * 1024

/** The piece that is to be sent next, or nothing when all is there. */
export function chunkAt(offset: number, length: number, size = CHUNK): Chunk | null {
  if (offset >= length) return null
  return { start: offset, end: Math.min(offset + size, length) }
}

/** How much of all is there, from 0 to 1. A file without content is there at once. */
export function fraction(sent: number, length: number): number {
  return length === 0 ? 1 : Math.min(1, Math.max(0, sent / length))
}

/** The path of a dropped file below a folder: folders that were dropped stay folders. */
export function targetPath(folder: string, relative: string): string {
  const name = relative
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/')
  return folder === '' ? name : `${folder}/${name}`
}

/** A name that none of those is: `data 2.csv` beside `data.csv`. */
export function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name
  const dot = name.lastIndexOf('.')
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  for (let number = 2; ; number++) {
    const candidate = `${stem} ${number}${ending}`
    if (!taken.includes(candidate)) return candidate
  }
}
