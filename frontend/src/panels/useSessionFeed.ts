// What a session does, for the panels beside it: its state, its events, what was run, its checkpoints.

import { useDebounceFn, useDocumentVisibility } from '@vueuse/core'
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { api, got, type Schemas } from '@/api/client'
import type { Event } from '@/api/events'
import { Refused } from '@/api/problem'
import { EventSocket, type Line } from '@/api/socket'
import { joinedStreams } from '@/notebook/batch'
import { useLibrary } from '@/stores/library'
import { FollowedPages } from './followPages'
import { isWorthALine } from './logLine'

export type Session = Schemas['SessionView']
export type Execution = Schemas['ExecutionView']
export type Checkpoint = Schemas['CheckpointView']

export interface Sample {
  time: number
  memory: number
  fuel: number
}

const MOST_EVENTS = 500
/** Of what an execution prints the end is kept, so many characters. */
const MOST_PRINTED = 100_000
const MOST_SAMPLES = 120
const PAGE = 50
/** Between two looks at what the session uses, while a graph of it is shown. */
const PAUSE_BUSY = 1000
const PAUSE_IDLE = 3000
const PAUSE_EVENTS = 60

function checkpointsOf(session: string): FollowedPages<Checkpoint> {
  const path = { session_id: session }
  return new FollowedPages((after) => got(api.GET('/api/v1/sessions/{session_id}/checkpoints', { params: { path, query: { limit: PAGE, after } } })))
}

export const isOver = ({ status }: Execution) => status !== 'queued' && status !== 'running'

export function useSessionFeed(id: Ref<string | undefined>) {
  const session = shallowRef<Session | null>(null)
  /** What happened, without what cells show. */
  const events = shallowRef<Event[]>([])
  /** What each execution printed since it is watched. */
  const printed = shallowRef(new Map<string, string>())
  const samples = shallowRef<Sample[]>([])
  const executions = shallowRef<Execution[]>([])
  const checkpoints = shallowRef<Checkpoint[]>([])
  /** Counts the moments at which the variables may have changed. */
  const changes = ref(0)
  const line = ref<Line>('connecting')
  /** There is no such session any more. */
  const gone = ref(false)
  const visible = useDocumentVisibility()
  const library = useLibrary()
  let socket: EventSocket | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let batch: Event[] = []
  /** Executions in which widgets were moved. */
  const moved = new Set<string>()
  let flushing: ReturnType<typeof setTimeout> | undefined
  /** How many show what it uses from moment to moment. */
  let watchers = 0
  let pages: { executions: FollowedPages<Execution>; checkpoints: FollowedPages<Checkpoint> } | undefined

  /** Does something that nobody asked for: a refusal says itself elsewhere. */
  async function quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof Refused)) throw error
    }
  }

  async function sample(asked: string): Promise<void> {
    try {
      const now = await got(api.GET('/api/v1/sessions/{session_id}', { params: { path: { session_id: asked } } }))
      if (asked !== id.value) return
      session.value = now
      samples.value = [...samples.value.slice(1 - MOST_SAMPLES), { time: Date.now(), memory: now.usage.memory_bytes, fuel: now.usage.fuel }]
    } catch (error) {
      if (error instanceof Refused && error.problem.status === 404 && asked === id.value) gone.value = true
      throw error
    }
  }

  /** Looks how the session is, and again after a while where it is watched. */
  async function look(): Promise<void> {
    const asked = id.value
    if (asked === undefined) return
    try {
      if (visible.value === 'visible') await quietly(() => sample(asked))
    } finally {
      clearTimeout(timer)
      if (asked === id.value && !gone.value && watchers > 0) timer = setTimeout(() => void look(), session.value?.state === 'busy' ? PAUSE_BUSY : PAUSE_IDLE)
    }
  }

  const reread = () =>
    quietly(async () => {
      const [asked, of] = [id.value, pages]
      if (of === undefined) return
      const [ran, kept] = await Promise.all([of.executions.refresh(), of.checkpoints.refresh()])
      if (asked !== id.value) return
      executions.value = ran
      checkpoints.value = kept
    })
  const rereadSoon = useDebounceFn(() => void reread(), 250, { maxWait: 1000 })

  /** Events are taken in together: a cell can print thousands of lines in a second. */
  function heard(event: Event): void {
    batch.push(event)
    flushing ??= setTimeout(flush, PAUSE_EVENTS)
  }

  function flush(): void {
    flushing = undefined
    const heardNow = joinedStreams(batch)
    batch = []
    const told = heardNow.filter((event) => isWorthALine(event, moved))
    if (told.length > 0) events.value = [...events.value, ...told].slice(-MOST_EVENTS)
    print(heardNow)
    if (heardNow.some(({ type }) => type === 'finished' || type === 'restored' || type === 'gap')) changes.value++
    // Which states are on the present line is another matter then, of those too that were read long ago.
    if (pages !== undefined && id.value !== undefined && heardNow.some(({ type }) => type === 'restored' || type === 'gap')) pages.checkpoints = checkpointsOf(id.value)
    if (heardNow.some(({ type }) => type === 'finished') || told.length > 0) {
      void rereadSoon()
      void look()
    }
  }

  function print(heardNow: Event[]): void {
    const streams = heardNow.filter((event) => event.type === 'stream')
    if (streams.length === 0) return
    const texts = new Map(printed.value)
    for (const { execution_id: id = '', content } of streams) texts.set(id, ((texts.get(id) ?? '') + content.text).slice(-MOST_PRINTED))
    printed.value = texts
  }

  function end(): void {
    clearTimeout(timer)
    clearTimeout(flushing)
    flushing = undefined
    batch = []
    socket?.close()
    socket = undefined
    pages = undefined
  }

  watch(
    id,
    (now) => {
      end()
      session.value = null
      gone.value = false
      events.value = []
      printed.value = new Map()
      samples.value = []
      executions.value = []
      checkpoints.value = []
      if (now === undefined) return
      const path = { session_id: now }
      pages = {
        executions: new FollowedPages((after) => got(api.GET('/api/v1/sessions/{session_id}/executions', { params: { path, query: { limit: PAGE, after } } })), isOver),
        checkpoints: checkpointsOf(now),
      }
      socket = new EventSocket({ path: `/api/v1/sessions/${now}/channel`, onEvent: heard, onLine: (state) => (line.value = state), onEnd: () => void look() })
      changes.value++
      void look()
      void reread()
    },
    { immediate: true },
  )
  /** Looks again and again from now on, until what it returns is called. */
  function sampling(): () => void {
    watchers++
    void look()
    return () => void watchers--
  }

  watch(visible, () => void look())
  // That it was woken or put to sleep elsewhere is among the news.
  watch(
    () => library.sessions.find((each) => each.id === id.value)?.state,
    (state) => state !== session.value?.state && void look(),
  )
  onScopeDispose(end)

  return { sampling, session, events, printed, samples, executions, checkpoints, changes, line, gone, look, reread }
}

export type SessionFeed = ReturnType<typeof useSessionFeed>
