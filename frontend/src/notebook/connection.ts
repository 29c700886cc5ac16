// A notebook's copy in this browser, kept true: first the socket, then the notebook, then what happened meanwhile.

import { ref, shallowRef } from 'vue'
import { api, got } from '@/api/client'
import type { Event } from '@/api/events'
import { Refused } from '@/api/problem'
import { EventSocket, type Line } from '@/api/socket'
import { begins, joinedStreams } from './batch'
import { apply, settle, type Notebook } from './model'
import { notebookOf } from './read'

/** So long, in milliseconds, a beginning waits for what comes of it, so that both are one picture. */
const PATIENCE = 50

/** Opens a notebook. `onLoaded` is told of every fresh copy, `onBack` of a line that is there again. */
export function useConnection(id: string, { onLoaded, onBack }: { onLoaded: () => void; onBack: () => void }) {
  const copy = ref<Notebook | null>(null)
  const line = ref<Line>('connecting')
  const problem = shallowRef<Refused | null>(null)
  const ended = ref<string | null>(null)
  const canUndo = ref(false)
  const canRedo = ref(false)
  let queue: Event[] = []
  let loading = false
  let scheduled = false
  let patience: ReturnType<typeof setTimeout> | undefined
  let newest = 0

  function take(event: Event): void {
    // Numbers that begin anew are another life of the service's: what was known may have changed in between.
    if (event.seq <= newest) void load()
    newest = event.seq
    queue.push(event)
    if (scheduled || loading) return
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
    if (loading || copy.value === null) return
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
    }
    if (edited) canUndo.value = true
  }

  /** Fetches the notebook; what happens meanwhile waits and is applied afterwards. */
  async function load(): Promise<void> {
    if (loading) return
    loading = true
    try {
      const answer = await got(api.GET('/api/v1/notebooks/{id}', { params: { path: { id } } }))
      const activities = copy.value?.activities
      copy.value = notebookOf(answer)
      if (activities !== undefined) copy.value.activities = activities
      canUndo.value = answer.can_undo
      canRedo.value = answer.can_redo
      problem.value = null
      onLoaded()
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      problem.value = error
    } finally {
      loading = false
    }
    flush()
  }

  /** A service that ended took with it what ran, and no event tells of that: it is asked. */
  async function checkRunning(): Promise<void> {
    const known = copy.value
    const running = new Map([...(known?.activities ?? [])].filter(([, { state }]) => state !== 'done'))
    if (known === null || (running.size === 0 && known.status !== 'running')) return
    try {
      const answer = await got(api.GET('/api/v1/notebooks/{id}', { params: { path: { id } } }))
      if (copy.value === known) settle(known, notebookOf(answer), running)
    } catch (error) {
      // Then the line is away again.
      if (!(error instanceof Refused)) throw error
    }
  }

  let first = true
  const socket = new EventSocket({
    path: `/api/v1/ws/notebooks/${id}`,
    onEvent: take,
    onLine(now) {
      line.value = now
      if (now !== 'open' && now !== 'away') return
      if (first || copy.value === null) void load()
      else if (now === 'open') {
        onBack()
        void checkRunning()
      }
      first = false
    },
    onEnd(reason) {
      ended.value = reason
    },
  })

  return { copy, line, problem, ended, canUndo, canRedo, load, flush, close: () => socket.close() }
}

export type Connection = ReturnType<typeof useConnection>
