// What there is: projects, notebooks and sessions, as the service last told. News keep the lists true; only while
// they cannot be had it is looked again and again.

import { defineStore } from 'pinia'
import { useDebounceFn, useDocumentVisibility, useEventListener } from '@vueuse/core'
import { computed, ref, shallowRef, watch } from 'vue'
import { api, got, type Schemas } from '@/api/client'
import type { News } from '@/api/news'
import { Refused } from '@/api/problem'
import { EventSocket, type Line } from '@/api/socket'
import { useConnection } from './connection'
import { told, type Question } from './told'

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
/** Between two looks while there is no line on which news come, in milliseconds. */
const PAUSE = 5000
/** So long news are gathered before what they leave open is asked: cells can begin and end many times in a second. */
const GATHERED = { pause: 200, most: 1000 }
/** News of what runs are taken in together, so many milliseconds after the first: what a cell shows comes before. */
const TOGETHER = 60
/** Sessions are asked for one by one, up to so many. */
const FEW = 4

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
  const line = ref<Line>('closed')
  /** The last warning that a quota is nearly used up. */
  const warning = shallowRef<Extract<News, { type: 'quota_warning' }> | null>(null)
  /** The last news that files of a project changed. */
  const written = shallowRef<Extract<News, { type: 'files_changed' }> | null>(null)
  /** Counts executions that ended, after which there may be other files. */
  const ended = ref(0)
  let socket: EventSocket<News> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const meanwhile = new Set<News[]>()
  let heard: News[] = []
  let taking: ReturnType<typeof setTimeout> | undefined
  /** What news left open and is not asked yet. */
  const open = { sessions: new Set<string>(), states: new Set<string>(), notebooks: false }

  const recent = computed(() => [...notebooks.value].sort((one, other) => other.last_modified.localeCompare(one.last_modified)))
  const living = computed(() => sessions.value.filter(({ state }) => state !== 'dead'))

  async function refreshSessions(): Promise<void> {
    sessions.value = await everything((after) => got(api.GET('/api/v1/sessions', { params: { query: { limit: LIMIT, after } } })))
    await Promise.all(followed.value.filter((id) => !gone.value.has(id)).map(refreshState))
  }

  async function refreshSession(id: string): Promise<void> {
    try {
      const session = await got(api.GET('/api/v1/sessions/{session_id}', { params: { path: { session_id: id } } }))
      const known = sessions.value.some((each) => each.id === id)
      sessions.value = known ? sessions.value.map((each) => (each.id === id ? session : each)) : [...sessions.value, session]
    } catch (error) {
      if (!(error instanceof Refused) || error.problem.status !== 404) throw error
      sessions.value = sessions.value.filter((each) => each.id !== id)
    }
  }

  async function refreshNotebooks(): Promise<void> {
    notebooks.value = await everything<NotebookSummary>((after) => got(api.GET('/api/v1/notebooks', { params: { query: { limit: LIMIT, after } } })))
  }

  async function refreshState(id: string): Promise<void> {
    try {
      const state = await got(api.GET('/api/v1/notebooks/{id}/status', { params: { path: { id } } }))
      states.value.set(id, state.status)
      gone.value.delete(id)
    } catch (error) {
      if (!(error instanceof Refused) || error.offline) throw error
      states.value.delete(id)
      if (error.problem.status === 404) gone.value.add(id)
    }
  }

  async function refreshProjects(): Promise<void> {
    projects.value = await everything<Project>((after) => got(api.GET('/api/v1/projects', { params: { query: { limit: LIMIT, after } } })))
  }

  async function refresh(): Promise<void> {
    await Promise.all([refreshProjects(), refreshNotebooks(), refreshSessions()])
    loaded.value = true
    // A tab may have come after those that there were had been asked for.
    await Promise.all(followed.value.filter((id) => !states.value.has(id) && !gone.value.has(id)).map(refreshState))
  }

  function take(news: News): Question[] {
    const { lists, questions } = told({ notebooks: notebooks.value, sessions: sessions.value }, news)
    notebooks.value = lists.notebooks
    sessions.value = lists.sessions
    return questions
  }

  /** Asks for lists. An answer may be older than news that came while it was on its way: they are taken in once more. */
  async function asking(work: () => Promise<unknown>): Promise<void> {
    const newer: News[] = []
    meanwhile.add(newer)
    try {
      await work()
    } finally {
      meanwhile.delete(newer)
    }
    newer.forEach(take)
  }

  function hear(news: News): void {
    if (news.type === 'quota_warning') warning.value = news
    else if (news.type === 'files_changed') written.value = news
    else {
      heard.push(news)
      taking ??= setTimeout(takeAll, TOGETHER)
    }
  }

  function takeAll(): void {
    taking = undefined
    const all = heard
    heard = []
    const questions = all.flatMap(take)
    for (const newer of meanwhile) newer.push(...all)
    if (all.some(({ type, content }) => type === 'execution_status' && content.status !== 'running')) ended.value++
    questions.forEach(note)
    if (questions.length > 0) void askSoon()
  }

  function note(question: Question): void {
    switch (question.about) {
      case 'session':
        open.sessions.add(question.id)
        break
      case 'status':
        if (followed.value.includes(question.notebook)) open.states.add(question.notebook)
        break
      case 'notebooks':
        open.notebooks = true
        break
    }
  }

  const askSoon = useDebounceFn(() => connection.watched(() => asking(ask)), GATHERED.pause, { maxWait: GATHERED.most })

  /** Asks what the news left open. */
  async function ask(): Promise<void> {
    const { sessions: changed, states: ran, notebooks: more } = { ...open }
    Object.assign(open, { sessions: new Set(), states: new Set(), notebooks: false })
    const asked: Promise<void>[] = changed.size > FEW ? [refreshSessions()] : [...changed].map(refreshSession)
    asked.push(...[...ran].map(refreshState))
    // A notebook may be the first of a project.
    if (more) asked.push(refreshNotebooks(), refreshProjects())
    await Promise.all(asked)
  }

  /** Looks at all there is, and again after a while unless news come or nobody sees it. */
  async function look(): Promise<void> {
    clearTimeout(timer)
    try {
      if (visible.value === 'visible' || !loaded.value) await connection.watched(() => asking(refresh))
    } finally {
      // Whatever happened, it goes on: a line that breaks within an answer is no refusal.
      clearTimeout(timer)
      if (socket !== undefined && (line.value !== 'open' || connection.away)) timer = setTimeout(() => void look(), connection.away ? connection.pause : PAUSE)
    }
  }

  /** Begins to follow what there is. */
  function begin(): void {
    if (socket !== undefined) return
    socket = new EventSocket<News>({
      path: '/api/v1/ws/events',
      kept: false,
      onEvent: hear,
      onLine(now) {
        line.value = now
        // What happened while nothing was heard is not told again.
        if (now === 'open' || now === 'away') void look()
      },
      onEnd: () => void look(),
    })
  }

  function end(): void {
    clearTimeout(timer)
    clearTimeout(taking)
    taking = undefined
    heard = []
    socket?.close()
    socket = undefined
  }

  const lookIfBegun = () => socket !== undefined && void look()
  useEventListener(window, ['online', 'offline'], lookIfBegun)
  watch(visible, (now) => now === 'visible' && line.value !== 'open' && lookIfBegun())

  return {
    projects,
    notebooks,
    sessions,
    states,
    gone,
    loaded,
    recent,
    living,
    refresh: () => asking(refresh),
    refreshSessions: () => asking(refreshSessions),
    lookAgain: () => connection.watched(() => asking(refresh)),
    begin,
    end,
    warning,
    written,
    ended,
    /** Which notebooks' states are wanted. */
    follow(ids: string[]): void {
      const added = ids.filter((id) => !followed.value.includes(id))
      followed.value = ids
      if (!loaded.value || added.length === 0) return
      for (const notebook of added) note({ about: 'status', notebook })
      void askSoon()
    },
    notebookOf: (id: string) => notebooks.value.find((notebook) => notebook.notebook_id === id),
    anyRuns: () => sessions.value.some(({ state }) => state === 'busy'),
    /** The newest session of a notebook. */
    sessionOf: (id: string) => living.value.filter((session) => session.notebook_id === id).sort((one, other) => other.created_at.localeCompare(one.created_at))[0],
  }
})
