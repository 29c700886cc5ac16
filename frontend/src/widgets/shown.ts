// What of a widget is shown, and as which kind of control. Pure; nothing in a state is trusted to be what it should be.

import type { Output } from '@/outputs/types'
import { Binary } from './binary'
import { colourOf, momentOf, type MomentKind } from './moments'
import type { Play } from './play'
import { modelOf, type WidgetState } from './state'
import type { TagKind } from './tags'

type Kind =
  /** One value or the two ends of a range. `places` are what it moves along, for those that choose among options. */
  | { kind: 'slider'; values: number[]; min: number; max: number; step: number; base?: number; whole: boolean; places?: string[]; vertical: boolean; readout: boolean; key: 'value' | 'index' }
  | { kind: 'progress'; value: number; min: number; max: number; look: string }
  | { kind: 'number'; value: number | null; min?: number; max?: number; step: number | 'any'; whole: boolean }
  | { kind: 'text'; value: string; rows: number; secret: boolean; placeholder: string; offers: string[] }
  | { kind: 'check'; value: boolean; look: 'box' | 'toggle' | 'mark'; style: string; hint: string }
  | { kind: 'choice'; options: string[]; chosen: number[]; look: 'menu' | 'list' | 'radios' | 'buttons'; many: boolean; rows: number }
  | { kind: 'button'; style: string; hint: string }
  | { kind: 'moment'; of: MomentKind; value: string; min: string; max: string }
  | { kind: 'colour'; value: string; plain: string }
  | { kind: 'label'; value: string }
  | { kind: 'html'; value: string }
  | { kind: 'box'; children: string[]; across: boolean; columns: string }
  | { kind: 'parts'; children: string[]; titles: string[]; selected: number | null; look: 'tabs' | 'accordion' | 'stack' }
  | { kind: 'outputs'; outputs: Output[] }
  /** It moves by itself while it plays. */
  | ({ kind: 'play' } & Play)
  /** `base64` is nothing where the bytes are not kept. */
  | { kind: 'picture'; mime: string; base64?: string; width?: number; height?: number }
  | { kind: 'upload'; accept: string; many: boolean; names: string[]; style: string }
  | { kind: 'tags'; values: (string | number)[]; of: TagKind; allowed: string[]; again: boolean; placeholder: string; min?: number; max?: number }
  | { kind: 'unknown'; name: string }

export type ShownAs<Name extends Kind['kind']> = Extract<Kind, { kind: Name }>

/** `moved` says whether it is there to be moved by hand. */
export type Shown = Kind & { moved: boolean }

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')
const number = (value: unknown, otherwise: number): number => (typeof value === 'number' && Number.isFinite(value) ? value : otherwise)
const perhaps = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const numbers = (value: unknown): number[] => list(value).filter((each): each is number => typeof each === 'number' && Number.isFinite(each))

/** A look that there is: names of others could be those of anything in the page. */
function styleOf(value: unknown): string {
  return value === 'primary' || value === 'success' || value === 'info' || value === 'warning' || value === 'danger' ? value : ''
}

const STILL = new Set<Kind['kind']>(['progress', 'label', 'html', 'box', 'outputs', 'picture', 'unknown'])

/** What stands before a widget. */
export function descriptionOf(state: WidgetState): string {
  return text(state.description)
}

/** Returns how a widget is shown. */
export function shownOf(state: WidgetState): Shown {
  const kind = kindOf(state)
  return { ...kind, moved: !STILL.has(kind.kind) && !(kind.kind === 'check' && kind.look === 'mark') }
}

function kindOf(state: WidgetState): Kind {
  const name = text(state._model_name).replace(/Model$/, '')
  const { value } = state
  const children = list(state.children).flatMap((child) => modelOf(child) ?? [])
  const titles = list(state.titles).map(text)
  const selected = perhaps(state.selected_index) ?? null
  const style = styleOf(state.button_style)
  const hint = text(state.tooltip)
  switch (name) {
    case 'IntSlider':
    case 'FloatSlider':
      return slider(state, [number(value, 0)], name === 'IntSlider')
    case 'FloatLogSlider':
      return { ...slider(state, [number(value, 1)], false), min: number(state.min, 0), max: number(state.max, 4), base: number(state.base, 10) }
    case 'IntRangeSlider':
    case 'FloatRangeSlider':
      return slider(state, pair(numbers(value), number(state.min, 0)), name === 'IntRangeSlider')
    case 'SelectionSlider':
    case 'SelectionRangeSlider': {
      const places = list(state._options_labels).map(text)
      const values = name === 'SelectionSlider' ? [number(state.index, 0)] : pair(numbers(state.index), 0)
      return { ...slider(state, values, true), min: 0, max: Math.max(0, places.length - 1), step: 1, places, key: 'index' }
    }
    case 'IntProgress':
    case 'FloatProgress':
      return { kind: 'progress', value: number(value, 0), min: number(state.min, 0), max: number(state.max, 100), look: styleOf(state.bar_style) }
    case 'IntText':
    case 'BoundedIntText':
    case 'FloatText':
    case 'BoundedFloatText': {
      const whole = name.includes('Int')
      return { kind: 'number', value: perhaps(value) ?? null, min: perhaps(state.min), max: perhaps(state.max), step: perhaps(state.step) ?? (whole ? 1 : 'any'), whole }
    }
    case 'Text':
    case 'Password':
    case 'Combobox':
    case 'Textarea':
      return {
        kind: 'text',
        value: text(value),
        rows: name === 'Textarea' ? Math.min(Math.max(number(state.rows, 4), 1), 40) : 0,
        secret: name === 'Password',
        placeholder: text(state.placeholder).replace('\u200b', ''),
        offers: name === 'Combobox' ? list(state.options).map(text) : [],
      }
    case 'Checkbox':
    case 'ToggleButton':
    case 'Valid':
      return { kind: 'check', value: value === true, look: name === 'Checkbox' ? 'box' : name === 'Valid' ? 'mark' : 'toggle', style, hint }
    case 'Dropdown':
    case 'Select':
    case 'RadioButtons':
    case 'ToggleButtons':
    case 'SelectMultiple': {
      const many = name === 'SelectMultiple'
      const options = list(state._options_labels).map(text)
      const chosen = (many ? list(state.index) : [state.index]).filter((each): each is number => typeof each === 'number')
      const look = name === 'Dropdown' ? 'menu' : name === 'RadioButtons' ? 'radios' : name === 'ToggleButtons' ? 'buttons' : 'list'
      return { kind: 'choice', options, chosen, look, many, rows: Math.min(Math.max(number(state.rows, 5), 2), 30) }
    }
    case 'Button':
      return { kind: 'button', style, hint }
    case 'DatePicker':
    case 'Time':
    case 'Datetime':
    case 'NaiveDatetime': {
      const of: MomentKind = name === 'DatePicker' ? 'date' : name === 'Time' ? 'time' : name === 'Datetime' ? 'datetime' : 'naive'
      return { kind: 'moment', of, value: momentOf(of, value), min: momentOf(of, state.min), max: momentOf(of, state.max) }
    }
    case 'ColorPicker':
      return { kind: 'colour', value: text(value), plain: colourOf(text(value)) }
    case 'Label':
      return { kind: 'label', value: text(value) }
    case 'HTML':
    case 'HTMLMath':
      return { kind: 'html', value: text(value) }
    case 'HBox':
      return { kind: 'box', children, across: true, columns: '' }
    case 'VBox':
    case 'Box':
    case 'GridBox':
      return { kind: 'box', children, across: false, columns: '' }
    case 'Tab':
    case 'Accordion':
    case 'Stack':
      return { kind: 'parts', children, titles, selected, look: name === 'Tab' ? 'tabs' : name === 'Stack' ? 'stack' : 'accordion' }
    case 'Output':
      return { kind: 'outputs', outputs: outputsOf(state.outputs) }
    case 'Play':
      return { kind: 'play', value: number(value, 0), min: number(state.min, 0), max: number(state.max, 100), step: number(state.step, 1), interval: number(state.interval, 100), repeat: state.repeat === true, playing: state.playing === true }
    case 'Image':
      return { kind: 'picture', mime: PICTURES[text(state.format)] ?? 'image/png', base64: value instanceof Binary ? value.base64 : undefined, width: size(state.width), height: size(state.height) }
    case 'FileUpload':
      return { kind: 'upload', accept: text(state.accept), many: state.multiple === true, names: list(value).map((file) => text((file as { name?: unknown } | null)?.name)), style }
    case 'TagsInput':
    case 'ColorsInput':
    case 'IntsInput':
    case 'FloatsInput': {
      const of: TagKind = name === 'TagsInput' ? 'text' : name === 'ColorsInput' ? 'colour' : name === 'IntsInput' ? 'whole' : 'number'
      const values = list(value).filter((each): each is string | number => typeof each === 'string' || typeof each === 'number')
      return { kind: 'tags', values, of, allowed: list(state.allowed_tags).map(text), again: state.allow_duplicates !== false, placeholder: text(state.placeholder).replace('\u200b', ''), min: perhaps(state.min), max: perhaps(state.max) }
    }
    default:
      return { kind: 'unknown', name }
  }
}

/** Sizes of pictures are numbers, or texts of them. */
const size = (value: unknown): number | undefined => (text(value) === '' ? undefined : perhaps(Number(text(value))))

const PICTURES: Record<string, string> = { png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp', svg: 'image/svg+xml', 'svg+xml': 'image/svg+xml' }

function slider(state: WidgetState, values: number[], whole: boolean): ShownAs<'slider'> {
  const [min, max] = [number(state.min, 0), number(state.max, 100)]
  return { kind: 'slider', values, min, max: Math.max(min, max), step: Math.abs(number(state.step, whole ? 1 : 0.1)) || 1, whole, vertical: state.orientation === 'vertical', readout: state.readout !== false, key: 'value' }
}

function pair(found: number[], otherwise: number): number[] {
  const [low = otherwise, high = low] = found
  return [low, high]
}

/** Returns what an output widget holds, without what is no output. */
function outputsOf(given: unknown): Output[] {
  return list(given).filter((output): output is Output => {
    const { output_type: type, text: printed, data, traceback } = (typeof output === 'object' && output !== null ? output : {}) as Record<string, unknown>
    if (type === 'stream') return typeof printed === 'string'
    if (type === 'error') return Array.isArray(traceback) && traceback.every((line) => typeof line === 'string')
    return (type === 'display_data' || type === 'execute_result') && typeof data === 'object' && data !== null
  })
}
