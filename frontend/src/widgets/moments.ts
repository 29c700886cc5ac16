// Dates, times and colours: as ipywidgets' states have them, and as the fields of a browser do. Pure.

export type MomentKind = 'date' | 'time' | 'datetime' | 'naive'

interface Parts {
  year?: unknown
  /** From 0, as JavaScript counts them. */
  month?: unknown
  date?: unknown
  hours?: unknown
  minutes?: unknown
  seconds?: unknown
  milliseconds?: unknown
}

const two = (value: unknown, length = 2): string => String(typeof value === 'number' ? value : 0).padStart(length, '0')

/** Returns what stands in a field; nothing for what is no date or time. A time with a zone is shown in the user's. */
export function momentOf(kind: MomentKind, value: unknown): string {
  if (typeof value !== 'object' || value === null) return ''
  const parts = value as Parts
  const given = Object.values(parts)
  if (given.length === 0 || given.some((part) => typeof part !== 'number' || !Number.isInteger(part))) return ''
  const day = `${two(parts.year, 4)}-${two(Number(parts.month) + 1)}-${two(parts.date)}`
  const clock = `${two(parts.hours)}:${two(parts.minutes)}:${two(parts.seconds)}`
  switch (kind) {
    case 'date':
      return day
    case 'time':
      return clock
    case 'naive':
      return `${day}T${clock}`
    case 'datetime': {
      const at = new Date(`${day}T${clock}Z`)
      if (Number.isNaN(at.getTime())) return ''
      return `${two(at.getFullYear(), 4)}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
    }
  }
}

/** Returns the state that a field's text stands for; `null` for an empty field. */
export function momentState(kind: MomentKind, field: string): Parts | null {
  const [, year, month, date] = /(\d{4,6})-(\d\d)-(\d\d)/.exec(field) ?? []
  const [, hours, minutes, seconds = '0'] = /(\d\d):(\d\d)(?::(\d\d))?/.exec(field) ?? []
  const day = { year: Number(year), month: Number(month) - 1, date: Number(date) }
  const clock = { hours: Number(hours), minutes: Number(minutes), seconds: Number(seconds), milliseconds: 0 }
  if (kind !== 'time' && year === undefined) return null
  if (kind !== 'date' && hours === undefined) return null
  switch (kind) {
    case 'date':
      return day
    case 'time':
      return clock
    case 'naive':
      return { ...day, ...clock }
    case 'datetime': {
      const at = new Date(day.year, day.month, day.date, clock.hours, clock.minutes, clock.seconds)
      return { year: at.getUTCFullYear(), month: at.getUTCMonth(), date: at.getUTCDate(), hours: at.getUTCHours(), minutes: at.getUTCMinutes(), seconds: at.getUTCSeconds(), milliseconds: 0 }
    }
  }
}

/** Returns a colour as a browser's field for colours takes it: `#rrggbb`. What has a name there is drawn to be known. */
export function colourOf(value: string): string {
  const hex = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(value)?.[1]
  if (hex !== undefined) return `#${hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex}`.toLowerCase()
  if (!/^[a-z]+$/i.test(value)) return '#000000'
  const pen = document.createElement('canvas').getContext('2d')
  if (pen === null) return '#000000'
  pen.fillStyle = value
  return String(pen.fillStyle)
}
