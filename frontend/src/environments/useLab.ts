// The JupyterLab of an environment, looked at again while it is on its way, and now and then while it runs.

import { useDocumentVisibility } from '@vueuse/core'
import { onScopeDispose, ref, watch } from 'vue'
import { Refused } from '@/api/problem'
import { useToasts } from '@/stores/toasts'
import { lookAtLab, startLab, stopLab, type Lab } from './service'

/** Between two looks, in milliseconds: while it changes, and otherwise. */
const PAUSE = { soon: 1000, later: 10_000 }

export function useLab(id: string) {
  const { attempt } = useToasts()
  const lab = ref<Lab | null>(null)
  /** Something was asked and is not answered yet. */
  const asking = ref(false)
  const visible = useDocumentVisibility()
  let timer: ReturnType<typeof setTimeout> | undefined
  let over = false

  const moves = () => lab.value?.state === 'installing' || lab.value?.state === 'starting'

  async function look(): Promise<void> {
    clearTimeout(timer)
    try {
      if (visible.value === 'visible' && !asking.value) {
        const seen = await lookAtLab(id)
        if (!asking.value) lab.value = seen
      }
    } catch (error) {
      // Nobody asked for this: the list, or the line above the page, says what is wrong.
      if (!(error instanceof Refused)) throw error
    } finally {
      clearTimeout(timer)
      if (!over) timer = setTimeout(() => void look(), moves() ? PAUSE.soon : PAUSE.later)
    }
  }

  async function ask(work: () => Promise<Lab>): Promise<void> {
    asking.value = true
    try {
      await attempt(work, (now) => (lab.value = now))
    } finally {
      asking.value = false
      void look()
    }
  }

  watch(visible, () => void look())
  onScopeDispose(() => {
    over = true
    clearTimeout(timer)
  })
  void look()

  return { lab, asking, start: (plugins: string[], password: string) => ask(() => startLab(id, { plugins, password: password || undefined })), stop: () => ask(() => stopLab(id)) }
}
