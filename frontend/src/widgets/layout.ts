// The layout of a widget: what of it can do nothing but give a place and a size. Pure.

import type { WidgetState } from './state'

const SIZE = /^(?:auto|fit-content|max-content|min-content|\d{1,5}(?:\.\d+)?(?:px|%|em|rem|ch|vw|fr)?)$/
const WORDS = /^[a-z -]{1,40}$/
const TRACKS = /^[\w\s.%(),-]{1,200}$/
const BORDER = /^[\w\s#.]{1,60}$/

const RULES: readonly [key: string, property: string, allowed: RegExp][] = [
  ['width', 'width', SIZE],
  ['min_width', 'minWidth', SIZE],
  ['max_width', 'maxWidth', SIZE],
  ['height', 'height', SIZE],
  ['max_height', 'maxHeight', SIZE],
  ['flex_flow', 'flexFlow', WORDS],
  ['flex', 'flex', /^[\d.\s%a-z]{1,30}$/],
  ['justify_content', 'justifyContent', WORDS],
  ['align_items', 'alignItems', WORDS],
  ['align_self', 'alignSelf', WORDS],
  ['grid_template_columns', 'gridTemplateColumns', TRACKS],
  ['grid_gap', 'gap', /^[\d.\spxem%]{1,20}$/],
  ['border_top', 'borderTop', BORDER],
  ['border_right', 'borderRight', BORDER],
  ['border_bottom', 'borderBottom', BORDER],
  ['border_left', 'borderLeft', BORDER],
]

/** Returns styles. Nothing that moves it out of its place, loads, or covers anything is among them. */
export function layoutOf(layout: WidgetState | undefined): Record<string, string> {
  const style: Record<string, string> = {}
  for (const [key, property, allowed] of RULES) {
    const value = layout?.[key]
    if (typeof value === 'string' && allowed.test(value)) style[property] = value
  }
  if (layout?.visibility === 'hidden') style.visibility = 'hidden'
  if (style.height !== undefined || style.maxHeight !== undefined) style.overflow = 'auto'
  return style
}
