// What a browser can see of the audit chain: that the newest record is the one that the head signs, and that
// no number is missing. The seals themselves are checked by whoever has the key. Pure.

interface Head {
  seq: number
  mac: string
  signature: string
}

interface AuditEntry {
  seq: number
  mac: string
}

export interface HeadCheck {
  verdict: 'whole' | 'empty' | 'cut' | 'changed' | 'gap'
  /** The number of the head, or of the record where something is wrong. */
  seq: number
  signature?: string
}

/** Checks the newest records, given with the newest first. */
export function checkHead(head: Head | null, newest: readonly AuditEntry[]): HeadCheck {
  const [first] = newest
  if (head === null) return first === undefined ? { verdict: 'empty', seq: 0 } : { verdict: 'cut', seq: 0 }
  if (first === undefined || first.seq < head.seq) return { verdict: 'cut', seq: head.seq }
  const signed = newest.find(({ seq }) => seq === head.seq)
  if (signed === undefined || signed.mac !== head.mac) return { verdict: 'changed', seq: head.seq }
  const broken = newest.find((record, index) => index > 0 && record.seq !== (newest[index - 1]?.seq ?? 0) - 1)
  if (broken !== undefined) return { verdict: 'gap', seq: broken.seq + 1 }
  return { verdict: 'whole', seq: head.seq, signature: head.signature }
}
