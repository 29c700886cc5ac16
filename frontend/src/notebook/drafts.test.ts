// Saving what is typed: one save in flight, conflicts, and a line that is away.

import { describe, expect, it, vi } from 'vitest'
import { Refused, UNREACHABLE } from '@/api/problem'
import { Drafts, type Conflict } from './drafts'

const known = { source: 'old', revision: 1 }

function stale(source: string, revision: number): Refused {
  return new Refused({ status: 409, code: 20211, title: '', message: 'm', solution: '', details: { current: { source, revision } } })
}

function setup(save: (cell: string, text: string, base: number) => Promise<number>) {
  const conflicts: Conflict[] = []
  const problems: Refused[] = []
  const saved = vi.fn(save)
  const drafts = new Drafts({ save: saved, onConflict: (conflict) => conflicts.push(conflict), onProblem: (problem) => problems.push(problem), pause: 1 })
  return { drafts, saved, conflicts, problems }
}

describe('drafts', () => {
  it('saves upon the revision where the typing began', async () => {
    const { drafts, saved } = setup(async (_cell, _text, base) => base + 1)
    drafts.type('a', 'new', known)
    expect(await drafts.save('a')).toBe(true)
    expect(saved.mock.calls).toEqual([['a', 'new', 1]])
    expect(drafts.get('a')).toBeUndefined()
  })

  it('has one save in flight, and saves afterwards what was typed meanwhile upon its revision', async () => {
    let land: (revision: number) => void = () => undefined
    const { drafts, saved } = setup((_cell, _text, base) => (base === 1 ? new Promise((resolve) => (land = resolve)) : Promise.resolve(base + 1)))
    drafts.type('a', 'one', known)
    const first = drafts.save('a')
    drafts.type('a', 'two', known)
    const second = drafts.save('a')
    expect(saved).toHaveBeenCalledTimes(1)
    land(2)
    expect(await Promise.all([first, second])).toEqual([true, true])
    expect(saved.mock.calls).toEqual([
      ['a', 'one', 1],
      ['a', 'two', 2],
    ])
  })

  it('is saved by what may do more, once; what is typed meanwhile is only saved', async () => {
    const { drafts, saved } = setup(async (_cell, _text, base) => base + 1)
    const more = vi.fn(async (_cell: string, _text: string, base: number) => {
      drafts.type('a', 'two', known)
      return base + 1
    })
    drafts.type('a', 'one', known)
    expect(await drafts.save('a', more)).toBe(true)
    expect(more.mock.calls).toEqual([['a', 'one', 1]])
    expect(saved.mock.calls).toEqual([['a', 'two', 2]])
    const fails = vi.fn(() => Promise.reject(new Error('not now')))
    drafts.type('a', 'three', { source: 'two', revision: 3 })
    await expect(drafts.save('a', fails)).rejects.toThrow('not now')
    expect(await drafts.save('a')).toBe(true)
    expect(saved.mock.calls.at(-1)).toEqual(['a', 'three', 3])
  })

  it('does not overwrite somebody else: their text comes with both revisions', async () => {
    const { drafts, conflicts, saved } = setup(async (_cell, _text, base) => {
      if (base < 5) throw stale('theirs', 5)
      return base + 1
    })
    drafts.type('a', 'mine', known)
    expect(await drafts.save('a')).toBe(false)
    expect(conflicts).toEqual([{ cell: 'a', mine: 'mine', theirs: { source: 'theirs', revision: 5 } }])
    expect(await drafts.save('a')).toBe(false)
    expect(saved).toHaveBeenCalledTimes(1)
    drafts.settle('a', 'both', { source: 'theirs', revision: 5 })
    await vi.waitFor(() => expect(drafts.get('a')).toBeUndefined())
    expect(saved.mock.calls.at(-1)).toEqual(['a', 'both', 5])
  })

  it('takes theirs without saving', async () => {
    const { drafts, saved } = setup(async () => {
      throw stale('theirs', 5)
    })
    drafts.type('a', 'mine', known)
    await drafts.save('a')
    drafts.settle('a', null, { source: 'theirs', revision: 5 })
    expect(drafts.get('a')).toBeUndefined()
    expect(saved).toHaveBeenCalledTimes(1)
  })

  it('sees no conflict where only the metadata changed, or where both wrote the same', async () => {
    const { drafts, conflicts, saved } = setup(async (cell, _text, base) => {
      if (cell === 'same') throw stale('mine', 5)
      if (base < 5) throw stale('old', 5)
      return base + 1
    })
    drafts.type('a', 'mine', known)
    expect(await drafts.save('a')).toBe(true)
    expect(saved.mock.calls.at(-1)).toEqual(['a', 'mine', 5])
    drafts.type('same', 'mine', known)
    expect(await drafts.save('same')).toBe(true)
    expect(conflicts).toEqual([])
  })

  it('keeps the text while the line is away', async () => {
    let away = true
    const { drafts, problems } = setup(async (_cell, _text, base) => {
      if (away) throw new Refused(UNREACHABLE)
      return base + 1
    })
    drafts.type('a', 'mine', known)
    expect(await drafts.saveAll()).toBe(false)
    expect(problems).toHaveLength(1)
    expect(drafts.get('a')?.text).toBe('mine')
    away = false
    expect(await drafts.saveAll()).toBe(true)
  })

  it('saves by itself after a pause', async () => {
    const { drafts, saved } = setup(async (_cell, _text, base) => base + 1)
    drafts.type('a', 'new', known)
    await vi.waitFor(() => expect(saved).toHaveBeenCalledOnce())
  })

  it('has nothing to save where the text is as it was', async () => {
    const { drafts, saved } = setup(async () => 2)
    drafts.type('a', 'old', known)
    expect(await drafts.save('a')).toBe(true)
    expect(saved).not.toHaveBeenCalled()
  })
})
