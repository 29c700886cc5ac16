// Carrying a file or folder to another folder, with a mouse or a finger. What can take it has `data-folder`.

import { onBeforeUnmount, ref } from 'vue'
import type { Entry } from '@/stores/files'

/** So far a mouse has to go before it is more than a click, in pixels. */
const FAR = 5
/** So long a finger has to rest before it carries and does not scroll; when it rests longer it asks for the menu. */
const REST = 250
const REST_FOR_MENU = 650
/** So long something is held above a closed folder before that opens. */
const OPENING = 700
/** Near the edge of what scrolls, this many pixels from it, it does. */
const EDGE = 36

export function useRowDragging(carry: { drop: (entry: Entry, folder: string) => void; hover: (folder: string) => void }) {
  const carried = ref<{ entry: Entry; x: number; y: number } | null>(null)
  /** The folder that would take it. */
  const target = ref<string | null>(null)
  let ended: (() => void) | undefined
  let hovering: ReturnType<typeof setTimeout> | undefined

  function start(event: PointerEvent, entry: Entry): void {
    if (event.button !== 0 || !event.isPrimary) return
    ended?.()
    const [x, y, began] = [event.clientX, event.clientY, event.timeStamp]
    const finger = event.pointerType !== 'mouse'
    const row = event.currentTarget as HTMLElement
    const scroller = row.closest<HTMLElement>('[data-folder=""]')
    let at = { x, y }
    const scrolling = setInterval(() => {
      if (carried.value !== null && scroller !== null) scroller.scrollBy(0, pull(scroller, at.y))
    }, 16)

    /** Whether the pointer has done what tells carrying from a click, from scrolling and from asking for the menu. */
    function begins(moved: PointerEvent): boolean {
      const rested = moved.timeStamp - began
      const far = Math.hypot(moved.clientX - x, moved.clientY - y) > FAR
      if (!finger) return far
      if (far && (rested < REST || rested > REST_FOR_MENU)) end()
      return far && rested >= REST && rested <= REST_FOR_MENU
    }

    function move(moved: PointerEvent): void {
      if (carried.value === null && !begins(moved)) return
      at = { x: moved.clientX, y: moved.clientY }
      carried.value = { entry, ...at }
      aim(folderAt(at))
    }

    function release(released: PointerEvent): void {
      const folder = carried.value === null ? null : folderAt({ x: released.clientX, y: released.clientY })
      // The click that follows is none.
      if (carried.value !== null) swallowClick()
      end()
      if (folder !== null) carry.drop(entry, folder)
    }

    // A browser that scrolls would take the finger for itself.
    function hold(touch: TouchEvent): void {
      if (carried.value !== null || touch.timeStamp - began >= REST) touch.preventDefault()
    }

    function press(key: KeyboardEvent): void {
      if (key.key !== 'Escape' || carried.value === null) return
      key.stopPropagation()
      end()
    }

    function end(): void {
      ended = undefined
      clearInterval(scrolling)
      clearTimeout(hovering)
      carried.value = null
      target.value = null
      row.removeEventListener('touchmove', hold)
      window.removeEventListener('pointermove', move)
      window.removeEventListener('pointerup', release)
      window.removeEventListener('pointercancel', end)
      window.removeEventListener('keydown', press, true)
    }

    ended = end
    row.addEventListener('touchmove', hold, { passive: false })
    window.addEventListener('pointermove', move)
    window.addEventListener('pointerup', release)
    window.addEventListener('pointercancel', end)
    window.addEventListener('keydown', press, true)
  }

  function aim(folder: string | null): void {
    if (folder === target.value) return
    target.value = folder
    clearTimeout(hovering)
    if (folder !== null) hovering = setTimeout(() => carry.hover(folder), OPENING)
  }

  onBeforeUnmount(() => ended?.())
  return { carried, target, start }
}

function folderAt({ x, y }: { x: number; y: number }): string | null {
  return document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-folder]')?.dataset.folder ?? null
}

function pull(scroller: HTMLElement, y: number): number {
  const { top, bottom } = scroller.getBoundingClientRect()
  return y < top + EDGE ? -8 : y > bottom - EDGE ? 8 : 0
}

function swallowClick(): void {
  const swallow = (click: Event) => click.stopPropagation()
  window.addEventListener('click', swallow, { capture: true, once: true })
  setTimeout(() => window.removeEventListener('click', swallow, true))
}
