// How a widget plays: from one value to the next, to the end or around. Pure.

export interface Play {
  value: number
  min: number
  max: number
  step: number
  /** Between two steps, in milliseconds. */
  interval: number
  repeat: boolean
  playing: boolean
}

/** Steps do not follow faster, in milliseconds: each of them is told to code. */
const FASTEST = 40

export const pauseOf = ({ interval }: Play): number => Math.max(FASTEST, interval)

/** Returns what changes with the next step: the value, or that it does not play on. */
export function nextOf({ value, min, max, step, repeat }: Play): { value?: number; playing?: boolean } {
  const next = value + step
  if (next <= max && next >= min) return { value: next }
  return repeat ? { value: step < 0 ? max : min } : { playing: false }
}

/** Returns what changes when it is begun: at its end it begins anew. */
export function begunOf(play: Play): { value?: number; playing: boolean } {
  const over = nextOf({ ...play, repeat: false }).playing === false
  return over ? { value: play.step < 0 ? play.max : play.min, playing: true } : { playing: true }
}
