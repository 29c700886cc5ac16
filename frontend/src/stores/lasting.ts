// A state that is only shown once it lasts: what is over at once would flicker.

import { onScopeDispose, readonly, ref, watch, type Ref } from 'vue'

/** What is over in less than this, in milliseconds, is not shown. */
const MOMENT = 150

/** Becomes true a moment after a state does, and false with it. */
export function lasting(state: () => boolean): Readonly<Ref<boolean>> {
  const lasts = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    state,
    (now) => {
      clearTimeout(timer)
      lasts.value = false
      if (now) timer = setTimeout(() => (lasts.value = true), MOMENT)
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(timer))
  return readonly(lasts)
}
