// Running cells, and what concerns the session in which they run.

import { api, got } from '@/api/client'
import type { Connection } from './connection'
import type { Context } from './context'

export function useRunActions({ id, copy, order, drafts, selection, toasts, cell }: Context, connection: Connection) {
  const session = () => copy.value?.sessionId ?? null

  /** One request after the other: cells run in the order in which they were asked to, however long each takes to be saved. */
  let last: Promise<unknown> | null = null

  /** Begins at once when nothing is under way. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const next = last === null ? work() : last.then(work)
    const over: Promise<unknown> = next.catch(() => undefined).then(() => (last === over ? (last = null) : undefined))
    last = over
    return next
  }

  /** Runs code cells one after the other; markdown is only shown. */
  function run(which: string[] = selection.selectedCells.value): Promise<void> {
    return inTurn(async () => {
      for (const each of which) {
        const known = cell(each)
        if (known?.cell_type !== 'code') continue
        if (drafts.get(each) !== undefined && !(await drafts.save(each))) return
        await execute({ cell_id: each })
      }
    })
  }

  async function execute(body: { cell_id?: string; which?: 'all' | 'above' | 'below' | 'stale' }): Promise<void> {
    const answer = await toasts.attempt(() => got(api.POST('/api/v1/notebooks/{id}/execute', { params: { path: { id } }, body })))
    if (answer !== undefined && copy.value !== null) copy.value.sessionId = answer.session_id
  }

  /** Runs what is selected and goes on: to the next cell, which is made at the end. */
  async function runAndAdvance(add: (at: number) => Promise<string | undefined>): Promise<void> {
    const which = selection.selectedCells.value
    const next = order.value[order.value.indexOf(which.at(-1) ?? '') + 1]
    void run(which)
    if (next !== undefined) {
      selection.go(next)
    } else {
      const added = await add(copy.value?.order.length ?? 0)
      if (added !== undefined) selection.go(added, 'edit')
    }
  }

  function runWhich(which: 'all' | 'above' | 'below' | 'stale'): Promise<void> {
    const of = selection.active.value
    return inTurn(async () => {
      if (!(await drafts.saveAll())) return
      await execute(which === 'above' || which === 'below' ? { which, cell_id: of ?? undefined } : { which })
    })
  }

  async function interrupt(): Promise<void> {
    const of = session()
    if (of !== null) await toasts.attempt(() => got(api.POST('/api/v1/sessions/{session_id}/interrupt', { params: { path: { session_id: of } } })))
  }

  async function restart(andRunAll = false): Promise<void> {
    const of = session()
    if (of !== null) {
      const done = await toasts.attempt(() => got(api.POST('/api/v1/sessions/{session_id}/restart', { params: { path: { session_id: of } } })))
      if (done === undefined) return
    }
    if (andRunAll) await runWhich('all')
  }

  /** Brings the variables back to before a cell ran; it and those that ran later are marked as undone. */
  async function restore(of: string): Promise<void> {
    await toasts.attempt(() => got(api.POST('/api/v1/notebooks/{id}/cells/{cell_id}/restore', { params: { path: { id, cell_id: of } } })))
    connection.flush()
  }

  /** Answers a cell's `input()`; `null` when nobody will. */
  async function answer(of: string, value: string | null): Promise<void> {
    const where = session()
    if (where === null) return
    const activity = copy.value?.activities.get(of)
    const prompt = activity?.prompt
    if (activity !== undefined) activity.prompt = undefined
    const done = await toasts.attempt(async () => {
      await api.POST('/api/v1/sessions/{session_id}/input', { params: { path: { session_id: where } }, body: { value } })
      return true
    })
    if (done === undefined && activity !== undefined && activity.state === 'running') activity.prompt = prompt
  }

  return { run, runAndAdvance, runWhich, interrupt, restart, restore, answer }
}
