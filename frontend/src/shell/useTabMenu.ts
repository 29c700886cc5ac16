// The menu of a tab.

import { Copy, Download, GitFork, Pencil, X } from 'lucide-vue-next'
import { useI18n } from 'vue-i18n'
import { download } from '@/api/client'
import { useConnection } from '@/stores/connection'
import { fileUrl } from '@/stores/files'
import { useLibrary } from '@/stores/library'
import { useTabs } from '@/stores/tabs'
import type { Tab } from '@/stores/tabOrder'
import { useToasts } from '@/stores/toasts'
import type { MenuItem } from './menu/items'
import { EXPORT_FORMATS, useActions } from './useActions'

export function useTabMenu(): (tab: Tab) => MenuItem[] {
  const { t } = useI18n()
  const tabs = useTabs()
  const library = useLibrary()
  const connection = useConnection()
  const actions = useActions()
  const { attempt } = useToasts()

  function ofItsKind(tab: Tab): MenuItem[] {
    switch (tab.kind) {
      case 'notebook': {
        const notebook = library.notebookOf(tab.id)
        const session = library.sessionOf(tab.id)
        if (notebook === undefined) return []
        const items: MenuItem[] = [{ label: t('action.export'), icon: Download, items: EXPORT_FORMATS.map((format) => ({ label: t(`export.${format}`), run: () => actions.exportNotebook(notebook, format) })) }]
        if (connection.may('run')) items.unshift({ label: t('sessions.fork'), icon: GitFork, disabled: session === undefined, run: () => session && actions.fork(session) })
        if (connection.may('write')) {
          items.unshift(
            { label: t('action.renameDots'), icon: Pencil, run: () => actions.rename(notebook) },
            { label: t('action.duplicate'), icon: Copy, run: () => actions.duplicate(notebook) },
          )
        }
        return [...items, 'separator']
      }
      case 'session': {
        const session = library.sessions.find(({ id }) => id === tab.id)
        if (session === undefined || !connection.may('run')) return []
        return [{ label: t('sessions.fork'), icon: GitFork, run: () => actions.fork(session) }, { label: t('sessions.end'), danger: true, run: () => actions.end(session) }, 'separator']
      }
      case 'file': {
        const [project = '', ...path] = tab.id.split('/')
        return [{ label: t('action.download'), icon: Download, run: () => attempt(() => download(fileUrl(project, path.join('/')), tab.title)) }, 'separator']
      }
    }
  }

  return (tab) => {
    const last = tabs.tabs.at(-1)?.path === tab.path
    const alone = tabs.tabs.length === 1
    return [
      ...ofItsKind(tab),
      { label: t('tabs.close'), icon: X, keys: 'Alt+KeyW', run: () => tabs.close(tab.path) },
      { label: t('tabs.closeOthers'), disabled: alone, run: () => tabs.close(tab.path, 'others') },
      { label: t('tabs.closeRight'), disabled: last, run: () => tabs.close(tab.path, 'right') },
      { label: t('tabs.closeAll'), keys: 'Alt+Shift+KeyW', run: () => tabs.close(tab.path, 'all') },
    ]
  }
}
