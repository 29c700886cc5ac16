// How much of a row of buttons has to go into its menu, so that the row fits.

import { nextTick, ref, watch, type Ref, type WatchSource } from 'vue'
import { useResizeObserver } from '@vueuse/core'

/** Returns a level: 0 when everything fits, up to `most` when the least is shown. It is found anew when `changes` do. */
export function useFitting(row: Ref<HTMLElement | null>, most: number, changes: WatchSource<unknown>): Ref<number> {
  const level = ref(0)
  let turn = 0

  async function fit() {
    const mine = ++turn
    for (let tried = 0; tried <= most; tried += 1) {
      level.value = tried
      await nextTick()
      if (row.value === null || mine !== turn || row.value.scrollWidth <= row.value.clientWidth) return
    }
  }

  useResizeObserver(row, () => void fit())
  watch(changes, () => void fit(), { flush: 'post' })
  return level
}
