// Large outputs stand in files of their own; the notebook names them in `metadata.cellblock.kept`.

import { raw } from '@/api/client'
import { joined, type DisplayOutput } from './types'

export interface Kept {
  hash: string
  bytes: number
}

interface Ours {
  kept?: Record<string, Kept>
  filler?: boolean
  stream?: 'stdout' | 'stderr'
}

export function oursOf(output: DisplayOutput): Ours {
  const given = output.metadata?.cellblock
  return typeof given === 'object' && given !== null ? (given as Ours) : {}
}

/** Returns what of an output is elsewhere, by media type. */
export function keptOf(output: DisplayOutput): Record<string, Kept> {
  return oursOf(output).kept ?? {}
}

const BINARY = /^(?:image\/(?!svg)|application\/(?:pdf|octet-stream))/

/** Fetches what is elsewhere, in the form in which it would stand in the notebook. */
export async function whole(notebook: string, mime: string, { hash }: Kept): Promise<unknown> {
  const answer = await raw(`/api/v1/notebooks/${notebook}/outputs/${hash}`)
  if (BINARY.test(mime)) return base64(new Uint8Array(await answer.arrayBuffer()))
  const text = await answer.text()
  return mime.endsWith('json') ? (JSON.parse(text) as unknown) : joined(text)
}

function base64(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 0x8000) parts.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)))
  return btoa(parts.join(''))
}
