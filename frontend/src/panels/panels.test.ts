// The pure parts of the panels.

import { describe, expect, it } from 'vitest'
import type { Event } from '@/api/events'
import { FollowedPages } from './followPages'
import { isWorthALine, logLine, pastLines } from './logLine'
import { firstLine, timeline } from './timeline'
import type { Checkpoint, Execution } from './useSessionFeed'

describe('a list that is followed', () => {
  const list = [...'abcde']
  const asked: (string | undefined)[] = []
  const fetch = async (after: string | undefined) => {
    asked.push(after)
    const from = after === undefined ? 0 : list.indexOf(after) + 1
    const items = list.slice(from, from + 2)
    return { items, next: from + 2 < list.length ? items.at(-1) : null }
  }

  it('is read to its end, and then only from where it may have grown', async () => {
    const pages = new FollowedPages(fetch)
    expect((await pages.refresh()).join('')).toBe('abcde')
    asked.length = 0
    list.push('f', 'g')
    expect((await pages.refresh()).join('')).toBe('abcdefg')
    expect(asked).toEqual(['d', 'f'])
  })
  it('is read again from the first that may still change', async () => {
    const pages = new FollowedPages(fetch, (item) => item !== 'c')
    await pages.refresh()
    asked.length = 0
    expect((await pages.refresh()).join('')).toBe('abcdefg')
    expect(asked[0]).toBe('b')
  })
})

describe('the timeline', () => {
  const checkpoint = (id: string, execution_id: string | null, label: string | null = null, on_line = true) => ({ id, execution_id, label, on_line }) as Checkpoint
  const execution = (execution_id: string, cell_id: string, code: string) => ({ execution_id, cell_id, code }) as Execution

  it('has the newest first, each with the cell that made it', () => {
    const moments = timeline([checkpoint('1', 'x'), checkpoint('2', null, 'before lunch'), checkpoint('3', 'y')], [execution('x', 'A', '# sum\n\na = 1'), execution('y', 'A', 'a = 2')], '2')
    expect(moments.map(({ title, current, lastOfCell }) => [title, current, lastOfCell])).toEqual([
      ['a = 2', false, true],
      ['before lunch', true, false],
      ['a = 1', false, false],
    ])
  })
  it('tells what was gone back from, as the service says it', () => {
    const moments = timeline([checkpoint('1', 'v'), checkpoint('2', 'w', null, false), checkpoint('3', null, 'here')], [execution('v', 'A', 'a = 1')], '3')
    expect(moments.map(({ checkpoint, left }) => [checkpoint.id, left])).toEqual([['3', false], ['2', true], ['1', false]])
  })
  it('has of a widget that was moved only where it was left', () => {
    const ran = [execution('a', 'A', 'slider'), ...['b', 'c', 'd'].map((id) => execution(id, '', `# comm_msg ${id}`)), execution('e', 'A', 'slider')]
    const all = ran.map(({ execution_id }, index) => checkpoint(String(index), execution_id))
    expect(timeline(all, ran, null).map(({ checkpoint, widget }) => [checkpoint.id, widget])).toEqual([['4', false], ['3', true], ['0', false]])
    expect(timeline(all.slice(0, 4), ran, '2').map(({ checkpoint }) => checkpoint.id)).toEqual(['3', '2', '0'])
  })
  it('shows a comment where there is nothing else', () => {
    expect(firstLine('# only this')).toBe('# only this')
    expect(firstLine(null)).toBe('')
  })
})

describe('the log', () => {
  const event = (type: string, content: unknown) => ({ seq: 1, time: 't', type, content }) as Event

  it('says why a cell did not end well', () => {
    expect(logLine(event('finished', { outcome: 'limit', error: { message: 'memory' } }))).toMatchObject({ level: 'error', key: 'log.limit', values: { why: 'memory' } })
    expect(logLine(event('finished', { outcome: 'error', error: { ename: 'E', evalue: 'v' } }))).toMatchObject({ level: 'warning', values: { why: 'E: v' } })
    expect(logLine(event('finished', { outcome: 'ok' }))).toMatchObject({ level: 'info', key: 'log.finished' })
  })
  it('leaves what cells show to the cells', () => {
    expect(logLine(event('stream', { name: 'stdout', text: 'x' }))).toBeNull()
  })
  it('does not tell each move of a widget, but what went wrong with it', () => {
    const moved = new Set<string>()
    const of = (type: string, content: unknown, execution_id: string) => ({ ...event(type, content), execution_id })
    const told = (outcome: string, code: string) => [of('started', { code }, 'x'), of('checkpoint', { pages: 1 }, 'x'), of('finished', { outcome }, 'x')].map((each) => isWorthALine(each, moved))
    expect(told('ok', 'a = 1')).toEqual([true, true, true])
    expect(told('ok', '# comm_msg abc')).toEqual([false, false, false])
    expect(told('error', '# comm_msg abc')).toEqual([false, false, true])
    expect(moved.size).toBe(0)
  })
  it('tells what the service says in its own words', () => {
    expect(logLine(event('log', { level: 'warning', message: 'full' }))).toMatchObject({ level: 'warning', text: 'full' })
  })
  it('begins with what ran before it was watched, once', () => {
    const ran = (execution_id: string, status: string) => ({ execution_id, status, code: '# a\nx = 1', started_at: 's', finished_at: 'f', error: status === 'error' ? { ename: 'E', evalue: 'v' } : null }) as unknown as Execution
    const lines = pastLines([ran('old', 'error'), ran('seen', 'success'), { ...ran('waits', 'queued'), finished_at: null }], [{ execution_id: 'seen' }])
    expect(lines.map(({ key, code, values }) => [key, code, values?.why])).toEqual([
      ['log.started', 'x = 1', undefined],
      ['log.error', undefined, 'E: v'],
    ])
  })
})
