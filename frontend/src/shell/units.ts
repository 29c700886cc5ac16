// Numbers as people read them. Pure.

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
const COUNTS = ['', ' k', ' M', ' G', ' T', ' P']

function scaled(value: number, base: number, units: string[]): string {
  let [number, unit] = [value, 0]
  while (number >= base && unit < units.length - 1) {
    number /= base
    unit++
  }
  const digits = unit === 0 || number >= 100 ? 0 : number >= 10 ? 1 : 2
  return `${Number(number.toFixed(digits))}${units[unit] ?? ''}`
}

export function bytes(value: number): string {
  return scaled(value, 1024, BYTES.map((unit) => ` ${unit}`))
}

/** Counts such as fuel, with the sign of the thousands. */
export function count(value: number): string {
  return scaled(value, 1000, COUNTS)
}

export function seconds(value: number): string {
  if (value < 1) return `${Math.round(value * 1000)} ms`
  if (value < 60) return `${Number(value.toFixed(1))} s`
  if (value < 3600) return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`
  return `${Math.floor(value / 3600)} h ${Math.round((value % 3600) / 60)} min`
}

/** Reads a limit that the service names in human units, such as `2 GiB` or `100 T`. */
export function limitOf(text: string | undefined): number {
  const [, number, unit] = /^([\d.]+)\s*(\w*)$/.exec(text ?? '') ?? []
  if (number === undefined) return Number.POSITIVE_INFINITY
  const binary = BYTES.indexOf(unit ?? '')
  if (binary >= 0) return Number(number) * 1024 ** binary
  const decimal = COUNTS.map((each) => each.trim()).indexOf(unit ?? '')
  return Number(number) * 1000 ** Math.max(0, decimal)
}

/** A moment, told from now: `3 minutes ago`. */
export function ago(time: string, language: string, now = Date.now()): string {
  const past = (Date.parse(time) - now) / 1000
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ]
  for (const [unit, length] of steps) {
    if (Math.abs(past) >= length) return format.format(Math.trunc(past / length), unit)
  }
  return format.format(0, 'second')
}

export function clock(time: string, language: string): string {
  return new Date(time).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
}

export function moment(time: string, language: string): string {
  return new Date(time).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' })
}
