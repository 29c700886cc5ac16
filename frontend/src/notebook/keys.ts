// The keys of a notebook: Jupyter's, in its two modes. Pure: from a key press to a command's name.

import type { Mode } from './selection'

export const bindings = {
  'Shift+Enter': { command: 'run-advance', mode: 'both' },
  'Mod+Enter': { command: 'run', mode: 'both' },
  'Alt+Enter': { command: 'run-insert', mode: 'both' },
  'Mod+s': { command: 'save', mode: 'both' },
  'Mod+f': { command: 'find', mode: 'both' },
  'Mod+Shift+ArrowUp': { command: 'move-up', mode: 'both' },
  'Mod+Shift+ArrowDown': { command: 'move-down', mode: 'both' },
  'Mod+Shift+Minus': { command: 'split', mode: 'edit' },
  'Alt+Shift+f': { command: 'format', mode: 'both' },
  Escape: { command: 'command-mode', mode: 'edit' },
  Enter: { command: 'edit-mode', mode: 'command' },
  a: { command: 'add-above', mode: 'command' },
  b: { command: 'add-below', mode: 'command' },
  'd d': { command: 'delete', mode: 'command' },
  x: { command: 'cut', mode: 'command' },
  c: { command: 'copy', mode: 'command' },
  v: { command: 'paste', mode: 'command' },
  'Shift+v': { command: 'paste-above', mode: 'command' },
  z: { command: 'undo', mode: 'command' },
  'Shift+z': { command: 'redo', mode: 'command' },
  m: { command: 'to-markdown', mode: 'command' },
  y: { command: 'to-code', mode: 'command' },
  r: { command: 'to-raw', mode: 'command' },
  j: { command: 'next', mode: 'command' },
  k: { command: 'previous', mode: 'command' },
  ArrowDown: { command: 'next', mode: 'command' },
  ArrowUp: { command: 'previous', mode: 'command' },
  'Shift+j': { command: 'extend-down', mode: 'command' },
  'Shift+k': { command: 'extend-up', mode: 'command' },
  'Shift+ArrowDown': { command: 'extend-down', mode: 'command' },
  'Shift+ArrowUp': { command: 'extend-up', mode: 'command' },
  Home: { command: 'first', mode: 'command' },
  End: { command: 'last', mode: 'command' },
  'Mod+a': { command: 'select-all', mode: 'command' },
  'Shift+m': { command: 'merge', mode: 'command' },
  '0 0': { command: 'restart', mode: 'command' },
  'i i': { command: 'interrupt', mode: 'command' },
  o: { command: 'toggle-outputs', mode: 'command' },
  'Shift+o': { command: 'toggle-scrolling', mode: 'command' },
  l: { command: 'toggle-line-numbers', mode: 'command' },
  h: { command: 'toggle-source', mode: 'command' },
  f: { command: 'find', mode: 'command' },
  ArrowLeft: { command: 'fold', mode: 'command' },
  ArrowRight: { command: 'unfold', mode: 'command' },
  Space: { command: 'scroll-down', mode: 'command' },
  'Shift+Space': { command: 'scroll-up', mode: 'command' },
} as const satisfies Record<string, { command: string; mode: Mode | 'both' }>

export type CommandName = (typeof bindings)[keyof typeof bindings]['command']

type Press = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

/** Names a key press as the table above does. */
export function nameOf(press: Press): string {
  const parts = []
  if (press.ctrlKey || press.metaKey) parts.push('Mod')
  if (press.altKey) parts.push('Alt')
  if (press.shiftKey) parts.push('Shift')
  // With Shift and other keys beside it the sign differs from keyboard to keyboard; its place does not.
  const key = press.code === 'Minus' ? 'Minus' : press.key === ' ' ? 'Space' : press.altKey && press.code.startsWith('Key') ? press.code.slice(3) : press.key
  parts.push(key.length === 1 ? key.toLowerCase() : key)
  return parts.join('+')
}

/** Between the two presses of `d d` not more than this may pass, in milliseconds. */
const PATIENCE = 800

export class KeyReader {
  private first: string | null = null
  private at = 0

  /** Returns the command of a key press, `waiting` after the first of two, or nothing. */
  read(press: Press, mode: Mode, now: number): CommandName | 'waiting' | undefined {
    const name = nameOf(press)
    const pair = this.first !== null && now - this.at <= PATIENCE ? `${this.first} ${name}` : null
    this.first = null
    const found = (pair === null ? undefined : this.find(pair, mode)) ?? this.find(name, mode)
    if (found !== undefined) return found
    if (mode === 'command' && Object.keys(bindings).some((keys) => keys.startsWith(`${name} `))) {
      this.first = name
      this.at = now
      return 'waiting'
    }
    return undefined
  }

  private find(keys: string, mode: Mode): CommandName | undefined {
    if (!Object.hasOwn(bindings, keys)) return undefined
    const binding = bindings[keys as keyof typeof bindings]
    return binding.mode === 'both' || binding.mode === mode ? binding.command : undefined
  }
}
