// A notebook's copy in this browser, kept true: the notebook and the socket at once, then a look whether anything
// happened in between.

import { ref, shallowRef } from 'vue'
import { api, got } from '@/api/client'
import type { Event } from '@/api/events'
import { Refused } from '@/api/problem'
import { EventSocket, type Line } from '@/api/socket'
import { begins, joinedStreams } from './batch'
import { closed, fetchNotebook, answerOf } from './early'
import { bringAsides, keepAsides } from './keptAsides'
import { apply, settle, type Notebook } from './model'
import { notebookOf } from './read'

/** So long, in milliseconds, a beginning waits for what comes of it, so that both are one picture. */
const PATIENCE = 50

/** Opens a notebook. `onLoaded` is told of every fresh copy, `onBack` of a line that is there again, `onEvent` of what was applied. */
export function useConnection(id: string, { onLoaded, onBack, onEvent }: { onLoaded: () => void; onBack: () => void; onEvent: (event: Event) => void }) {
  const copy = ref<Notebook | null>(null)
  const line = ref<Line>('connecting')
  const problem = shallowRef<Refused | null>(null)
  const ended = ref<string | null>(null)
  const canUndo = ref(false)
  const canRedo = ref(false)
  let queue: Event[] = []
  let loading: Promise<void> | null = null
  let confirming = false
  /** What the newest fresh copy was when it was made. */
  let fetched: { revision: number; status: Notebook['status'] } | null = null
  let scheduled = false
  let patience: ReturnType<typeof setTimeout> | undefined
  let newest = 0

  function take(event: Event): void {
    // Numbers that begin anew are another life of the service's: what was known may have changed in between.
    if (event.seq <= newest) void load()
    newest = event.seq
    queue.push(event)
    if (scheduled || loading !== null || confirming) return
    if (begins(event)) patience ??= setTimeout(schedule, PATIENCE)
    else schedule()
  }

  /** Applies once for each picture that is drawn; a hidden page draws none. */
  function schedule(): void {
    if (scheduled) return
    scheduled = true
    if (document.hidden) setTimeout(flush, 100)
    else requestAnimationFrame(flush)
  }

  function flush(): void {
    scheduled = false
    clearTimeout(patience)
    patience = undefined
    if (loading !== null || confirming || copy.value === null) return
    const events = joinedStreams(queue)
    queue = []
    const now = Date.now()
    let edited = false
    for (const event of events) {
      edited ||= event.type === 'cells_moved' || event.type === 'cell_changed'
      if (apply(copy.value, event, now) === 'reload') {
        void load()
        return
      }
      onEvent(event)
    }
    if (edited) canUndo.value = true
  }

  /** Fetches the notebook; what happens meanwhile waits and is applied afterwards. */
  function load(): Promise<void> {
    loading ??= renew().finally(() => {
      loading = null
      flush()
    })
    return loading
  }

  async function renew(): Promise<void> {
    try {
      const answer = await answerOf(id)
      fetched = { revision: answer.revision, status: answer.status }
      const before = copy.value
      copy.value = notebookOf(answer)
      if (before === null) {
        bringAsides(copy.value)
      } else {
        const { activities, unsent, asides, beside } = before
        Object.assign(copy.value, { activities, unsent, asides, beside })
        // What events told of widgets is newer than what is written down.
        for (const [id, state] of before.widgets) copy.value.widgets.set(id, state)
      }
      canUndo.value = answer.can_undo
      canRedo.value = answer.can_redo
      problem.value = null
      onLoaded()
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      problem.value = error
    }
  }

  /** The copy may be older than the first event: when the service has something else by now, it is fetched again. */
  async function confirm(): Promise<void> {
    confirming = true
    try {
      await loading
      const state = await got(api.GET('/api/v1/notebooks/{id}/status', { params: { path: { id } } }))
      const same = fetched?.revision === state.revision && fetched.status === state.status
      if (!same || state.status === 'running') void load()
    } catch (error) {
      // Then the line is away again, or there is no such notebook, which is told already.
      if (!(error instanceof Refused)) throw error
    } finally {
      confirming = false
    }
    flush()
  }

  /** A service that ended took with it what ran, and no event tells of that: it is asked. */
  async function checkRunning(): Promise<void> {
    const known = copy.value
    const running = new Map([...(known?.activities ?? [])].filter(([, { state }]) => state !== 'done'))
    if (known === null || (running.size === 0 && known.status !== 'running')) return
    try {
      const answer = await fetchNotebook(id)
      if (copy.value === known) settle(known, notebookOf(answer), running)
    } catch (error) {
      // Then the line is away again.
      if (!(error instanceof Refused)) throw error
    }
  }

  void load()
  let opened = false
  const socket = new EventSocket({
    path: `/api/v1/ws/notebooks/${id}`,
    onEvent: take,
    onLine(now) {
      line.value = now
      if (now === 'away' && copy.value === null) void load()
      if (now !== 'open') return
      if (opened) onBack()
      opened = true
      if (newest === 0) void confirm()
      else void checkRunning()
    },
    onEnd(reason) {
      ended.value = reason
    },
  })

  const keep = () => copy.value !== null && keepAsides(copy.value)
  window.addEventListener('pagehide', keep)

  function close(): void {
    window.removeEventListener('pagehide', keep)
    keep()
    closed(id)
    socket.close()
  }

  return { copy, line, problem, ended, canUndo, canRedo, load, flush, close }
}

export type Connection = ReturnType<typeof useConnection>
