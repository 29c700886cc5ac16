// What is shown of outputs: ranks, terminal colours, links of tracebacks, messages of frames, tables.

import { describe, expect, it } from 'vitest'
import { colour, pieces, plain, style } from './ansi'
import { filterOf } from './filter'
import { contentOf, HIGHEST, patience, told } from './frame'
import { pictureOf, sizeOf, tooLarge } from './picture'
import { renderers, rendererOf, viewsOf } from './registry'
import { blocksOf, MOST_LINES, shortened } from './terminal'
import { linked, tracebackOf } from './traceback'
import { windowOf, ROW } from './window'

describe('registry', () => {
  it('shows the richest first', () => {
    const names = (...types: string[]) => viewsOf(Object.fromEntries(types.map((type) => [type, '']))).map((view) => view.renderer.name)
    expect(names('text/plain', 'text/html')).toEqual(['html', 'text'])
    expect(names('text/plain', 'image/png', 'image/svg+xml')).toEqual(['svg', 'image', 'text'])
    expect(names('text/html', 'application/vnd.plotly.v1+json')).toEqual(['plotly', 'html'])
    expect(names('text/plain', 'application/vnd.vegalite.v6+json')).toEqual(['vega', 'text'])
    expect(names('text/plain', 'text/latex')).toEqual(['latex', 'text'])
    expect(names('application/json', 'text/plain')).toEqual(['json', 'text'])
    expect(names('text/html', 'text/plain', 'application/vnd.bokehjs_exec.v0+json')).toEqual(['bokeh', 'html', 'text'])
  })

  it('shows a widget, or its text, and nothing of a library that was loaded', () => {
    expect(viewsOf({ 'application/vnd.jupyter.widget-view+json': {}, 'text/plain': 'IntSlider()' }).map((view) => view.mime)).toEqual(['application/vnd.jupyter.widget-view+json', 'text/plain'])
    expect(viewsOf({ 'application/vnd.bokehjs_load.v0+json': '', 'text/html': '<script>' })).toEqual([])
  })

  it('knows what is kept elsewhere', () => {
    expect(viewsOf({ 'text/plain': '' }, ['image/png']).map((view) => view.mime)).toEqual(['image/png', 'text/plain'])
  })

  it('calls nothing safe that may run', () => {
    for (const mime of ['text/html', 'application/javascript', 'text/javascript', 'application/vnd.plotly.v1+json', 'application/vnd.vega.v6+json', 'application/vnd.vegalite.v5.20.1+json', 'application/vnd.bokehjs_exec.v0+json']) {
      expect(rendererOf(mime)?.safe, mime).toBe(false)
    }
    expect(rendererOf('application/x-unknown')).toBeUndefined()
    expect(new Set(renderers.map((renderer) => renderer.rank)).size).toBe(renderers.length)
  })
})

describe('terminal colours', () => {
  it('are looks of pieces', () => {
    expect(pieces('a\x1b[31mb\x1b[1mc\x1b[0md').pieces).toEqual([
      { text: 'a', look: {} },
      { text: 'b', look: { colour: 'var(--ansi-1)' } },
      { text: 'c', look: { colour: 'var(--ansi-1)', bold: true } },
      { text: 'd', look: {} },
    ])
  })

  it('go on where the text before ended', () => {
    const first = pieces('\x1b[32mgreen')
    expect(pieces('still', first.look).pieces[0]!.look).toEqual({ colour: 'var(--ansi-2)' })
  })

  it('have 256, and millions, that can be read upon light and dark', () => {
    expect(pieces('\x1b[38;5;9mx').pieces[0]!.look.colour).toBe('var(--ansi-9)')
    expect(colour(255)).toMatch(/^light-dark\(rgb\(\d+ \d+ \d+\), rgb\(238 238 238\)\)$/)
    expect(pieces('\x1b[38;2;0;0;0mx').pieces[0]!.look.colour).toMatch(/^light-dark\(rgb\(0 0 0\), /)
    expect(pieces('\x1b[38;2;999;0;0mx').pieces[0]!.look).toEqual({ colour: undefined })
    expect(colour(256)).toBeUndefined()
  })

  it('drop links, titles, movements and other controls', () => {
    expect(plain('\x1b]8;;https://evil.example\x07text\x1b]8;;\x07 \x1b]0;title\x1b\\\x1b[2J\x1b[1;1Hend\x00\x07')).toBe('text end')
    expect(pieces('\x1b]8;;javascript:alert(1)\x1b\\x').pieces).toEqual([{ text: 'x', look: {} }])
  })

  it('never make HTML or CSS of text', () => {
    expect(pieces('<img src=x onerror=alert(1)>').pieces).toEqual([{ text: '<img src=x onerror=alert(1)>', look: {} }])
    expect(style(pieces('\x1b[38;5;url(x)mx').pieces[0]?.look ?? {})).toEqual({})
  })
})

describe('tracebacks', () => {
  it('lead to the line, though colours change within its name', () => {
    const parts = linked(pieces('\x1b[96mCell\x1b[39m\x1b[96m \x1b[39m\x1b[32mIn[2]\x1b[39m\x1b[32m, line 3\x1b[39m\ncode').pieces)
    expect(parts.filter((part) => part.place).map((part) => part.text).join('')).toBe('Cell In[2], line 3')
    expect(parts.find((part) => part.place)!.place).toEqual({ execution: 2, line: 3 })
    expect(parts.map((part) => part.text).join('')).toBe('Cell In[2], line 3\ncode')
  })

  it('know several, and CPython\'s own form', () => {
    const text = 'x Cell In[1], line 4 y File <ipython-input-12-abc>, line 7 z'
    const parts = linked([{ text, look: {} }])
    expect(parts.filter((part) => part.place).map((part) => part.place)).toEqual([
      { execution: 1, line: 4 },
      { execution: 12, line: 7 },
    ])
    expect(parts.map((part) => part.text).join('')).toBe(text)
  })
})

describe('long text', () => {
  it('leaves out the middle', () => {
    const lines = Array.from({ length: 5000 }, (_, number) => `line ${number}`)
    const { head, hidden, tail } = shortened(lines.join('\n'), false)
    expect(hidden).toBe(5000 - MOST_LINES)
    expect(head.split('\n')[0]).toBe('line 0')
    expect(tail.split('\n').at(-1)).toBe('line 4999')
    expect(head.split('\n').length - 1 + tail.split('\n').length).toBe(MOST_LINES)
    expect(shortened(lines.join('\n'), true).hidden).toBe(0)
  })

  it('reads only what is new', () => {
    const text = Array.from({ length: 450 }, (_, number) => `\x1b[3${number % 8}m${number}`).join('\n')
    const before = blocksOf(text, [])
    const after = blocksOf(`${text}\nmore`, before)
    expect(after.slice(0, 2).every((block, index) => block === before[index])).toBe(true)
    expect(after[2]).not.toBe(before[2])
    expect(after.map((block) => block.text).join('')).toBe(`${text}\nmore`)
  })
})

describe('frames', () => {
  it('are believed a height, within limits', () => {
    expect(told({ height: 100 })).toEqual({ height: 100 })
    expect(told({ height: 1e9 })).toEqual({ height: HIGHEST })
    expect(told({ height: -5 })).toEqual({ height: 0 })
  })

  it.each([null, 'x', 5, [], {}, { height: '100' }, { height: Number.NaN }, { height: Infinity }, { shown: 1 }, Object.create({ height: 5 }), JSON.parse('{"__proto__": {"height": 5}}'), { image: 'javascript:alert(1)' }, { image: 'data:text/html,x' }, { image: 5 }])(
    'are not believed %j',
    (message) => {
      expect(told(message)).toBeUndefined()
    },
  )

  it('give pictures', () => {
    expect(told({ image: 'data:image/png;base64,AA' })).toEqual({ image: 'data:image/png;base64,AA' })
    expect(told({ image: null })).toEqual({ image: null })
  })

  it('are not listened to when they never stop', () => {
    const bear = patience()
    expect(Array.from({ length: 1000 }, () => bear(1000)).filter(Boolean)).toHaveLength(120)
    expect(bear(2500)).toBe(true)
  })

  it('get bokeh with its library', () => {
    expect(contentOf('text/html', { 'text/html': ['<b>', 'x</b>'] })).toEqual({ kind: 'html', content: '<b>x</b>' })
    expect(contentOf('application/vnd.bokehjs_exec.v0+json', { 'application/vnd.bokehjs_exec.v0+json': '', 'text/html': '<div>' })).toEqual({ kind: 'bokeh', content: '<div>' })
    expect(contentOf('application/vnd.vegalite.v6+json', { 'application/vnd.vegalite.v6+json': 1 })).toEqual({ kind: 'vega', mode: 'vega-lite', content: 1 })
  })
})

describe('pictures', () => {
  const png = (width: number, height: number) => {
    const bytes = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, ...[width, height].flatMap((side) => [side >> 24, (side >> 16) & 255, (side >> 8) & 255, side & 255])]
    return btoa(String.fromCharCode(...bytes))
  }

  it('cannot leave their address', () => {
    expect(pictureOf('image/png', 'AA"\' onerror=x')).toBe('data:image/png;base64,AAonerror=x')
    expect(pictureOf('image/svg+xml', '<svg onload="x">\ud800')).not.toMatch(/[<>"]/)
  })

  it('are not decoded when they claim too much', () => {
    expect(tooLarge('image/png', png(65535, 65535))).toBe(true)
    expect(tooLarge('image/png', png(640, 480))).toBe(false)
    expect(sizeOf('image/png', png(640, 480), {})).toEqual({ width: 640, height: 480 })
    expect(sizeOf('image/png', png(640, 480), { width: 320 })).toEqual({ width: 320, height: undefined })
  })
})

describe('tables', () => {
  it.each([
    ['> 5', 'int64', { op: '>', value: 5 }],
    ['=x', 'str', { op: '==', value: 'x' }],
    ['5', 'float64', { op: '==', value: 5 }],
    ['5', 'str', { op: 'contains', value: '5' }],
    ['^ab', 'str', { op: 'startswith', value: 'ab' }],
    ['!null', 'int64', { op: 'notnull' }],
    ['= true', 'bool', { op: '==', value: true }],
  ])('reads the filter %j of %s', (text, dtype, filter) => {
    expect(filterOf('c', dtype, text)).toEqual({ column: 'c', ...filter })
  })

  it('does not filter by half a thought', () => {
    expect(filterOf('c', 'int64', ' ')).toBeUndefined()
    expect(filterOf('c', 'int64', '>')).toBeUndefined()
  })

  it('draws what is on the screen', () => {
    expect(windowOf(100, 10 * ROW, 5 * ROW)).toMatchObject({ first: 10, count: 6, height: 100 * ROW })
    expect(windowOf(0, 0, 300)).toMatchObject({ first: 0, count: 0, height: 0 })
  })

  it('reaches the last row of a million', () => {
    const top = windowOf(1_000_000, 0, 280)
    expect(top.first).toBe(0)
    const end = windowOf(1_000_000, top.height - 280, 280)
    expect(end.first + end.count).toBe(1_000_000)
    expect(end.top + end.count * ROW).toBeLessThanOrEqual(end.height)
  })
})

it('an error is shown without the line of hyphens above it', () => {
  const error = { output_type: 'error' as const, ename: 'E', evalue: 'no', traceback: ['\u001b[31m---------------------------------------------------------------------------\u001b[39m', 'E  Traceback', '-- kept --', '\nDuring it:\n\u001b[31m---------------------------------------------------------------------------\u001b[39m', '\u001b[31mE\u001b[39m: no\nin two lines'] }
  expect(tracebackOf(error)).toEqual({ frames: 'E  Traceback\n-- kept --\n\nDuring it:', message: '\u001b[31mE\u001b[39m: no\nin two lines' })
  expect(tracebackOf({ ...error, traceback: ['  Cell In[1], line 1\n    1a\n    ^\nE: no\n'] })).toEqual({ frames: '  Cell In[1], line 1\n    1a\n    ^', message: 'E: no\n' })
  expect(tracebackOf({ ...error, traceback: ['somebody\'s own'] })).toEqual({ frames: 'somebody\'s own', message: '' })
  expect(tracebackOf({ ...error, traceback: [] })).toEqual({ frames: '', message: 'E: no' })
})
