// What the keys of a notebook do.

import { useSettings } from '@/stores/settings'
import type { CommandName } from './keys'
import type { NotebookStore } from './store'

/** What only the notebook on the screen can do. */
export interface Screen {
  scroll: (by: -1 | 1) => void
  find: () => void
  askRestart: () => void
}

/** Does what a command says. */
export function perform(command: CommandName, store: NotebookStore, screen: Screen): unknown {
  const active = store.active
  switch (command) {
    case 'run':
      if (active !== null && store.selectedCells.length === 1) store.go(active)
      else store.attend()
      void store.run()
      return undefined
    case 'run-advance':
      return store.runAndAdvance(store.add)
    case 'run-insert':
      void store.run()
      return store.addBelow('code', 'edit')
    case 'save':
      return store.drafts.saveAll()
    case 'find':
      return screen.find()
    case 'move-up':
      return store.moveBy(-1)
    case 'move-down':
      return store.moveBy(1)
    case 'split':
      return store.split()
    case 'format':
      return active !== null && store.cell(active)?.cell_type === 'code' && store.format(active)
    case 'command-mode':
      return store.go(active)
    case 'edit-mode':
      return active !== null && store.go(active, 'edit')
    case 'add-above':
      return store.addAbove()
    case 'add-below':
      return store.addBelow()
    case 'delete':
      return store.remove()
    case 'cut':
      return store.cut()
    case 'copy':
      return store.copyCells()
    case 'paste':
      return store.paste()
    case 'paste-above':
      return store.paste(true)
    case 'undo':
      return store.undo()
    case 'redo':
      return store.redo()
    case 'to-markdown':
      return store.changeType('markdown')
    case 'to-code':
      return store.changeType('code')
    case 'to-raw':
      return store.changeType('raw')
    case 'next':
      return store.step(1)
    case 'previous':
      return store.step(-1)
    case 'extend-down':
      return store.step(1, true)
    case 'extend-up':
      return store.step(-1, true)
    case 'first':
      return store.go(store.order[0] ?? null)
    case 'last':
      return store.go(store.order.at(-1) ?? null)
    case 'select-all':
      return store.selectAll()
    case 'merge':
      return store.merge()
    case 'restart':
      return screen.askRestart()
    case 'interrupt':
      return store.interrupt()
    case 'toggle-outputs':
      return store.selectedCells.map((cell) => store.toggle(cell, 'outputs_hidden'))
    case 'toggle-source':
      return store.selectedCells.map((cell) => store.toggle(cell, 'source_hidden'))
    case 'toggle-scrolling':
      return store.selectedCells.map((cell) => store.toggleScrolled(cell))
    case 'toggle-line-numbers': {
      const settings = useSettings()
      settings.values.lineNumbers = !settings.values.lineNumbers
      return undefined
    }
    case 'fold':
      return active !== null && !store.folded.has(active) && isHeading(store, active) && store.fold(active)
    case 'unfold':
      return active !== null && store.folded.has(active) && store.fold(active)
    case 'scroll-down':
      return screen.scroll(1)
    case 'scroll-up':
      return screen.scroll(-1)
  }
}

function isHeading(store: NotebookStore, cell: string): boolean {
  return store.outline.some((heading) => heading.cell === cell)
}
