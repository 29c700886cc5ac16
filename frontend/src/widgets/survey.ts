// A look through a widget and those within it, before they are drawn. Pure.

import { shownOf } from './shown'
import { shownWidget, type WidgetPlace } from './state'

/** So many widgets one output may show, those within others counted each time. Boxes can hold each other. */
const MOST = 1000
const DEEPEST = 12

export interface Survey {
  /** Whether it can be drawn: it has an end, and not too far off. */
  ends: boolean
  /** Those in it that are there to be moved by hand. */
  moved: string[]
}

/** Looks through a widget and those within it before they are drawn. */
export function surveyOf(id: string, stateOf: WidgetPlace['stateOf']): Survey {
  const survey: Survey = { ends: true, moved: [] }
  let count = 0
  const visit = (of: string, depth: number): void => {
    count += 1
    if (count > MOST || depth > DEEPEST) survey.ends = false
    const state = stateOf(of)
    if (!survey.ends || state === undefined) return
    const shown = shownOf(state)
    if (shown.moved) survey.moved.push(of)
    if ('children' in shown) for (const child of shown.children) visit(child, depth + 1)
  }
  visit(id, 0)
  return survey
}

/** Tells whether an output's widget is this one, or has it in it. */
export function holds(view: unknown, id: string, stateOf: WidgetPlace['stateOf']): boolean {
  const root = shownWidget(view)
  return root !== undefined && (root === id || surveyOf(root, stateOf).moved.includes(id))
}
