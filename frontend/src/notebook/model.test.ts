// Every event a notebook can get, and what it makes of the copy.

import { describe, expect, it } from 'vitest'
import { reactive, ref } from 'vue'
import type { Event, Happening } from '@/api/events'
import type { DisplayOutput, Output } from '@/outputs/types'
import { activityOf, apply, isDue, settle, type Cell, type Notebook } from './model'
import { begins, joinedStreams } from './batch'
import { bringAsides, keepAsides } from './keptAsides'
import { useOutline } from './outline'
import { namesOfFigure } from './shown'

function cell(id: string, more: Partial<Cell> = {}): Cell {
  return { cell_id: id, cell_type: 'code', source: `# ${id}`, metadata: {}, outputs: [], execution_count: null, revision: 1, change: 1, undone: false, stale: false, running: false, ...more }
}

function notebook(...cells: Cell[]): Notebook {
  return {
    id: 'n',
    name: 'N',
    path: 'N.ipynb',
    projectId: 'p',
    sessionId: null,
    status: 'idle',
    kernel: 'none',
    revision: 10,
    edits: 0,
    order: cells.map((each) => each.cell_id),
    cells: new Map(cells.map((each) => [each.cell_id, each])),
    activities: new Map(),
    clearing: new Set(),
    partial: new Set(),
    watchers: 1,
    widgets: new Map(),
    unsent: new Map(),
    asides: new Map(),
    beside: new Map(),
  }
}

let seq = 0
function event(happening: Happening, of?: string, more: Partial<Event> = {}): Event {
  seq += 1
  return { seq, time: '2026-01-01T00:00:00Z', ...(of === undefined ? {} : { cell_id: of }), ...more, ...happening } as Event
}

const usage = { fuel: 5, seconds: 0.25, memory_bytes: 1, file_bytes: 0, files: 0, open_files: 0 }
const started = (of: string) => event({ type: 'started', content: { code: '' } }, of)
const stream = (of: string, text: string, name: 'stdout' | 'stderr' = 'stdout') => event({ type: 'stream', content: { name, text } }, of)
const finished = (of: string) => event({ type: 'finished', content: { outcome: 'ok', execution_count: 1, usage, checkpoint_before: 'a', checkpoint_after: 'b' } }, of, { time: '2026-01-01T00:00:02Z' })
const changed = (wire: Cell, revision: number, running = false, stale = false) => {
  return event({ type: 'cell_changed', content: { revision, stale, running, cell: wire } }, wire.cell_id)
}
const shown = (of: string, data: Record<string, unknown>, id?: string) => event({ type: 'display_data', content: { data, metadata: {}, transient: id === undefined ? null : { display_id: id } } }, of)
const text = (output: Output | undefined) => (output?.output_type === 'stream' ? output.text : undefined)

function play(copy: Notebook, ...events: Event[]): Notebook {
  for (const each of events) expect(apply(copy, each, 1000)).toBe('applied')
  return copy
}

describe('what is run', () => {
  it('that ended with the service says so: what ran is lost, what waited was not run', () => {
    const copy = notebook(cell('a', { running: true }), cell('b', { running: true }))
    play(copy, started('a'), event({ type: 'queued', content: { position: 1 } }, 'b'))
    const lost = event({ type: 'finished', content: { outcome: 'lost', execution_count: null, usage, checkpoint_before: 'a', checkpoint_after: 'a' } }, 'a', { time: '2026-01-01T09:00:00Z' })
    const warned = event({ type: 'log', content: { level: 'warning', message: 'It was not run.' } }, 'b')
    play(copy, lost, warned, changed(cell('b', { change: 2 }), 11))
    // The hours until the service was there again are no time that it ran.
    expect(copy.activities.get('a')).toMatchObject({ state: 'done', outcome: 'lost', took: undefined })
    expect(copy.activities.get('b')).toMatchObject({ state: 'done', notRun: 'stopped' })
    expect(copy.cells.get('b')!.running).toBe(false)
    play(copy, started('b'))
    expect(copy.activities.get('b')?.notRun).toBeUndefined()
  })

  it('that was not run stays marked as the document says, until it begins or is changed', () => {
    const copy = notebook(cell('a', { not_run: { reason: 'cell_lost', message: 'A cell before this one was lost.' } }), cell('b'))
    play(copy, started('a'))
    expect(copy.cells.get('a')!.not_run).toBeNull()
    play(copy, changed(cell('b', { change: 2, not_run: { reason: 'service_ended', message: 'The service ended.' } }), 11))
    expect(copy.cells.get('b')!.not_run).toEqual({ reason: 'service_ended', message: 'The service ended.' })
    play(copy, changed(cell('b', { change: 3 }), 12))
    expect(copy.cells.get('b')!.not_run).toBeUndefined()
  })

  it('is not given up when there is only something to know of it', () => {
    const copy = notebook(cell('a'))
    play(copy, started('a'), event({ type: 'log', content: { level: 'warning', message: 'Its code looks strange.' } }, 'a', { execution_id: 'e' }))
    expect(copy.activities.get('a')?.state).toBe('running')
  })

  it('begins without the outputs of before, and shows what comes', () => {
    const copy = play(notebook(cell('a', { outputs: [{ output_type: 'stream', name: 'stdout', text: 'old' }] })), started('a'), stream('a', 'one\n'), stream('a', 'two\n'))
    expect(copy.cells.get('a')!.outputs).toEqual([{ output_type: 'stream', name: 'stdout', text: 'one\ntwo\n' }])
    expect(activityOf(copy, copy.cells.get('a')!)).toBe('running')
  })

  it('keeps the two streams apart', () => {
    const copy = play(notebook(cell('a')), started('a'), stream('a', 'x'), stream('a', 'y', 'stderr'), stream('a', 'z'))
    expect(copy.cells.get('a')!.outputs.map(text)).toEqual(['x', 'y', 'z'])
  })

  it('is queued with a position, runs, and is done with what it took', () => {
    const copy = play(notebook(cell('a')), event({ type: 'queued', content: { position: 3 } }, 'a'))
    expect(copy.activities.get('a')).toMatchObject({ state: 'queued', position: 3 })
    play(copy, started('a'), finished('a'))
    expect(copy.activities.get('a')).toMatchObject({ state: 'done', took: 2000, outcome: 'ok', checkpointBefore: 'a' })
  })

  it('ends with what is written down, and keeps outputs that are the same', () => {
    const copy = play(notebook(cell('a')), started('a'), shown('a', { 'text/plain': 'v' }, 'd1'))
    const before = copy.cells.get('a')!.outputs[0]
    play(copy, finished('a'), changed(cell('a', { change: 5, execution_count: 1, outputs: [{ output_type: 'display_data', data: { 'text/plain': 'v' }, metadata: {} }] }), 12))
    expect(copy.cells.get('a')!.outputs[0]).toBe(before)
    expect(copy.cells.get('a')).toMatchObject({ running: false, execution_count: 1 })
  })

  it('does not go back to what is written down while it runs', () => {
    const copy = play(notebook(cell('a')), changed(cell('a'), 11, true), started('a'), stream('a', 'new'), changed(cell('a', { change: 4 }), 12, true))
    expect(copy.cells.get('a')!.outputs.map(text)).toEqual(['new'])
  })

  it('shows a result and an error', () => {
    const copy = play(
      notebook(cell('a')),
      started('a'),
      event({ type: 'execute_result', content: { data: { 'text/plain': '2' }, metadata: {}, execution_count: 7 } }, 'a'),
      event({ type: 'error', content: { ename: 'E', evalue: 'v', traceback: ['t'] } }, 'a'),
    )
    expect(copy.cells.get('a')!.outputs).toEqual([
      { output_type: 'execute_result', data: { 'text/plain': '2' }, metadata: {}, execution_count: 7 },
      { output_type: 'error', ename: 'E', evalue: 'v', traceback: ['t'] },
    ])
  })

  it('clears at once, or with the next output', () => {
    const copy = play(notebook(cell('a')), started('a'), stream('a', '1'), event({ type: 'clear_output', content: { wait: true } }, 'a'))
    expect(copy.cells.get('a')!.outputs.map(text)).toEqual(['1'])
    play(copy, stream('a', '2'))
    expect(copy.cells.get('a')!.outputs.map(text)).toEqual(['2'])
    play(copy, event({ type: 'clear_output', content: { wait: false } }, 'a'))
    expect(copy.cells.get('a')!.outputs).toEqual([])
  })

  it('forgets a clearing that waited when it is run again', () => {
    const copy = play(notebook(cell('a')), started('a'), event({ type: 'clear_output', content: { wait: true } }, 'a'), started('a'), stream('a', '1'), stream('a', '2'))
    expect(copy.cells.get('a')!.outputs.map(text)).toEqual(['12'])
  })

  it('updates a display wherever it is', () => {
    const copy = play(notebook(cell('a'), cell('b')), started('a'), shown('a', { 'text/plain': '0%' }, 'bar'), started('b'))
    play(copy, event({ type: 'update_display_data', content: { data: { 'text/plain': '50%' }, metadata: {}, transient: { display_id: 'bar' } } }, 'b'))
    expect((copy.cells.get('a')!.outputs[0] as DisplayOutput).data).toEqual({ 'text/plain': '50%' })
    expect(copy.cells.get('b')!.outputs).toEqual([])
  })

  it('asks, and forgets the question when it is done', () => {
    const copy = play(notebook(cell('a')), started('a'), event({ type: 'input_request', content: { prompt: 'Name?', password: false } }, 'a'))
    expect(copy.activities.get('a')!.prompt).toEqual({ prompt: 'Name?', password: false })
    play(copy, finished('a'))
    expect(copy.activities.get('a')!.prompt).toBeUndefined()
  })

  it('is not busy any longer when the service says so without an end', () => {
    const copy = play(notebook(cell('a')), changed(cell('a'), 11, true), event({ type: 'queued', content: { position: 1 } }, 'a'), changed(cell('a'), 12, false))
    expect(activityOf(copy, copy.cells.get('a')!)).toBe('done')
  })

  it('waits again when it ran before', () => {
    const copy = play(notebook(cell('a')), started('a'), finished('a'), changed(cell('a', { change: 2 }), 12, false), changed(cell('a', { change: 2 }), 13, true))
    expect(activityOf(copy, copy.cells.get('a')!)).toBe('queued')
  })
})

describe('what is edited', () => {
  it('puts new cells in their place before they are known', () => {
    const copy = play(notebook(cell('a'), cell('b')), event({ type: 'cells_moved', content: { revision: 11, at: 1, removed: 0, cells: ['c'] } }), changed(cell('c'), 11))
    expect(copy.order).toEqual(['a', 'c', 'b'])
    expect(copy.cells.get('c')!.source).toBe('# c')
  })

  it('moves and removes', () => {
    const copy = play(notebook(cell('a'), cell('b'), cell('c')), event({ type: 'cells_moved', content: { revision: 11, at: 0, removed: 2, cells: ['b', 'a'] } }))
    expect(copy.order).toEqual(['b', 'a', 'c'])
    play(copy, event({ type: 'cells_moved', content: { revision: 12, at: 2, removed: 1, cells: [] } }))
    expect(copy.order).toEqual(['b', 'a'])
  })

  it('does not do again what the copy has already', () => {
    const copy = play(notebook(cell('a', { source: 'new', change: 9 })), event({ type: 'cells_moved', content: { revision: 10, at: 0, removed: 1, cells: [] } }), changed(cell('a', { source: 'old', change: 3 }), 9))
    expect(copy.order).toEqual(['a'])
    expect(copy.cells.get('a')!.source).toBe('new')
  })

  it('takes edits of two people, one after the other', () => {
    const copy = notebook(cell('a'), cell('b'))
    play(copy, changed(cell('a', { source: 'mine', revision: 2, change: 11 }), 11), changed(cell('b', { source: 'theirs', revision: 2, change: 12 }), 12), changed(cell('a', { source: 'theirs too', revision: 3, change: 13 }), 13))
    expect([...copy.cells.values()].map(({ source }) => source)).toEqual(['theirs too', 'theirs'])
    expect(copy.revision).toBe(13)
  })

  it('counts edits, and not what cells show', () => {
    const copy = notebook(cell('a'))
    play(copy, changed(cell('a', { outputs: [{ output_type: 'stream', name: 'stdout', text: '1' }], change: 11 }), 11))
    expect(copy.edits).toBe(0)
    play(copy, changed(cell('a', { source: 'other', revision: 2, change: 12 }), 12), changed(cell('b', { change: 13 }), 13))
    expect(copy.edits).toBe(2)
  })

  it('is followed by its outline', () => {
    const copy = ref<Notebook | null>(notebook(cell('a', { cell_type: 'markdown', source: '# One' }), cell('b')))
    const unsaved = reactive(new Set<string>())
    const outline = useOutline(copy, unsaved, () => '# Typed')
    const shown = () => outline.value.map(({ text }) => text)
    expect(shown()).toEqual(['One'])
    play(copy.value!, changed(cell('b', { cell_type: 'markdown', source: '# Two', change: 11 }), 11), changed(cell('a', { cell_type: 'markdown', source: '# First', change: 11 }), 11))
    expect(shown()).toEqual(['First', 'Two'])
    unsaved.add('a')
    expect(shown()).toEqual(['Typed', 'Two'])
  })

  it('keeps what a running cell shows while it is edited', () => {
    const copy = play(notebook(cell('a')), changed(cell('a'), 11, true), started('a'), stream('a', 'out'), changed(cell('a', { source: 'edited', revision: 2, change: 12 }), 12, true))
    expect(copy.cells.get('a')).toMatchObject({ source: 'edited', running: true })
    expect(copy.cells.get('a')!.outputs.map(text)).toEqual(['out'])
  })

  it('marks what is stale and what is undone', () => {
    const copy = play(notebook(cell('a'), cell('b', { stale: true })), event({ type: 'notebook_status', content: { status: 'error', revision: 10, stale: ['a'], running: [], resting: [] } }), changed(cell('a', { undone: true, change: 11 }), 11, false, true))
    expect(copy.status).toBe('error')
    expect(copy.cells.get('a')).toMatchObject({ stale: true, undone: true })
    expect(copy.cells.get('b')!.stale).toBe(false)
  })

  it('shows what waits for a run as waiting until it is given up', () => {
    const told = (running: string[], resting: string[]) => event({ type: 'notebook_status', content: { status: 'running', revision: 10, stale: [], running, resting } })
    const doing = (copy: Notebook) => ['a', 'b'].map((id) => activityOf(copy, copy.cells.get(id)!))
    const copy = play(notebook(cell('a'), cell('b')), told(['a', 'b'], []))
    expect(doing(copy)).toEqual(['queued', 'queued'])
    expect(doing(play(copy, started('a')))).toEqual(['running', 'queued'])
    expect(doing(play(copy, told([], ['b'])))).toEqual(['running', 'idle'])
    // It ended, a second run waits for it, and that is given up: how long it took is known still.
    play(copy, told(['b'], []), finished('a'), changed(cell('a', { change: 11 }), 11, true))
    expect(doing(copy)).toEqual(['queued', 'queued'])
    expect(doing(play(copy, told([], ['a', 'b'])))).toEqual(['done', 'idle'])
    expect(copy.activities.get('a')!.outcome).toBe('ok')
  })
})

describe('a copy that was made while a cell ran', () => {
  it('waits for the whole before it goes on by itself', () => {
    const copy = notebook(cell('a', { running: true, outputs: [{ output_type: 'stream', name: 'stdout', text: '1' }] }))
    copy.partial.add('a')
    play(copy, stream('a', '3'))
    expect(copy.cells.get('a')!.outputs.map(text)).toEqual(['1'])
    play(copy, changed(cell('a', { change: 12, outputs: [{ output_type: 'stream', name: 'stdout', text: '123' }] }), 12, true), stream('a', '4'))
    expect(copy.cells.get('a')!.outputs.map(text)).toEqual(['1234'])
  })
})

describe('everything else', () => {
  it('is fetched anew after a gap', () => {
    expect(apply(notebook(), event({ type: 'gap', content: { first: 1, last: 9 } }), 0)).toBe('reload')
  })

  it('knows its session, who watches, and what the interpreter does', () => {
    const copy = play(notebook(), event({ type: 'presence', content: { watchers: 2 } }), event({ type: 'status', content: { execution_state: 'busy' } }, undefined, { session_id: 's' }))
    expect(copy).toMatchObject({ watchers: 2, kernel: 'busy', sessionId: 's' })
  })

  it('takes what does not concern it', () => {
    const copy = notebook(cell('a'))
    const before = JSON.stringify(copy)
    play(
      copy,
      event({ type: 'execution_status', content: { status: 'running' } }),
      event({ type: 'restored', content: { checkpoint_id: null, reason: 'restart', lost: [] } }),
      event({ type: 'checkpoint', content: { checkpoint_id: 'c', pages: 1 } }),
      event({ type: 'log', content: { level: 'info', message: 'm' } }),
      event({ type: 'comm_open', content: { comm_id: 'c' } }),
      event({ type: 'comm_msg', content: { comm_id: 'c' } }),
      event({ type: 'comm_close', content: { comm_id: 'c' } }),
      stream('unknown', 'x'),
    )
    expect(JSON.stringify(copy)).toBe(before)
  })

  it('refuses an event that nobody knows', () => {
    expect(() => apply(notebook(), { seq: 1, time: '', type: 'new', content: {} } as unknown as Event, 0)).toThrow('unexpected')
  })
})

describe('a batch', () => {
  it('joins what one cell printed in a row, and nothing else', () => {
    const events = [stream('a', '1'), stream('a', '2'), stream('a', 'e', 'stderr'), stream('b', '3'), started('b'), stream('b', '4')]
    const joined = joinedStreams(events)
    expect(joined.map((each) => (each.type === 'stream' ? each.content.text : each.type))).toEqual(['12', 'e', '3', 'started', '4'])
    expect(joined[0]!.seq).toBe(events[1]!.seq)
    expect(events[0]!.type === 'stream' && events[0]!.content.text).toBe('1')
  })

  it('tells what only begins from what there is to see', () => {
    const beginning = [started('a'), changed(cell('a'), 11, true), event({ type: 'execution_status', content: { status: 'running' } }, 'a')]
    expect(beginning.map(begins)).toEqual([true, true, true])
    const seen = [stream('a', '1'), finished('a'), changed(cell('a'), 11), event({ type: 'execution_status', content: { status: 'complete' } }, 'a')]
    expect(seen.map(begins)).toEqual([false, false, false, false])
  })
})

describe('a service that came back', () => {
  const printed: Output[] = [{ output_type: 'stream', name: 'stdout', text: 'kept' }]

  it('ends what it knows nothing of, and shows what is left of it', () => {
    const copy = play(notebook(cell('a', { running: true })), started('a'))
    settle(copy, notebook(cell('a', { outputs: printed, stale: true })), new Map(copy.activities))
    expect(activityOf(copy, copy.cells.get('a')!)).toBe('idle')
    expect(copy.cells.get('a')).toMatchObject({ running: false, outputs: printed, stale: true })
    expect([copy.status, copy.kernel]).toEqual(['idle', 'none'])
  })
  it('does not end what runs, nor what began while it was asked', () => {
    const copy = play(notebook(cell('a', { running: true }), cell('b', { running: true })), started('a'), started('b'))
    const thought = new Map(copy.activities)
    play(copy, started('b'))
    settle(copy, notebook(cell('a', { running: true }), cell('b', { outputs: printed })), thought)
    expect([...copy.cells.values()].map((each) => activityOf(copy, each))).toEqual(['running', 'running'])
    expect(copy.kernel).toBe('busy')
  })
})

describe('what code shows that a widget called', () => {
  const VIEW = 'application/vnd.jupyter.widget-view+json'
  const said = (happening: Happening, execution = 'x') => event(happening, undefined, { execution_id: execution })
  const called = (comm: string) => said({ type: 'started', content: { code: `# comm_msg ${comm}` } })
  const ended = said({ type: 'finished', content: { outcome: 'ok', execution_count: null, usage, checkpoint_before: 'a', checkpoint_after: 'b' } })
  const withBox = () => {
    const copy = notebook(cell('other'), cell('a', { outputs: [{ output_type: 'display_data', data: { [VIEW]: { model_id: 'box' } }, metadata: {} }] }))
    copy.widgets.set('box', { _model_name: 'VBoxModel', children: ['IPY_MODEL_button'] })
    copy.widgets.set('button', { _model_name: 'ButtonModel' })
    return copy
  }

  it('stands below the cell that shows the widget, apart from what the cell showed', () => {
    const copy = withBox()
    play(copy, called('button'), said({ type: 'stream', content: { name: 'stdout', text: 'clicked\n' } }), ended, said({ type: 'stream', content: { name: 'stdout', text: 'late' } }))
    expect(copy.asides.get('a')).toEqual([{ output_type: 'stream', name: 'stdout', text: 'clicked\n' }])
    expect(copy.cells.get('a')!.outputs).toHaveLength(1)
    expect([...copy.asides.keys()]).toEqual(['a'])
  })

  it('is cleared by itself, and goes when the cell runs again', () => {
    const copy = withBox()
    const print = (text: string) => said({ type: 'stream', content: { name: 'stdout', text } })
    play(copy, called('button'), print('one'), said({ type: 'clear_output', content: { wait: true } }), print('two'))
    expect(copy.asides.get('a')).toEqual([{ output_type: 'stream', name: 'stdout', text: 'two' }])
    expect(copy.cells.get('a')!.outputs).toHaveLength(1)
    play(copy, said({ type: 'clear_output', content: { wait: false } }))
    expect(copy.asides.has('a')).toBe(false)
    play(copy, print('three'), started('a'))
    expect(copy.asides.has('a')).toBe(false)
  })

  it('is nowhere when no cell shows the widget', () => {
    const copy = play(withBox(), called('stranger'), said({ type: 'stream', content: { name: 'stdout', text: 'x' } }))
    expect(copy.asides.size).toBe(0)
  })
})

it('what is out of date is what running it would run: what never ran too, and nothing that is empty', () => {
  const due = (more: Partial<Cell>) => isDue(cell('a', more))
  expect([due({}), due({ execution_count: 1 }), due({ execution_count: 1, stale: true })]).toEqual([true, false, true])
  expect([due({ source: ' \n' }), due({ running: true }), due({ cell_type: 'markdown', stale: true })]).toEqual([false, false, false])
})

it('the figure of a cell has the names that it gave, until something later knows them', () => {
  const outputs: Output[] = [{ output_type: 'display_data', data: { 'image/png': 'x' }, metadata: {} }]
  const drawn = cell('a', { source: 'fig, (left, right) = plt.subplots(1, 2)\nleft.plot(x == 3)\n  size = 1', outputs, execution_count: 2 })
  const other = (source: string, execution_count: number) => cell('b', { source, execution_count })
  expect(namesOfFigure(drawn, [drawn, other('fig = 1', 1), other('print(x)', 3)])).toEqual(['fig', 'left', 'right'])
  expect(namesOfFigure(drawn, [drawn, other('left.set_title("t")', 3)])).toEqual([])
  for (const more of [{ stale: true }, { undone: true }, { outputs: [] }, { outputs: [...outputs, ...outputs] }]) expect(namesOfFigure({ ...drawn, ...more }, [])).toEqual([])
})

it('what stood beside cells comes back over a reload, where nothing ran meanwhile', () => {
  const storage = window.localStorage
  const shown: Output[] = [{ output_type: 'stream', name: 'stdout', text: 'said' }]
  const made = (more: Partial<Cell> = {}) => Object.assign(notebook(cell('a', { outputs: shown, execution_count: 1, ...more })), { sessionId: 's' })
  const before = made()
  before.asides.set('a', shown)
  keepAsides(before, storage)
  const back = (fresh: Notebook) => (bringAsides(fresh, storage), fresh.asides.get('a'))
  expect(back(made())).toEqual(shown)
  expect([back(made({ execution_count: 2 })), back(made({ outputs: [] })), back(made({ undone: true })), back({ ...made(), sessionId: 'other' })]).toEqual([undefined, undefined, undefined, undefined])
  keepAsides(made(), storage)
  expect(back(made())).toBeUndefined()
})
