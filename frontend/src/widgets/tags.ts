// What may be added to a list of tags. Pure.

export type TagKind = 'text' | 'colour' | 'whole' | 'number'

interface Tags {
  values: (string | number)[]
  of: TagKind
  allowed: string[]
  /** The same may be there twice. */
  again: boolean
  min?: number
  max?: number
}

/** Returns the tag that somebody wrote; nothing when it is none that may be there. */
export function tagOf({ values, of, allowed, again, min = -Infinity, max = Infinity }: Tags, written: string): string | number | undefined {
  const text = written.trim()
  if (text === '') return undefined
  const tag = of === 'whole' || of === 'number' ? Number(text) : text
  if (typeof tag === 'number' && (!Number.isFinite(tag) || tag < min || tag > max || (of === 'whole' && !Number.isInteger(tag)))) return undefined
  if (allowed.length > 0 && !allowed.includes(text)) return undefined
  return again || !values.includes(tag) ? tag : undefined
}
