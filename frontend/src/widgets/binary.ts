// Bytes in the states of widgets: they travel beside a message, which names where they belong. Pure.

import type { WidgetState } from './state'

/** Bytes, in Base64. */
export class Binary {
  constructor(readonly base64: string) {}
}

type Path = (string | number)[]

/** Returns a state with its bytes put where their paths say. What is no path of it is left out. */
export function joinedBytes(state: WidgetState, paths: unknown, buffers: unknown): WidgetState {
  if (!Array.isArray(paths) || !Array.isArray(buffers)) return state
  return paths.reduce<WidgetState>((made, path: unknown, index) => {
    const bytes: unknown = buffers[index]
    const known = Array.isArray(path) && path.every((step) => typeof step === 'string' || typeof step === 'number')
    return known && path.length > 0 && typeof bytes === 'string' ? (put(made, path as Path, new Binary(bytes)) as WidgetState) : made
  }, state)
}

function put(within: unknown, [step, ...rest]: Path, bytes: Binary): unknown {
  if (step === undefined) return bytes
  if (Array.isArray(within) && typeof step === 'number') return Object.assign([...(within as unknown[])], step < within.length ? { [step]: put(within[step], rest, bytes) } : {})
  if (typeof within !== 'object' || within === null || Array.isArray(within) || step === '__proto__') return within
  return { ...within, [step]: put((within as WidgetState)[step], rest, bytes) }
}

/** Takes the bytes out of a state, as a message has them. */
export function partedBytes(state: WidgetState): { state: WidgetState; buffer_paths: Path[]; buffers: string[] } {
  const [buffer_paths, buffers]: [Path[], string[]] = [[], []]
  const part = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) return value.map((each, index) => part(each, [...path, index]))
    if (typeof value !== 'object' || value === null) return value
    const kept: WidgetState = {}
    for (const [key, each] of Object.entries(value)) {
      if (!(each instanceof Binary)) {
        kept[key] = part(each, [...path, key])
        continue
      }
      buffer_paths.push([...path, key])
      buffers.push(each.base64)
    }
    return kept
  }
  return { state: part(state, []) as WidgetState, buffer_paths, buffers }
}
