// The sidebar or the panels over a narrow screen: the focus goes in, Escape closes, the focus comes back.

import { useEventListener } from '@vueuse/core'
import { nextTick, watch, type Ref } from 'vue'
import { useDialogs } from '@/stores/dialogs'
import { useLayout } from '@/stores/layout'

export function useDrawer(shown: Readonly<Ref<boolean>>, drawer: Readonly<Ref<HTMLElement | null>>): void {
  const layout = useLayout()
  const dialogs = useDialogs()
  let before: HTMLElement | null = null

  // Before the page around it becomes inert, which would take the focus away.
  watch(
    shown,
    async (now) => {
      if (now) before = document.activeElement instanceof HTMLElement ? document.activeElement : null
      await nextTick()
      if (now) drawer.value?.focus()
      // Something in the drawer may have led elsewhere.
      else if (document.activeElement === document.body) before?.focus()
    },
    { flush: 'pre' },
  )

  useEventListener(window, 'keydown', (event) => {
    // A menu or a dialog that is open above it closes first.
    if (event.key !== 'Escape' || event.defaultPrevented || !shown.value || dialogs.question !== null || dialogs.open !== null) return
    if (document.querySelector('[role="menu"], [role="dialog"]') === null) layout.closeDrawer()
  })
}
