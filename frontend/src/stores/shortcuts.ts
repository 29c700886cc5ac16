// Shortcuts as text, such as `Mod+Shift+KeyP`: the key is named as `KeyboardEvent.code` names it, or as
// `KeyboardEvent.key` does for signs such as `?`. `Mod` is Command on a Mac and Control elsewhere.

const MAC = /mac|iphone|ipad/i.test(navigator.platform)

interface Shortcut {
  control: boolean
  alt: boolean
  shift: boolean
  meta: boolean
  key: string
}

function parsed(text: string, mac: boolean): Shortcut {
  const parts = text.split('+')
  const has = (name: string) => parts.includes(name)
  return {
    control: has('Control') || (has('Mod') && !mac),
    alt: has('Alt'),
    shift: has('Shift'),
    meta: has('Mod') && mac,
    key: parts.at(-1) ?? '',
  }
}

type Pressed = Pick<KeyboardEvent, 'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey' | 'code' | 'key'>

/** Whether a key is that of a shortcut. */
export function pressed(text: string, event: Pressed, mac = MAC): boolean {
  const { control, alt, shift, meta, key } = parsed(text, mac)
  if (event.ctrlKey !== control || event.altKey !== alt || event.metaKey !== meta) return false
  // Which keys a sign needs, Shift among them, is the keyboard's matter.
  if (key.length === 1) return event.key === key
  return event.shiftKey === shift && event.code === key
}

const SIGNS: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  BracketLeft: '[',
  BracketRight: ']',
  Slash: '/',
  Comma: ',',
  Period: '.',
  Backslash: '\\',
  Enter: '↵',
  Backquote: '`',
}
const MAC_SIGNS: Record<string, string> = { Mod: '⌘', Alt: '⌥', Shift: '⇧', Control: '⌃' }

/** The keys of a shortcut as a person reads them. */
export function keysOf(text: string, mac = MAC): string[] {
  return text.split('+').map((part) => {
    if (mac && MAC_SIGNS[part] !== undefined) return MAC_SIGNS[part]
    if (part === 'Mod' || part === 'Control') return 'Ctrl'
    return SIGNS[part] ?? part.replace(/^(Key|Digit)/, '')
  })
}

/** Whether keys that write text are meant for what has the focus. */
export function writing(target: globalThis.EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select, [contenteditable]'))
}
