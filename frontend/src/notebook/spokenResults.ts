// Tells screen readers how a cell ended, and the beginning of what it showed.

import { watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { joined, type Output } from '@/outputs/types'
import { useAnnouncements } from '@/stores/announcements'
import type { NotebookStore } from './store'

const MOST = 200

/** `seen` says whether the notebook is the one that is shown; of others nothing is told. */
export function useSpokenResults(store: NotebookStore, seen: () => boolean): void {
  const { t } = useI18n()
  const { say } = useAnnouncements()
  let told = Date.now()

  // The newest that ended; of several at once one is told.
  function newest(): { cell: string; since: number; outcome: string } | null {
    let found: { cell: string; since: number; outcome: string } | null = null
    for (const [cell, { state, since, outcome }] of store.copy?.activities ?? []) {
      if (state === 'done' && outcome !== undefined && since > (found?.since ?? told)) found = { cell, since, outcome }
    }
    return found
  }

  watch(newest, (ended) => {
    if (ended === null) return
    told = ended.since
    const cell = store.cell(ended.cell)
    if (!seen() || cell === undefined) return
    const outcome = t(`execution.${ended.outcome === 'ok' ? 'success' : ended.outcome}`)
    void say(t('notebook.spoken', { number: store.order.indexOf(ended.cell) + 1, outcome, text: beginningOf(cell.outputs) }))
  })
}

/** The text of the last output, at most so long. */
function beginningOf(outputs: readonly Output[]): string {
  const last = outputs.at(-1)
  switch (last?.output_type) {
    case undefined:
      return ''
    case 'stream':
      return joined(last.text).trim().slice(-MOST)
    case 'error':
      return `${last.ename}: ${last.evalue}`.slice(0, MOST)
    default:
      return joined(last?.data['text/plain']).slice(0, MOST)
  }
}
