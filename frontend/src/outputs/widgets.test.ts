// Widgets as their messages tell of them.

import { expect, it } from 'vitest'
import { savedWidgets, shownOf, shownWidget, surveyOf, takeWidget, type Widgets } from './widgets'

it('a widget has the newest of what its messages said', () => {
  const widgets: Widgets = new Map()
  takeWidget(widgets, 'a', { state: { _model_name: 'IntSliderModel', value: 1, max: 9 }, buffer_paths: [] })
  takeWidget(widgets, 'a', { method: 'update', state: { value: 7 } })
  takeWidget(widgets, 'a', { method: 'custom', content: { value: 8 } })
  expect(shownOf(widgets.get('a')!)).toEqual({ kind: 'range', value: 7, min: 0, max: 9, step: 1 })
})

it('what a notebook keeps is read, and nonsense is not', () => {
  const metadata = { widgets: { 'application/vnd.jupyter.widget-state+json': { state: { a: { state: { _model_name: 'LabelModel', value: 'hi' } } } } } }
  expect(shownOf(savedWidgets(metadata).get('a')!)).toEqual({ kind: 'label', value: 'hi' })
  for (const broken of [undefined, null, 1, { widgets: [] }, { widgets: { 'application/vnd.jupyter.widget-state+json': { state: 'a' } } }]) expect(savedWidgets(broken).size).toBe(0)
  expect(shownWidget({ model_id: 'a' })).toBe('a')
  expect(shownWidget({ model_id: {} })).toBeUndefined()
})

it('of wrong types nothing gets through', () => {
  expect(shownOf({ _model_name: 'IntProgressModel', value: 'x', max: null, bar_style: {} })).toEqual({ kind: 'progress', value: 0, min: 0, max: 100, look: '' })
  expect(shownOf({ _model_name: 'DropdownModel', _options_labels: ['a', {}, 3], index: 'first' })).toEqual({ kind: 'choice', options: ['a', '', '3'], chosen: [] })
  expect(shownOf({ _model_name: 'VBoxModel', children: ['IPY_MODEL_a', 'b', 3] })).toEqual({ kind: 'box', children: ['a'], across: false })
  expect(shownOf({})).toEqual({ kind: 'unknown', name: '' })
})

it('boxes that hold each other, and ever more of them, are not drawn', () => {
  const boxOf = (...children: string[]) => ({ _model_name: 'VBoxModel', children: children.map((id) => `IPY_MODEL_${id}`) })
  const widgets: Widgets = new Map([['self', boxOf('self')]])
  const survey = (id: string) => surveyOf(id, (of) => widgets.get(of))
  expect(survey('self').ends).toBe(false)
  widgets.set('fine', boxOf('check', 'gone'))
  widgets.set('check', { _model_name: 'CheckboxModel' })
  expect(survey('fine')).toEqual({ ends: true, moved: true })
  // Eight times eight times eight …
  for (let level = 0; level < 8; level += 1) widgets.set(`many${level}`, boxOf(...Array<string>(8).fill(`many${level + 1}`)))
  expect(survey('many0').ends).toBe(false)
})

it('of what an output widget holds only outputs are shown', () => {
  const outputs = [{ output_type: 'stream', name: 'stdout', text: 'a' }, { output_type: 'stream', text: {} }, { output_type: 'error', traceback: [1] }, { output_type: 'display_data', data: null }, 'x', null]
  expect(shownOf({ _model_name: 'OutputModel', outputs })).toEqual({ kind: 'outputs', outputs: [outputs[0]] })
})
