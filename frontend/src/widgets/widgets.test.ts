// Widgets as their messages tell of them.

import { expect, it } from 'vitest'
import { layoutOf } from './layout'
import { colourOf, momentOf, momentState } from './moments'
import { begunOf, nextOf } from './play'
import { shownOf, type ShownAs } from './shown'
import { moved, positionOf, written } from './slide'
import { linked, savedWidgets, shownWidget, takeWidget, type Widgets } from './state'
import { holds, surveyOf } from './survey'
import { tagOf } from './tags'

it('a widget has the newest of what its messages said', () => {
  const widgets: Widgets = new Map()
  takeWidget(widgets, 'a', { state: { _model_name: 'IntSliderModel', value: 1, max: 9 }, buffer_paths: [] })
  takeWidget(widgets, 'a', { method: 'update', state: { value: 7 } })
  takeWidget(widgets, 'a', { method: 'custom', content: { value: 8 } })
  expect(shownOf(widgets.get('a')!)).toMatchObject({ kind: 'slider', values: [7], min: 0, max: 9, step: 1, whole: true, moved: true })
  // What this browser changed since is newer than what it is told.
  takeWidget(widgets, 'a', { method: 'echo_update', state: { value: 3, max: 8 } }, new Set(['value']))
  expect(shownOf(widgets.get('a')!)).toMatchObject({ values: [7], max: 8 })
})

it('what a notebook keeps is read, and nonsense is not', () => {
  const metadata = { widgets: { 'application/vnd.jupyter.widget-state+json': { state: { a: { state: { _model_name: 'LabelModel', value: 'hi' } } } } } }
  expect(shownOf(savedWidgets(metadata).get('a')!)).toEqual({ kind: 'label', value: 'hi', moved: false })
  for (const broken of [undefined, null, 1, { widgets: [] }, { widgets: { 'application/vnd.jupyter.widget-state+json': { state: 'a' } } }]) expect(savedWidgets(broken).size).toBe(0)
  expect(shownWidget({ model_id: 'a' })).toBe('a')
  expect(shownWidget({ model_id: {} })).toBeUndefined()
})

it('of wrong types nothing gets through', () => {
  expect(shownOf({ _model_name: 'IntProgressModel', value: 'x', max: null, bar_style: {} })).toMatchObject({ kind: 'progress', value: 0, min: 0, max: 100, look: '' })
  expect(shownOf({ _model_name: 'DropdownModel', _options_labels: ['a', {}, 3], index: 'first' })).toMatchObject({ kind: 'choice', options: ['a', '', '3'], chosen: [] })
  expect(shownOf({ _model_name: 'VBoxModel', children: ['IPY_MODEL_a', 'b', 3] })).toMatchObject({ kind: 'box', children: ['a'], across: false })
  expect(shownOf({ _model_name: 'ButtonModel', button_style: 'menu unseen' })).toMatchObject({ kind: 'button', style: '' })
  expect(shownOf({ _model_name: 'ButtonModel', button_style: 'danger' })).toMatchObject({ kind: 'button', style: 'danger' })
  expect(shownOf({})).toEqual({ kind: 'unknown', name: '', moved: false })
})

it('boxes that hold each other, and ever more of them, are not drawn', () => {
  const boxOf = (...children: string[]) => ({ _model_name: 'VBoxModel', children: children.map((id) => `IPY_MODEL_${id}`) })
  const widgets: Widgets = new Map([['self', boxOf('self')]])
  const survey = (id: string) => surveyOf(id, (of) => widgets.get(of))
  expect(survey('self').ends).toBe(false)
  widgets.set('fine', boxOf('check', 'gone'))
  widgets.set('check', { _model_name: 'CheckboxModel' })
  expect(survey('fine')).toEqual({ ends: true, moved: ['check'] })
  expect(holds({ model_id: 'fine' }, 'check', (of) => widgets.get(of))).toBe(true)
  expect(holds({ model_id: 'fine' }, 'other', (of) => widgets.get(of))).toBe(false)
  // Eight times eight times eight …
  for (let level = 0; level < 8; level += 1) widgets.set(`many${level}`, boxOf(...Array<string>(8).fill(`many${level + 1}`)))
  expect(survey('many0').ends).toBe(false)
})

it('of what an output widget holds only outputs are shown', () => {
  const outputs = [{ output_type: 'stream', name: 'stdout', text: 'a' }, { output_type: 'stream', text: {} }, { output_type: 'error', traceback: [1] }, { output_type: 'display_data', data: null }, 'x', null]
  expect(shownOf({ _model_name: 'OutputModel', outputs })).toMatchObject({ kind: 'outputs', outputs: [outputs[0]] })
})

const sliderOf = (state: Record<string, unknown>) => shownOf(state) as unknown as ShownAs<'slider'>

it('the handle of a slider stands where its value is, on whichever line', () => {
  const log = sliderOf({ _model_name: 'FloatLogSliderModel', value: 1000, base: 10, min: 0, max: 4, step: 0.1 })
  expect(positionOf(log, 1000)).toBeCloseTo(3)
  expect(moved(log, 0, 2)).toBe(100)
  expect(positionOf(log, -1)).toBe(0)
  const range = sliderOf({ _model_name: 'IntRangeSliderModel', value: [2, 5], min: 0, max: 10 })
  expect([moved(range, 0, 4), moved(range, 0, 9), moved(range, 1, 1)]).toEqual([[4, 5], [5, 5], [2, 2]])
  const places = sliderOf({ _model_name: 'SelectionSliderModel', _options_labels: ['low', 'high'], index: 1 })
  expect([places.key, places.max, written(places, 1, undefined)]).toEqual(['index', 1, 'high'])
  expect(written(sliderOf({ _model_name: 'FloatSliderModel' }), 0.30000000000000004, undefined)).toBe('0.3')
  expect(written(log, 1000, '.3g')).toBe('1000')
  expect(written(log, 0.5, '.1%')).toBe('50.0%')
})

it('dates, times and colours are what they were when they come back', () => {
  const day = { year: 2026, month: 0, date: 9 }
  expect(momentOf('date', day)).toBe('2026-01-09')
  expect(momentState('date', '2026-01-09')).toEqual(day)
  const clock = { hours: 7, minutes: 5, seconds: 30, milliseconds: 0 }
  expect(momentOf('time', clock)).toBe('07:05:30')
  expect(momentState('time', '07:05')).toEqual({ ...clock, seconds: 0 })
  for (const kind of ['naive', 'datetime'] as const) expect(momentState(kind, momentOf(kind, { ...day, ...clock }))).toEqual({ ...day, ...clock })
  expect(momentState('date', '')).toBeNull()
  for (const broken of [null, 'now', {}, { year: 'x' }, { year: 1.5, month: 1, date: 1 }]) expect(momentOf('date', broken)).toBe('')
  expect([colourOf('#AbC'), colourOf('#102030'), colourOf('url(x)')]).toEqual(['#aabbcc', '#102030', '#000000'])
})

it('a layout gives a place and a size, and nothing else', () => {
  expect(layoutOf({ width: '50%', height: '120px', justify_content: 'space-between', grid_template_columns: 'repeat(2, 1fr)', border_top: 'solid 1px #ccc', visibility: 'hidden' })).toEqual({
    width: '50%',
    height: '120px',
    overflow: 'auto',
    justifyContent: 'space-between',
    gridTemplateColumns: 'repeat(2, 1fr)',
    borderTop: 'solid 1px #ccc',
    visibility: 'hidden',
  })
  expect(layoutOf({ width: 'calc(1px); position: fixed', position: 'fixed', top: '-100px', margin: '-50px', border_left: 'url(https://evil.test)', height: {}, justify_content: 'x;y' })).toEqual({})
})

it('linked properties change together, one way or both', () => {
  const link = (name: string) => ({ _model_name: name, source: ['IPY_MODEL_a', 'value'], target: ['IPY_MODEL_b', 'max'] })
  const widgets: Widgets = new Map<string, Record<string, unknown>>([['a', { value: 1 }], ['b', { max: 1 }], ['link', link('LinkModel')]])
  expect(linked(widgets, 'a', { value: 4 })).toEqual([['b', { max: 4 }]])
  expect(linked(widgets, 'b', { max: 5 })).toEqual([['a', { value: 5 }]])
  expect(linked(widgets, 'b', { min: 5 })).toEqual([])
  // It is so already: two that are linked both ways come to an end.
  expect(linked(widgets, 'a', { value: 1 })).toEqual([])
  widgets.set('link', link('DirectionalLinkModel'))
  expect(linked(widgets, 'b', { max: 5 })).toEqual([])
  widgets.set('link', { _model_name: 'LinkModel', source: 'x', target: [1] })
  expect(linked(widgets, 'a', { value: 9 })).toEqual([])
})

it('plays to its end, or around, and begins anew when it was at its end', () => {
  const play = shownOf({ _model_name: 'PlayModel', value: 8, max: 10, step: 2, interval: 'soon', playing: true }) as unknown as ShownAs<'play'>
  expect(nextOf(play)).toEqual({ value: 10 })
  expect(nextOf({ ...play, value: 10 })).toEqual({ playing: false })
  expect(nextOf({ ...play, value: 10, repeat: true })).toEqual({ value: 0 })
  expect([begunOf(play), begunOf({ ...play, value: 10 })]).toEqual([{ playing: true }, { playing: true, value: 0 }])
})

it('takes as a tag only what may be one', () => {
  const tags = { values: ['a', 2] as (string | number)[], of: 'text' as const, allowed: [], again: true }
  expect([tagOf(tags, ' b '), tagOf(tags, ' '), tagOf(tags, 'a'), tagOf({ ...tags, again: false }, 'a')]).toEqual(['b', undefined, 'a', undefined])
  expect([tagOf({ ...tags, allowed: ['x'] }, 'y'), tagOf({ ...tags, allowed: ['x'] }, 'x')]).toEqual([undefined, 'x'])
  const whole = { ...tags, of: 'whole' as const, min: 0, max: 9 }
  expect(['3', '3.5', 'x', '10', '-1'].map((each) => tagOf(whole, each))).toEqual([3, undefined, undefined, undefined, undefined])
  expect(tagOf({ ...tags, of: 'number' }, '3.5')).toBe(3.5)
})

it('a picture is shown with the bytes that came beside its message, or were kept', () => {
  const widgets: Widgets = new Map()
  takeWidget(widgets, 'a', { state: { _model_name: 'ImageModel', format: 'jpeg', width: '80', value: null }, buffer_paths: [['value']] }, undefined, ['YQ=='])
  expect(shownOf(widgets.get('a')!)).toMatchObject({ kind: 'picture', mime: 'image/jpeg', base64: 'YQ==', width: 80, moved: false })
  const saved = { 'application/vnd.jupyter.widget-state+json': { state: { b: { state: { _model_name: 'ImageModel' }, buffers: [{ path: ['value'], data: 'Yg==', encoding: 'base64' }] } } } }
  expect(shownOf(savedWidgets({ widgets: saved }).get('b')!)).toMatchObject({ base64: 'Yg==' })
  expect(shownOf({ _model_name: 'ImageModel', value: 'x', format: 'url' })).toMatchObject({ mime: 'image/png', base64: undefined })
})
