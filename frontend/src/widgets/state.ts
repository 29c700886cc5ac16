// The widgets of a notebook (ipywidgets), as their messages tell of them. Pure.
// Everything in them comes from the sandbox and is read with care.

import { markRaw, type ComputedRef, type InjectionKey } from 'vue'
import { joinedBytes } from './binary'

export const WIDGET_VIEW = 'application/vnd.jupyter.widget-view+json'
const WIDGET_STATE = 'application/vnd.jupyter.widget-state+json'
const MODEL = 'IPY_MODEL_'

export type WidgetState = Record<string, unknown>
export type Widgets = Map<string, WidgetState>

/**
 * Whether a widget can be moved. It cannot where nobody may run anything, while the line is away, when there is no
 * session, and when the session does not know it (any more).
 */
export type Standing = 'live' | 'watched' | 'away' | 'sessionless' | 'gone'

export interface WidgetPlace {
  /** The state of a widget; nothing when it is not known. */
  stateOf: (id: string) => WidgetState | undefined
  standingOf: (id: string) => Standing
  /** Changes a widget, here and where its code is. */
  change: (id: string, state: WidgetState) => void
  /** Keeps a change here alone, until it is made up. */
  preview: (id: string, state: WidgetState) => void
  /** Tells a widget's code that something happened to it, such as a click. */
  tell: (id: string, content: Record<string, unknown>) => void
  notebook: string
}

export const WIDGETS: InjectionKey<WidgetPlace> = Symbol('widgets')

/** How it stands with the widgets of an output. */
export const STANDING: InjectionKey<ComputedRef<Standing>> = Symbol('standing')

/** How many widgets stand around an output: one that holds outputs could hold itself among them. */
export const AROUND: InjectionKey<number> = Symbol('around')
export const MOST_AROUND = 3

type Fields = Record<string, unknown>
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {})

/** Takes the data of a message on a widget's channel, and its bytes; of `newer` keys this browser has something newer. */
export function takeWidget(widgets: Widgets, id: string, data: unknown, newer?: ReadonlySet<string>, buffers?: unknown): void {
  const { state, buffer_paths: paths } = fields(data)
  if (typeof state !== 'object' || state === null) return
  const told = Object.entries(joinedBytes(fields(state), paths, buffers)).filter(([key]) => !newer?.has(key))
  changeWidget(widgets, id, Object.fromEntries(told))
}

/** Changes a state. It is another one then: nobody watches what is in it. */
export function changeWidget(widgets: Widgets, id: string, state: WidgetState): void {
  widgets.set(id, markRaw({ ...widgets.get(id), ...state }))
}

/** Reads the widgets that a notebook's metadata keeps. */
export function savedWidgets(metadata: unknown): Widgets {
  const { state } = fields(fields(fields(metadata).widgets)[WIDGET_STATE])
  return new Map(Object.entries(fields(state)).map(([id, model]) => [id, markRaw({ ...savedState(fields(model)) })]))
}

function savedState({ state, buffers }: Fields): WidgetState {
  const parts = Array.isArray(buffers) ? buffers.map(fields) : []
  return joinedBytes(fields(state), parts.map(({ path }) => path), parts.map(({ data }) => data))
}

/** The widget that an output shows. */
export function shownWidget(view: unknown): string | undefined {
  const { model_id: id } = fields(view)
  return typeof id === 'string' ? id : undefined
}

/** The widget that a part of another's state names. */
export function modelOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.startsWith(MODEL) ? value.slice(MODEL.length) : undefined
}

/** The widget that is told something in an execution, by what the service writes in place of code. */
export function calledWidget(code: string | null | undefined): string | undefined {
  return /^# comm_(?:open|msg|close) (\S+)$/.exec(code ?? '')?.[1]
}

/** What else changes with a change: `jslink` and `jsdlink` join properties of widgets without their code. */
export function linked(widgets: Widgets, id: string, state: WidgetState): [id: string, state: WidgetState][] {
  const changes: [string, WidgetState][] = []
  const follow = (from: unknown, to: unknown): void => {
    if (!Array.isArray(from) || !Array.isArray(to)) return
    const [[source, key], [target, other]] = [from, to] as unknown[][] as [[unknown, unknown], [unknown, unknown]]
    const reached = modelOf(target)
    if (modelOf(source) !== id || reached === undefined || typeof key !== 'string' || typeof other !== 'string' || !Object.hasOwn(state, key)) return
    if (widgets.get(reached)?.[other] !== state[key]) changes.push([reached, { [other]: state[key] }])
  }
  for (const { _model_name: name, source, target } of widgets.values()) {
    if (name !== 'LinkModel' && name !== 'DirectionalLinkModel') continue
    follow(source, target)
    if (name === 'LinkModel') follow(target, source)
  }
  return changes
}
