// What was chosen in a menu is done when the menu is gone and the focus is back where it was: a dialog that it
// opens gives the focus back to there.

import { nextTick } from 'vue'
import type { MenuAction } from './items'

export function useChoice() {
  let chosen: MenuAction | undefined

  return {
    choose(action: MenuAction): void {
      chosen = action
    },
    /** To be called when the menu closes. */
    async finish(): Promise<void> {
      const action = chosen
      chosen = undefined
      await nextTick()
      // The menu gives the focus back in a task that it has planned by now.
      if (action !== undefined) setTimeout(() => action.run())
    },
  }
}
