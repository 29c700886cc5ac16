// What an editor of a cell can do.

import { acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap, completionStatus, startCompletion, type CompletionSource } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentLess, indentMore, insertTab } from '@codemirror/commands'
import { markdown } from '@codemirror/lang-markdown'
import { python } from '@codemirror/lang-python'
import { bracketMatching, codeFolding, foldKeymap, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { linter, type Diagnostic } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, Prec, type Extension } from '@codemirror/state'
import { crosshairCursor, dropCursor, EditorView, highlightSpecialChars, keymap, lineNumbers, rectangularSelection, tooltips } from '@codemirror/view'
import { classHighlighter } from '@lezer/highlight'
import { i18n } from '@/i18n'
import type { Settings } from '@/stores/settings'
import type { CellType } from '../model'
import { complete, lint } from './ask'
import { drawnSelection } from './blinking'
import { documentation } from './documentation'
import { pastedPictures, type SavePicture } from './pasted'

export interface Surroundings {
  /** The session, while it can be asked. */
  session: () => string | null
  /** The code above the cell. */
  above: () => string
  /** The cursor leaves the text at one end. */
  leave: (by: -1 | 1) => void
  savePicture: SavePicture
}

export const language = new Compartment()
export const looks = new Compartment()
export const keys = new Compartment()
export const labelled = new Compartment()

export function languageOf(type: CellType, surroundings: Surroundings): Extension {
  if (type === 'markdown') return [markdown(), pastedPictures(surroundings.savePicture)]
  if (type === 'raw') return []
  return [
    python(),
    indentUnit.of('    '),
    autocompletion({ override: [completions(surroundings)], activateOnTypingDelay: 120, icons: true }),
    // Also one that is still on its way: a cell that is run is left.
    EditorView.domEventHandlers({ blur: (_, view) => void closeCompletion(view) }),
    documentation(surroundings.session),
    linter((view) => faults(view, surroundings), { delay: 900 }),
  ]
}

export function looksOf(settings: Settings): Extension {
  return [settings.lineNumbers ? lineNumbers() : [], settings.wrap ? EditorView.lineWrapping : []]
}

/** By which name the text is known to those who do not see it. */
export function labelOf(label: string): Extension {
  return EditorView.contentAttributes.of({ 'aria-label': label })
}

export async function keysOf(settings: Settings): Promise<Extension> {
  return settings.keyMap === 'vim' ? (await import('@replit/codemirror-vim')).vim() : []
}

function completions({ session }: Surroundings): CompletionSource {
  return async (context) => {
    const word = context.matchBefore(/[\w.]+$/)
    if (!context.explicit && (word === null || (!word.text.endsWith('.') && word.text.length < 2) || /^[\d.]+$/.test(word.text))) return null
    const code = context.state.doc.toString()
    const found = await complete(session(), code, context.pos)
    if (found === null || context.aborted || found.options.length === 0) return null
    return {
      from: found.from,
      to: found.to,
      validFor: /^\w*$/,
      options: found.options.map(({ text, type, signature }) => ({
        label: text,
        type: KINDS[type] ?? 'text',
        detail: signature.length > 60 ? `${signature.slice(0, 60)}…` : signature,
      })),
    }
  }
}

const KINDS: Record<string, string> = {
  function: 'function',
  class: 'class',
  instance: 'variable',
  module: 'namespace',
  keyword: 'keyword',
  property: 'property',
  param: 'property',
  statement: 'variable',
}

async function faults(view: EditorView, { above }: Surroundings): Promise<Diagnostic[]> {
  const code = view.state.doc.toString()
  // Lines for IPython itself are not Python.
  if (code.trim() === '' || /^\s*[%!?]|\?\s*$/m.test(code)) return []
  const found = await lint(code, above())
  const { doc } = view.state
  if (doc.toString() !== code) return []
  return found
    .filter(({ line }) => line <= doc.lines)
    .map(({ line, column, message, serious }) => {
      const whole = doc.line(line)
      const from = Math.min(whole.from + Math.max(0, column - 1), whole.to)
      const word = view.state.wordAt(from)
      return { from, to: word?.to ?? whole.to, severity: serious ? 'error' : 'warning', message }
    })
}

/** Completes behind a word, indents elsewhere. */
function tab(view: EditorView): boolean {
  const { main } = view.state.selection
  if (!main.empty) return indentMore(view)
  const before = view.state.sliceDoc(view.state.doc.lineAt(main.head).from, main.head)
  return /[\w.)\]'"]$/.test(before) ? startCompletion(view) : insertTab(view)
}

export function extensionsOf(surroundings: Surroundings): Extension[] {
  return [
    highlightSpecialChars(),
    history(),
    drawnSelection(),
    dropCursor(),
    EditorState.allowMultipleSelections.of(true),
    EditorState.phrases.of(phrases()),
    EditorState.tabSize.of(4),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    rectangularSelection(),
    crosshairCursor(),
    highlightSelectionMatches(),
    codeFolding(),
    search({ top: true }),
    syntaxHighlighting(classHighlighter),
    tooltips({ parent: document.body }),
    Prec.high(
      keymap.of([
        { key: 'Tab', run: (view) => (completionStatus(view.state) === 'active' ? acceptCompletion(view) : tab(view)) },
        { key: 'Mod-Alt-f', run: (view) => searchKeymap.find((binding) => binding.key === 'Mod-f')?.run?.(view) ?? false },
      ]),
    ),
    keymap.of([
      { key: 'ArrowUp', run: (view) => atEnd(view, -1, surroundings) },
      { key: 'ArrowDown', run: (view) => atEnd(view, 1, surroundings) },
      ...closeBracketsKeymap,
      ...completionKeymap,
      // The notebook has its own search over all cells.
      ...searchKeymap.filter((binding) => binding.key !== 'Mod-f'),
      ...historyKeymap,
      ...foldKeymap,
      ...defaultKeymap.filter((binding) => binding.key !== 'Mod-Enter'),
      { key: 'Shift-Tab', run: indentLess },
    ]),
  ]
}

/** Leaves the text when the cursor is on its first or last line already. */
function atEnd(view: EditorView, by: -1 | 1, { leave }: Surroundings): boolean {
  const { main } = view.state.selection
  if (!main.empty || completionStatus(view.state) === 'active') return false
  const { doc } = view.state
  const line = doc.lineAt(main.head)
  if (line.number !== (by < 0 ? 1 : doc.lines)) return false
  const moved = view.moveVertically(main, by > 0)
  if (moved.head !== main.head && doc.lineAt(moved.head).number === line.number && view.coordsAtPos(moved.head)?.top !== view.coordsAtPos(main.head)?.top) return false
  leave(by)
  return true
}

/** The words of CodeMirror's own parts, in the language of the page. */
function phrases(): Record<string, string> {
  const words = ['Find', 'Replace', 'next', 'previous', 'all', 'match case', 'by word', 'regexp', 'replace', 'replace all', 'close']
  return Object.fromEntries(words.map((word) => [word, i18n.global.t(`editor.${word.replaceAll(' ', '_')}`)]))
}
