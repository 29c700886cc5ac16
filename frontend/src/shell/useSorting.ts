// Things in a row that are put in another order by mouse or touch.

import type Sortable from 'sortablejs'
import { onBeforeUnmount, onMounted, type Ref } from 'vue'

/** Tells where something was taken from and where it was dropped; the list itself is changed by whoever keeps it. */
export function useSorting(list: Readonly<Ref<HTMLElement | null>>, items: string, onMove: (from: number, to: number) => void): void {
  let sortable: Sortable | undefined
  let gone = false

  onMounted(async () => {
    const { default: library } = await import('sortablejs')
    if (gone || list.value === null) return
    sortable = library.create(list.value, {
      draggable: items,
      animation: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 150,
      // The browser's own dragging is not the same everywhere and does not know touch.
      forceFallback: true,
      fallbackTolerance: 5,
      delay: 180,
      delayOnTouchOnly: true,
      ghostClass: 'sorting-ghost',
      onEnd({ oldIndex, newIndex, oldDraggableIndex, newDraggableIndex, item, from }) {
        if (oldIndex === undefined || newIndex === undefined || oldIndex === newIndex) return
        // What is on the screen goes back: it follows the list.
        item.remove()
        from.insertBefore(item, from.children[oldIndex] ?? null)
        onMove(oldDraggableIndex ?? oldIndex, newDraggableIndex ?? newIndex)
      },
    })
  })

  onBeforeUnmount(() => {
    gone = true
    sortable?.destroy()
  })
}
