// A notebook in its tab: what the shell asks of it, and what it tells of itself.

import { useDocumentVisibility, useEventListener } from '@vueuse/core'
import { onActivated, onBeforeUnmount, watch } from 'vue'
import { api } from '@/api/client'
import { never } from '@/api/events'
import { Refused } from '@/api/problem'
import { listen, type NotebookCommand } from '@/stores/commands'
import { useLibrary } from '@/stores/library'
import { useTabs } from '@/stores/tabs'
import { useUploads } from '@/stores/uploads'
import { closeNotebook, type NotebookStore } from './store'

export interface Asked {
  find: () => void
  restart: (how: 'restart' | 'restart-run') => void
}

export function useTab(store: NotebookStore, { find, restart }: Asked): void {
  const tabs = useTabs()
  const library = useLibrary()

  function heed(command: NotebookCommand): unknown {
    switch (command.type) {
      case 'run-all':
        return store.runWhich('all')
      case 'run-above':
        return store.runWhich('above')
      case 'run-below':
        return store.runWhich('below')
      case 'run-stale':
        return store.runWhich('stale')
      case 'interrupt':
        return store.interrupt()
      case 'restart':
        return restart('restart')
      case 'restart-and-run-all':
        return restart('restart-run')
      case 'save':
        return store.drafts.saveAll()
      case 'find':
        return find()
      case 'clear-outputs':
        return store.clearOutputs()
      case 'undo':
        return store.undo()
      case 'redo':
        return store.redo()
      case 'reload':
        return store.load()
      case 'reveal-cell':
        return store.go(command.cell)
      default:
        return never(command)
    }
  }

  const deaf = listen(store.id, (command) => void heed(command))
  watch(
    () => ({ unsaved: store.unsaved.size > 0, busy: store.copy?.status === 'running' || store.copy?.kernel === 'busy' }),
    (now) => tabs.report(`/notebooks/${store.id}`, now),
    { immediate: true },
  )
  // Its file may be renamed or moved by anybody.
  watch(
    () => library.notebookOf(store.id),
    (known) => {
      if (known !== undefined && store.copy !== null) Object.assign(store.copy, { name: known.name, path: known.path })
    },
  )
  /** Its file may have been written by others. To ask how it is lets the service look, and events tell what changed. */
  async function glance(): Promise<void> {
    if (store.copy === null || document.hidden) return
    await api.GET('/api/v1/notebooks/{id}/status', { params: { path: { id: store.id } } }).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error
    })
  }
  const uploads = useUploads()
  watch([() => uploads.arrived, useDocumentVisibility()], () => void glance())
  onActivated(() => void glance())

  useEventListener(window, 'beforeunload', (event) => {
    if (store.unsaved.size === 0) return
    void store.drafts.saveAll()
    event.preventDefault()
  })
  onBeforeUnmount(() => {
    deaf()
    closeNotebook(store.id)
  })
}
