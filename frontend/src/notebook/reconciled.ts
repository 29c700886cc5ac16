// Outputs of which a new version came. Pure.

import { still, type Output } from '@/outputs/types'

/** Keeps outputs that are as they were, so that what is drawn of them stays. */
export function reconciled(before: Output[], after: Output[]): Output[] {
  return after.map((output, index) => {
    const known = before[index]
    if (known === undefined || known.output_type !== output.output_type) return still(output)
    return same({ ...known, display_id: undefined }, { ...output, display_id: undefined }) ? known : still(output)
  })
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
}
