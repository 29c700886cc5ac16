// The keys that are pressed in a notebook: to whom they belong, and what they do there.

import { useSettings } from '@/stores/settings'
import { useKeysAhead } from './ahead'
import { perform, type Screen } from './commands'
import { KeyReader, type CommandName } from './keys'
import type { NotebookStore } from './store'

export function useKeys(store: NotebookStore, screen: Screen) {
  const settings = useSettings()
  const vimInserts = () => document.activeElement?.closest('.cm-vimMode') !== null && document.querySelector('.cm-focused .cm-fat-cursor') === null

  /** Whether a key belongs to what has the focus: a field, a menu, a table. */
  function isTaken(event: KeyboardEvent): boolean {
    const target = event.target as HTMLElement
    if (target.closest('.cm-content') !== null) return false
    if (target.closest('input, textarea, select, [contenteditable], [role="grid"], [role="menu"], [role="tablist"], .cm-panel') !== null) return true
    return (event.key === 'Enter' || event.key === ' ') && !event.shiftKey && !event.ctrlKey && !event.metaKey && target.closest('button, a, summary') !== null
  }

  const reader = new KeyReader()
  /** What keys ask for is done one after the other: each goes upon what the one before has selected. */
  let done: Promise<unknown> = Promise.resolve()
  /** The cell that is written in, or is to be, has no editor yet. Where the source is hidden none will come. */
  function awaitsEditor(): boolean {
    const { active, mode, coming } = store
    if (coming > 0) return true
    if (mode !== 'edit' || active === null || store.editors.has(active)) return false
    return (store.cell(active)?.metadata.jupyter as { source_hidden?: boolean } | undefined)?.source_hidden !== true
  }

  const ahead = useKeysAhead(awaitsEditor, (key) => {
    const command = reader.read(key, store.mode, key.timeStamp)
    if (command === undefined && store.mode === 'edit' && store.active !== null) store.editors.get(store.active)?.press(key)
    return command === undefined || command === 'waiting' ? undefined : heed(command)
  })

  function press(event: KeyboardEvent) {
    if (event.isComposing || isTaken(event) || store.copy === null) return
    // Who does not want to wait for an editor any longer leaves with nothing written.
    if (event.key === 'Escape' && awaitsEditor()) {
      ahead.forget()
      return void heed('command-mode')
    }
    if (ahead.take(event)) return
    const editing = (event.target as HTMLElement).closest('.cm-content') !== null
    const command = reader.read(event, editing ? 'edit' : 'command', event.timeStamp)
    if (command === undefined) return
    if (command === 'command-mode') {
      // Escape first closes what is open in the editor, and leaves vim's insert mode.
      if (document.querySelector('.cm-tooltip-autocomplete, .documentation, .cm-editor.cm-focused .cm-panel') !== null) return
      if (settings.values.keyMap === 'vim' && vimInserts()) return
    }
    event.preventDefault()
    event.stopPropagation()
    if (command !== 'waiting') void heed(command)
  }

  function heed(command: CommandName): Promise<unknown> {
    if (command === 'interrupt') return store.interrupt()
    done = done.catch(() => undefined).then(() => perform(command, store, screen))
    return done
  }

  return { press, forget: ahead.forget }
}
