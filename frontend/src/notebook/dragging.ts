// Dragging cells by the handle of one, with a mouse or a finger: a line shows where it would go.

import { ref, type Ref } from 'vue'

/** Near the edge of the list it scrolls, this many pixels from it. */
const EDGE = 48

export function useDragging(scroller: Ref<HTMLElement | null>, drop: (cells: string[], before: number) => void) {
  const dragged = ref<string[]>([])
  /** The number of the cell before which the dragged ones would stand, and where that is on the screen. */
  const target = ref<{ before: number; top: number } | null>(null)
  let pointer = 0
  let timer: ReturnType<typeof setInterval> | undefined

  function start(cells: string[], event: PointerEvent): void {
    if (event.button !== 0) return
    event.preventDefault()
    const handle = event.currentTarget as HTMLElement
    handle.setPointerCapture(event.pointerId)
    dragged.value = cells
    pointer = event.clientY
    timer = setInterval(scroll, 16)
    const over = (moved: PointerEvent) => {
      pointer = moved.clientY
      find()
    }
    const end = (ended: Event) => {
      handle.removeEventListener('pointermove', over)
      handle.removeEventListener('pointerup', end)
      handle.removeEventListener('pointercancel', end)
      clearInterval(timer)
      if (ended.type === 'pointerup' && target.value !== null) drop(cells, target.value.before)
      dragged.value = []
      target.value = null
    }
    handle.addEventListener('pointermove', over)
    handle.addEventListener('pointerup', end)
    handle.addEventListener('pointercancel', end)
  }

  function find(): void {
    const list = scroller.value
    if (list === null) return
    const frame = list.getBoundingClientRect()
    for (const row of list.querySelectorAll<HTMLElement>('[data-index]')) {
      const { top, bottom } = row.getBoundingClientRect()
      if (pointer > bottom) {
        target.value = { before: Number(row.dataset.index) + 1, top: bottom - frame.top + list.scrollTop }
      } else if (pointer >= top) {
        const below = pointer > (top + bottom) / 2
        target.value = { before: Number(row.dataset.index) + (below ? 1 : 0), top: (below ? bottom : top) - frame.top + list.scrollTop }
        return
      }
    }
  }

  function scroll(): void {
    const list = scroller.value
    if (list === null) return
    const { top, bottom } = list.getBoundingClientRect()
    if (pointer < top + EDGE) list.scrollTop -= 12
    else if (pointer > bottom - EDGE) list.scrollTop += 12
    else return
    find()
  }

  return { dragged, target, start }
}
