// Keys that are pressed before the editor is there that they are meant for: they wait for it, and are text and not commands.

import { until } from '@vueuse/core'
import { ref } from 'vue'
import { nameOf, bindings } from './keys'

/** So long an editor is waited for, in milliseconds; what was pressed for one that does not come is nothing. */
const PATIENCE = 15_000

const NAVIGATION = new Set(['Enter', 'Tab', 'Backspace', 'Delete', 'Home', 'End', 'ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'])

/** Whether a key means something to an editor or to a notebook. What is the browser's stays the browser's. */
export function isMeant(key: KeyboardEvent): boolean {
  if (Object.hasOwn(bindings, nameOf(key))) return true
  return !key.ctrlKey && !key.metaKey && !key.altKey && (key.key.length === 1 || NAVIGATION.has(key.key))
}

/** Keeps keys for an editor while `awaited` says that one is to come; then each is done in its turn. */
export function useKeysAhead(awaited: () => boolean, press: (key: KeyboardEvent) => unknown) {
  let waiting = 0
  const forgotten = ref(0)
  let last: Promise<unknown> = Promise.resolve()

  /** Takes a key that has to wait, and says whether it had to. */
  function take(key: KeyboardEvent): boolean {
    if ((waiting === 0 && !awaited()) || !isMeant(key)) return false
    key.preventDefault()
    key.stopPropagation()
    waiting += 1
    const then = forgotten.value
    last = last.catch(() => undefined).then(() => done(key, then)).finally(() => (waiting -= 1))
    return true
  }

  async function done(key: KeyboardEvent, then: number): Promise<void> {
    if (then === forgotten.value) await until(() => then !== forgotten.value || !awaited()).toBe(true, { timeout: PATIENCE })
    if (then !== forgotten.value) return
    if (awaited()) forget()
    else await press(key)
  }

  /** Lets go of what waits: the user turned to something else. */
  function forget(): void {
    forgotten.value += 1
  }

  return { take, forget }
}
