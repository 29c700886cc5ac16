// The cursor and the selection as they are drawn. The cursor blinks by a timer: an animation that never ends would
// keep the browser drawing, and what is typed would have to wait for its turn.

import type { Extension } from '@codemirror/state'
import { drawSelection, ViewPlugin, type EditorView, type ViewUpdate } from '@codemirror/view'

/** For so many milliseconds the cursor is seen, and then for as many not. */
const PAUSE = 600

class Blinking {
  private timer: ReturnType<typeof setInterval> | undefined
  private seen = true

  constructor(private readonly view: EditorView) {
    this.begin()
  }

  /** Where something is done the cursor stands still for a while. */
  update({ docChanged, selectionSet, focusChanged }: ViewUpdate): void {
    if (docChanged || selectionSet || focusChanged) this.begin()
  }

  destroy(): void {
    clearInterval(this.timer)
  }

  private begin(): void {
    clearInterval(this.timer)
    this.show(true)
    if (!this.view.hasFocus || window.matchMedia?.('(prefers-reduced-motion: reduce)').matches) return
    this.timer = setInterval(() => this.show(!this.seen), PAUSE)
  }

  private show(seen: boolean): void {
    if (seen === this.seen) return
    this.seen = seen
    const layer = this.view.scrollDOM.querySelector<HTMLElement>('.cm-cursorLayer')
    if (layer !== null) layer.style.visibility = seen ? '' : 'hidden'
  }
}

export function drawnSelection(): Extension {
  return [drawSelection({ cursorBlinkRate: 0 }), ViewPlugin.fromClass(Blinking)]
}
