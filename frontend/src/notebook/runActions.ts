// Running cells, and what concerns the session in which they run.

import { reactive } from 'vue'
import { api, got } from '@/api/client'
import { Refused } from '@/api/problem'
import type { components } from '@/api/schema'
import type { Connection } from './connection'
import type { Context } from './context'
import { currentOf } from './drafts'
import { written } from './model'
import { Turns, type Turn } from './turns'

/** What was typed into a cell could not be saved, which was told of when that was tried. */
class Unsaved extends Error {}

/** A run was refused, and what was typed was not saved with it. */
class NotRun extends Error {}

export function useRunActions({ id, copy, order, drafts, selection, toasts, cell }: Context, connection: Connection, { forgetWidgets }: { forgetWidgets: () => void }) {
  const session = () => copy.value?.sessionId ?? null

  /** Cells that were asked to run, and of which the service does not know yet. */
  const asked = reactive(new Set<string>())
  /** One request after the other: cells run in the order in which they were asked to, however long each takes to be saved. */
  const turns = new Turns({
    onRefused,
    onChange(cells) {
      for (const each of asked) if (!cells.has(each)) asked.delete(each)
      for (const each of cells) asked.add(each)
    },
  })

  /** What was to come behind a refused cell says that it was not run; another try is one of all of them. */
  function onRefused(error: unknown, refused: Turn, behind: Turn[]): void {
    const since = Date.now()
    const left = (error instanceof Unsaved ? [refused, ...behind] : behind).flatMap(({ cells }) => cells)
    for (const each of left) copy.value?.activities.set(each, { state: 'done', since, notRun: 'refused' })
    if (!(error instanceof Unsaved)) toasts.tell(error, () => [refused, ...behind].forEach(take))
  }

  function take(turn: Turn): Promise<void> {
    for (const each of turn.cells) if (copy.value?.activities.get(each)?.notRun !== undefined) copy.value.activities.delete(each)
    return turns.take(turn)
  }

  /** Runs code cells one after the other; markdown is only shown. */
  async function run(which: string[] = selection.selectedCells.value): Promise<void> {
    const code = which.filter((each) => cell(each)?.cell_type === 'code')
    await Promise.all(code.map((each) => take({ cells: [each], work: () => runOne(each) })))
  }

  /** What is typed and not saved is saved with the same request. */
  async function runOne(of: string): Promise<void> {
    let ran = false
    try {
      const saved = await drafts.save(of, async (_, source, base) => {
        const revision = (await execute({ cell_id: of, source, revision: base })) ?? base
        if (copy.value !== null) written(copy.value, of, { source, revision })
        ran = true
        return revision
      })
      if (!saved) throw new Unsaved()
    } catch (error) {
      // It was not run; what was typed is saved all the same.
      if (error instanceof NotRun) void drafts.save(of)
      throw error instanceof NotRun ? error.cause : error
    }
    // It may have been removed, or made a text, while it waited.
    if (!ran && cell(of)?.cell_type === 'code') await execute({ cell_id: of })
  }

  /** Asks for a run. Returns the revision of the cell that runs first. */
  async function execute(body: components['schemas']['ExecuteNotebook']): Promise<number | undefined> {
    try {
      const answer = await got(api.POST('/api/v1/notebooks/{id}/execute', { params: { path: { id } }, body }))
      if (copy.value !== null) copy.value.sessionId = answer.session_id
      return answer.revision ?? undefined
    } catch (error) {
      // That somebody else has written is a matter of the text.
      throw body.source === undefined || (error instanceof Refused && currentOf(error) !== undefined) ? error : new NotRun('', { cause: error })
    }
  }

  /** Runs what is selected and goes on: to the next cell, which is made at the end. */
  async function runAndAdvance(add: (at: number) => Promise<string | undefined>): Promise<void> {
    const which = selection.selectedCells.value
    const next = order.value[order.value.indexOf(which.at(-1) ?? '') + 1]
    void run(which)
    if (next === undefined) await selection.goTo(add(copy.value?.order.length ?? 0), 'edit')
    else selection.go(next)
  }

  function runWhich(which: 'all' | 'above' | 'below' | 'stale'): Promise<void> {
    const of = selection.active.value
    return take({
      cells: [],
      async work() {
        if (!(await drafts.saveAll())) throw new Unsaved()
        await execute(which === 'above' || which === 'below' ? { which, cell_id: of ?? undefined } : { which })
      },
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
      forgetWidgets()
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

  return { asked, run, runAndAdvance, runWhich, interrupt, restart, restore, answer }
}
