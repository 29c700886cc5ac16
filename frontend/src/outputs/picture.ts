// Pictures as they stand in notebooks: base64, or the text of an SVG.

import { joined } from './types'

/** More pixels than this are not decoded unasked: a small file can claim billions. */
const MOST_PIXELS = 60_000_000

/** Halves of characters, which no address can hold. */
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/** Returns an address that an <img> can show. */
export function pictureOf(mime: string, value: unknown): string {
  const text = joined(value)
  if (mime !== 'image/svg+xml') return `data:${mime};base64,${text.replace(/[^A-Za-z0-9+/=]/g, '')}`
  const svg = /\sxmlns\s*=/.test(text) ? text : text.replace(/<svg\b/, '<svg xmlns="http://www.w3.org/2000/svg"')
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg.replace(LONE, '\ufffd'))}`
}

interface Size {
  width?: number
  height?: number
}

/** Returns how large a picture is shown: as its metadata says, or as the PNG itself does. */
export function sizeOf(mime: string, value: unknown, metadata: unknown): Size {
  const given = (typeof metadata === 'object' && metadata !== null ? metadata : {}) as Record<string, unknown>
  const number = (key: string) => (typeof given[key] === 'number' && given[key] > 0 ? given[key] : undefined)
  const width = number('width')
  const height = number('height')
  if (width !== undefined || height !== undefined) return { width, height }
  return mime === 'image/png' ? (pngSize(joined(value)) ?? {}) : {}
}

/** Says whether a picture has more pixels than a page should decode unasked. */
export function tooLarge(mime: string, value: unknown): boolean {
  const size = mime === 'image/png' ? pngSize(joined(value)) : undefined
  return size !== undefined && size.width * size.height > MOST_PIXELS
}

/** Reads width and height from the first 24 bytes of a PNG. */
function pngSize(base64: string): { width: number; height: number } | undefined {
  const head = base64.slice(0, 64).replace(/\s/g, '').slice(0, 32)
  if (!/^[A-Za-z0-9+/]{32}$/.test(head)) return undefined
  const bytes = atob(head)
  const number = (at: number) => [0, 1, 2, 3].reduce((sum, index) => sum * 256 + bytes.charCodeAt(at + index), 0)
  return bytes.startsWith('\x89PNG') ? { width: number(16), height: number(20) } : undefined
}
