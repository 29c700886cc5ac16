// Where on its line the handle of a slider stands, and how its value is written. Pure.

import type { ShownAs } from './shown'

type Slider = ShownAs<'slider'>

/** Returns where a value stands: itself, or its exponent. */
export function positionOf({ base, min }: Slider, value: number): number {
  if (base === undefined) return value
  const exponent = Math.log(value) / Math.log(base)
  return Number.isFinite(exponent) ? exponent : min
}

/** Returns the value of a place. */
export function valueAt({ base, whole }: Slider, position: number): number {
  if (base !== undefined) return base ** position
  return whole ? Math.round(position) : position
}

/** Returns the values when one handle was moved: the two of a range do not pass each other. */
export function moved(slider: Slider, handle: number, position: number): number | number[] {
  const value = valueAt(slider, position)
  const [low = 0, high] = slider.values
  if (high === undefined) return value
  return handle === 0 ? [Math.min(value, high), high] : [low, Math.max(value, low)]
}

/** Writes a value as its format says; of formats only those with so many digits are known. */
export function written(slider: Slider, value: number, format: unknown): string {
  if (slider.places !== undefined) return slider.places[value] ?? ''
  const [, digits, kind] = /^,?\.(\d{1,2})([fe%])$/.exec(typeof format === 'string' ? format : '') ?? []
  if (kind === 'f') return value.toFixed(Number(digits))
  if (kind === 'e') return value.toExponential(Number(digits))
  if (kind === '%') return `${(value * 100).toFixed(Number(digits))}%`
  return slider.whole ? String(value) : String(Number(value.toPrecision(slider.base === undefined ? 6 : 3)))
}
