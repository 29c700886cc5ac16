// The editor of cells: it is large, and fetched when a notebook is on the screen already. Until then code is only shown.

import { shallowRef } from 'vue'

export const CodeEditor = shallowRef<typeof import('./CodeEditor.vue').default>()
let asked = false

/** Fetches the editor, once. */
export async function fetchEditor(): Promise<void> {
  if (asked) return
  asked = true
  try {
    CodeEditor.value = (await import('./CodeEditor.vue')).default
  } finally {
    // The line may have been away: the next cell that is worked on tries again.
    asked = CodeEditor.value !== undefined
  }
}

/** Fetches the editor when nothing else is to be done. */
export function fetchEditorSoon(): void {
  if ('requestIdleCallback' in window) requestIdleCallback(() => void fetchEditor(), { timeout: 1000 })
  else setTimeout(() => void fetchEditor(), 200)
}
