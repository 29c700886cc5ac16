// Documentation beside the cursor: asked for by Shift-Tab, by an opening parenthesis, or by the mouse resting.

import { Prec, StateEffect, StateField, type Extension } from '@codemirror/state'
import { EditorView, hoverTooltip, keymap, showTooltip, type Tooltip } from '@codemirror/view'
import { pieces, plain, style } from '@/outputs/ansi'
import { inspect } from './ask'

type Session = () => string | null

const show = StateEffect.define<Tooltip | null>()

const shown = StateField.define<Tooltip | null>({
  create: () => null,
  update(tooltip, transaction) {
    for (const effect of transaction.effects) if (effect.is(show)) return effect.value
    if (tooltip === null) return null
    if (transaction.docChanged) return { ...tooltip, pos: transaction.changes.mapPos(tooltip.pos) }
    return tooltip
  },
  provide: (field) => showTooltip.from(field),
})

/** Draws text with terminal colours. */
function drawn(text: string, small: boolean): HTMLElement {
  const place = document.createElement('div')
  place.className = small ? 'documentation small' : 'documentation'
  place.tabIndex = -1
  for (const piece of pieces(text).pieces) {
    const part = document.createElement('span')
    part.textContent = piece.text
    Object.assign(part.style, style(piece.look))
    place.append(part)
  }
  return place
}

/** The signature, and the first line of what it does. */
function summary(text: string): string {
  const signature = /Signature:[\s\S]*?(?=\n\S*(?:Docstring|Call def|Init sign|Source|File|Type|Repr):?|$)/.exec(plain(text))?.[0] ?? ''
  const doc = /Docstring:\s*\n?(.*)/.exec(plain(text))?.[1] ?? ''
  return [signature.replace(/^Signature:\s*/, '').trim(), doc.trim()].filter(Boolean).join('\n')
}

async function tell(view: EditorView, session: Session, position: number, small: boolean): Promise<void> {
  const text = await inspect(session(), view.state.doc.toString(), position)
  const what = text !== null && small ? summary(text) : text
  if (what === null || what === '' || !view.dom.isConnected) return
  const pos = Math.min(view.state.selection.main.head, view.state.doc.length)
  view.dispatch({ effects: show.of({ pos, above: small, create: () => ({ dom: drawn(what, small) }) }) })
}

function hide(view: EditorView): boolean {
  if (view.state.field(shown) === null) return false
  view.dispatch({ effects: show.of(null) })
  return true
}

export function documentation(session: Session): Extension {
  return [
    shown,
    Prec.high(keymap.of([
      {
        key: 'Shift-Tab',
        run(view) {
          const { head } = view.state.selection.main
          const before = view.state.sliceDoc(view.state.doc.lineAt(head).from, head)
          if (before.trim() === '') return false
          void tell(view, session, head, false)
          return true
        },
      },
      { key: 'Escape', run: hide },
    ])),
    EditorView.domEventHandlers({ blur: (_, view) => void hide(view) }),
    EditorView.updateListener.of((update) => {
      const { head } = update.state.selection.main
      for (const transaction of update.transactions) {
        if (transaction.isUserEvent('input.type') && update.state.sliceDoc(head - 1, head) === '(') {
          setTimeout(() => void tell(update.view, session, head - 1, true))
        } else if (update.state.field(shown) !== null && (transaction.isUserEvent('select') || update.state.sliceDoc(head - 1, head) === ')')) {
          setTimeout(() => void hide(update.view))
        }
      }
    }),
    hoverTooltip(
      async (view, position) => {
        const word = view.state.wordAt(position)
        if (word === null) return null
        const text = await inspect(session(), view.state.doc.toString(), word.to)
        return text === null ? null : { pos: word.from, end: word.to, above: true, create: () => ({ dom: drawn(text, false) }) }
      },
      { hoverTime: 600 },
    ),
  ]
}
