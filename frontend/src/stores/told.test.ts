// News and the lists that they change.

import { expect, test } from 'vitest'
import type { News } from '@/api/news'
import { told, type Lists } from './told'

const lists = {
  notebooks: [
    { notebook_id: 'n1', name: 'one', path: 'one.ipynb', revision: 1, last_modified: '2026-01-01T00:00:00Z' },
    { notebook_id: 'n2', name: 'two', path: 'two.ipynb', revision: 1, last_modified: '2026-01-01T00:00:00Z' },
  ],
  sessions: [{ id: 's1', state: 'idle', queue_position: null }],
} as unknown as Lists

const news = (type: News['type'], content: object, about: Partial<News>): News => ({ seq: 1, time: '2026-02-02T00:00:00Z', type, content, ...about }) as News

test('a session changes its state at once, and is asked what it used when it rests', () => {
  const busy = told(lists, news('session_status', { state: 'busy', queue_position: null }, { session_id: 's1' }))
  expect(busy.lists.sessions[0]?.state).toBe('busy')
  expect(busy.questions).toEqual([])
  expect(busy.lists.notebooks).toBe(lists.notebooks)
  const idle = told(busy.lists, news('session_status', { state: 'idle', queue_position: null }, { session_id: 's1' }))
  expect(idle.questions).toEqual([{ about: 'session', id: 's1' }])
})

test('a session that nobody knows is asked for, one that has ended is not', () => {
  expect(told(lists, news('session_status', { state: 'starting', queue_position: null }, { session_id: 's2' })).questions).toEqual([{ about: 'session', id: 's2' }])
  const dead = told(lists, news('session_status', { state: 'dead', queue_position: null }, { session_id: 's1' }))
  expect(dead.questions).toEqual([])
  expect(dead.lists.sessions[0]?.state).toBe('dead')
})

test('a notebook is renamed, removed, or asked for when it is new', () => {
  const renamed = told(lists, news('notebook_changed', { change: 'changed', name: 'uno', path: 'a/uno.ipynb', revision: 4 }, { notebook_id: 'n1' }))
  expect(renamed.lists.notebooks[0]).toEqual({ notebook_id: 'n1', name: 'uno', path: 'a/uno.ipynb', revision: 4, last_modified: '2026-02-02T00:00:00Z' })
  expect(renamed.lists.notebooks[1]).toBe(lists.notebooks[1])
  const removed = told(lists, news('notebook_changed', { change: 'removed', name: 'one', path: 'one.ipynb', revision: 4 }, { notebook_id: 'n1' }))
  expect(removed.lists.notebooks.map(({ notebook_id }) => notebook_id)).toEqual(['n2'])
  expect(told(lists, news('notebook_changed', { change: 'created', name: 'three', path: 'three.ipynb', revision: 1 }, { notebook_id: 'n3' })).questions).toEqual([{ about: 'notebooks' }])
})

test('how a notebook is after an execution is asked; code of no notebook asks nothing', () => {
  expect(told(lists, news('execution_status', { status: 'complete' }, { session_id: 's1', notebook_id: 'n1' })).questions).toEqual([{ about: 'status', notebook: 'n1' }])
  expect(told(lists, news('execution_status', { status: 'running' }, { session_id: 's1', notebook_id: 'n1' })).questions).toEqual([])
  expect(told(lists, news('execution_status', { status: 'complete' }, { session_id: 's1' })).questions).toEqual([])
})
