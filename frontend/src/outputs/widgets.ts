// The widgets of a notebook (ipywidgets), as their messages tell of them, and what of each is shown. Pure.
// Everything in them comes from the sandbox and is read with care.

import type { InjectionKey } from 'vue'
import type { Output } from './types'

export const WIDGET_VIEW = 'application/vnd.jupyter.widget-view+json'
const WIDGET_STATE = 'application/vnd.jupyter.widget-state+json'

export type WidgetState = Record<string, unknown>
export type Widgets = Map<string, WidgetState>

export interface WidgetPlace {
  /** The state of a widget; nothing when it is not known. */
  stateOf: (id: string) => WidgetState | undefined
  notebook: string
}

export const WIDGETS: InjectionKey<WidgetPlace> = Symbol('widgets')

/** How many widgets stand around an output: one that holds outputs could hold itself among them. */
export const AROUND: InjectionKey<number> = Symbol('around')
export const MOST_AROUND = 3

type Fields = Record<string, unknown>
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {})
const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')
const number = (value: unknown, otherwise: number): number => (typeof value === 'number' && Number.isFinite(value) ? value : otherwise)
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** Takes the data of a message on a widget's channel. */
export function takeWidget(widgets: Widgets, id: string, data: unknown): void {
  const { state } = fields(data)
  if (typeof state !== 'object' || state === null) return
  widgets.set(id, { ...widgets.get(id), ...fields(state) })
}

/** Reads the widgets that a notebook's metadata keeps. */
export function savedWidgets(metadata: unknown): Widgets {
  const { state } = fields(fields(fields(metadata).widgets)[WIDGET_STATE])
  return new Map(Object.entries(fields(state)).map(([id, model]) => [id, fields(fields(model).state)]))
}

/** The widget that an output shows. */
export function shownWidget(view: unknown): string | undefined {
  const { model_id: id } = fields(view)
  return typeof id === 'string' ? id : undefined
}

export type Shown =
  | { kind: 'range'; value: number; min: number; max: number; step: number }
  | { kind: 'progress'; value: number; min: number; max: number; look: string }
  | { kind: 'field'; value: string; long: boolean }
  | { kind: 'check'; value: boolean }
  | { kind: 'choice'; options: string[]; chosen: number[] }
  | { kind: 'button' }
  | { kind: 'label'; value: string }
  | { kind: 'html'; value: string }
  | { kind: 'box'; children: string[]; across: boolean }
  | { kind: 'parts'; children: string[]; titles: string[] }
  | { kind: 'outputs'; outputs: Output[] }
  | { kind: 'unknown'; name: string }

/** What stands before a widget. */
export function descriptionOf(state: WidgetState): string {
  return text(state.description)
}

/** Returns how a widget is shown. */
export function shownOf(state: WidgetState): Shown {
  const name = text(state._model_name).replace(/Model$/, '')
  const { value } = state
  const children = list(state.children).flatMap((child) => (typeof child === 'string' && child.startsWith('IPY_MODEL_') ? [child.slice('IPY_MODEL_'.length)] : []))
  switch (name) {
    case 'IntSlider':
    case 'FloatSlider':
    case 'FloatLogSlider':
      return { kind: 'range', value: number(value, 0), min: number(state.min, 0), max: number(state.max, 100), step: number(state.step, 1) }
    case 'IntProgress':
    case 'FloatProgress':
      return { kind: 'progress', value: number(value, 0), min: number(state.min, 0), max: number(state.max, 100), look: text(state.bar_style) }
    case 'IntRangeSlider':
    case 'FloatRangeSlider':
      return { kind: 'field', value: list(value).map(text).join(' – '), long: false }
    case 'IntText':
    case 'BoundedIntText':
    case 'FloatText':
    case 'BoundedFloatText':
    case 'Text':
    case 'Combobox':
    case 'DatePicker':
    case 'ColorPicker':
      return { kind: 'field', value: text(value), long: false }
    case 'Textarea':
      return { kind: 'field', value: text(value), long: true }
    case 'Checkbox':
    case 'ToggleButton':
    case 'Valid':
      return { kind: 'check', value: value === true }
    case 'Dropdown':
    case 'Select':
    case 'RadioButtons':
    case 'ToggleButtons':
    case 'SelectionSlider':
    case 'SelectMultiple': {
      const chosen = name === 'SelectMultiple' ? list(state.index) : [state.index]
      return { kind: 'choice', options: list(state._options_labels).map(text), chosen: chosen.filter((each) => typeof each === 'number') }
    }
    case 'Button':
      return { kind: 'button' }
    case 'Label':
      return { kind: 'label', value: text(value) }
    case 'HTML':
    case 'HTMLMath':
      return { kind: 'html', value: text(value) }
    case 'HBox':
      return { kind: 'box', children, across: true }
    case 'VBox':
    case 'Box':
    case 'GridBox':
      return { kind: 'box', children, across: false }
    case 'Tab':
    case 'Accordion':
    case 'Stack':
      return { kind: 'parts', children, titles: list(state.titles).map(text) }
    case 'Output':
      return { kind: 'outputs', outputs: outputsOf(state.outputs) }
    default:
      return { kind: 'unknown', name }
  }
}

const MOVED = new Set<Shown['kind']>(['range', 'field', 'check', 'choice', 'button'])
/** So many widgets one output may show, those within others counted each time. Boxes can hold each other. */
const MOST = 1000
const DEEPEST = 12

export interface Survey {
  /** Whether it can be drawn: it has an end, and not too far off. */
  ends: boolean
  /** Whether something in it is there to be moved by hand. */
  moved: boolean
}

/** Looks through a widget and those within it before they are drawn. */
export function surveyOf(id: string, stateOf: WidgetPlace['stateOf']): Survey {
  const survey: Survey = { ends: true, moved: false }
  let count = 0
  const visit = (of: string, depth: number): void => {
    count += 1
    if (count > MOST || depth > DEEPEST) survey.ends = false
    const state = stateOf(of)
    if (!survey.ends || state === undefined) return
    const shown = shownOf(state)
    survey.moved ||= MOVED.has(shown.kind)
    if ('children' in shown) for (const child of shown.children) visit(child, depth + 1)
  }
  visit(id, 0)
  return survey
}

/** Returns what an output widget holds, without what is no output. */
function outputsOf(given: unknown): Output[] {
  return list(given).filter((output): output is Output => {
    const { output_type: type, text: printed, data, traceback } = fields(output)
    if (type === 'stream') return typeof printed === 'string'
    if (type === 'error') return list(traceback).every((line) => typeof line === 'string')
    return (type === 'display_data' || type === 'execute_result') && typeof data === 'object' && data !== null
  })
}
