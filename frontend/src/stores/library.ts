// What there is: projects, notebooks and sessions, as the service last told.

import { defineStore } from 'pinia'
import { useDebounceFn, useDocumentVisibility, useEventListener } from '@vueuse/core'
import { computed, ref, watch } from 'vue'
import { api, got, type Schemas } from '@/api/client'
import { Refused } from '@/api/problem'
import { useConnection } from './connection'

export type Project = Schemas['Project']
export type NotebookSummary = Schemas['NotebookSummary']
export type Session = Schemas['SessionView']

interface Page<T> {
  items: T[]
  next?: string | null
}

/** Reads a list to its end, or as many pages as anybody looks at. */
async function everything<T>(page: (after?: string) => Promise<Page<T>>, most = 10): Promise<T[]> {
  const items: T[] = []
  let after: string | undefined
  for (let turn = 0; turn < most; turn++) {
    const { items: more, next } = await page(after)
    items.push(...more)
    if (!next) break
    after = next
  }
  return items
}

const LIMIT = 100
const PAUSE_IDLE = 4000
const PAUSE_RUNNING = 1200
/** At every so many looks, what is not about sessions is read again too: others make notebooks as well. */
const WHOLE_LOOK = 6

export const useLibrary = defineStore('library', () => {
  const connection = useConnection()
  const projects = ref<Project[]>([])
  const notebooks = ref<NotebookSummary[]>([])
  const sessions = ref<Session[]>([])
  /** How the notebooks in tabs are. */
  const states = ref(new Map<string, NotebookSummary['status']>())
  /** Notebooks in tabs that there are no more, or that are not this user's. */
  const gone = ref(new Set<string>())
  const loaded = ref(false)
  const followed = ref<string[]>([])
  const visible = useDocumentVisibility()
  let timer: ReturnType<typeof setTimeout> | undefined
  let looks = 1

  const recent = computed(() => [...notebooks.value].sort((one, other) => other.last_modified.localeCompare(one.last_modified)))
  const living = computed(() => sessions.value.filter(({ state }) => state !== 'dead'))

  async function refreshSessions(): Promise<void> {
    sessions.value = await everything((after) => got(api.GET('/api/v1/sessions', { params: { query: { limit: LIMIT, after } } })))
    await Promise.all(followed.value.filter((id) => !gone.value.has(id)).map(refreshState))
  }

  async function refreshState(id: string): Promise<void> {
    try {
      const state = await got(api.GET('/api/v1/notebooks/{id}/status', { params: { path: { id } } }))
      states.value.set(id, state.status)
    } catch (error) {
      if (!(error instanceof Refused) || error.offline) throw error
      states.value.delete(id)
      if (error.problem.status === 404) gone.value.add(id)
    }
  }

  async function refresh(): Promise<void> {
    const [foundProjects, foundNotebooks] = await Promise.all([
      everything<Project>((after) => got(api.GET('/api/v1/projects', { params: { query: { limit: LIMIT, after } } }))),
      everything<NotebookSummary>((after) => got(api.GET('/api/v1/notebooks', { params: { query: { limit: LIMIT, after } } }))),
      refreshSessions(),
    ])
    projects.value = foundProjects
    notebooks.value = foundNotebooks
    loaded.value = true
  }

  /** Looks again and again, less often when nothing runs, not at all when nobody sees it. */
  async function poll(): Promise<void> {
    clearTimeout(timer)
    const whole = !loaded.value || looks++ % WHOLE_LOOK === 0
    try {
      if (visible.value === 'visible') await connection.watched(whole ? refresh : refreshSessions)
    } finally {
      // Whatever happened, it goes on: a line that breaks within an answer is no refusal.
      const running = sessions.value.some(({ state }) => state === 'busy' || state === 'queued' || state === 'starting')
      clearTimeout(timer)
      timer = setTimeout(() => void poll(), connection.away ? connection.pause : running ? PAUSE_RUNNING : PAUSE_IDLE)
    }
  }

  useEventListener(window, 'online', () => {
    if (timer !== undefined) void poll()
  })
  watch(visible, (now) => {
    if (now === 'visible' && timer !== undefined) void poll()
  })
  watch(
    () => connection.away,
    (away) => {
      if (!away && loaded.value) void connection.watched(refresh)
    },
  )

  return {
    projects,
    notebooks,
    sessions,
    states,
    gone,
    loaded,
    recent,
    living,
    refresh,
    refreshSessions,
    lookAgain: () => connection.watched(refresh),
    poll,
    /** To be called when something may have changed that is looked at only now and then. */
    lookSoon: useDebounceFn(() => connection.watched(refreshSessions), 250),
    /** Which notebooks' states are wanted. */
    follow(ids: string[]): void {
      followed.value = ids
    },
    notebookOf: (id: string) => notebooks.value.find((notebook) => notebook.notebook_id === id),
    /** The newest session of a notebook. */
    sessionOf: (id: string) => living.value.filter((session) => session.notebook_id === id).sort((one, other) => other.created_at.localeCompare(one.created_at))[0],
  }
})
