// The menus of the file browser.

import { Archive, Download, FilePlus, FileText, FolderInput, FolderPlus, NotebookText, Pencil, RefreshCw, Trash2, Upload } from 'lucide-vue-next'
import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useConnection } from '@/stores/connection'
import { folderOf, kindOf, type Entry } from '@/stores/files'
import { useLibrary } from '@/stores/library'
import type { MenuItem } from '../menu/items'
import { pickFiles } from '../pickFiles'
import type { useFileActions } from './useFileActions'
import type { useFileTree } from './useFileTree'

interface Projects {
  createProject: () => Promise<void>
  removeProject: (project: { id: string; name: string }) => Promise<void>
}

export function useFileMenu(project: Ref<string>, tree: ReturnType<typeof useFileTree>, actions: ReturnType<typeof useFileActions>, projects: Projects) {
  const { t } = useI18n()
  const connection = useConnection()
  const library = useLibrary()

  const making = (folder: string): MenuItem[] => [
    { label: t('command.newNotebook'), icon: NotebookText, run: () => actions.createNotebook(folder) },
    { label: t('files.newFile'), icon: FilePlus, run: () => actions.create('file', folder) },
    { label: t('files.newFolder'), icon: FolderPlus, run: () => actions.create('folder', folder) },
    {
      label: t('files.upload'),
      icon: Upload,
      run: async () => actions.send((await pickFiles()).map((file) => ({ path: file.name, file })), folder),
    },
  ]

  /** The menu of a file or folder, or of the room below them all. */
  function menuOf(entry: Entry | null): MenuItem[] {
    const write = connection.may('write')
    if (entry === null) return [...(write ? making('') : []), { label: t('action.refresh'), icon: RefreshCw, run: () => tree.refresh() }]
    const isFolder = entry.kind === 'folder'
    const items: MenuItem[] = []
    if (!isFolder) items.push({ label: t('action.open'), run: () => actions.open(entry) })
    if (!isFolder && kindOf(entry.name) === 'notebook') items.push({ label: t('files.openText'), icon: FileText, run: () => actions.openAsText(entry) })
    if (write) items.push(...making(isFolder ? entry.path : folderOf(entry.path)), 'separator')
    items.push({ label: isFolder ? t('files.zip') : t('action.download'), icon: isFolder ? Archive : Download, run: () => actions.save(entry) })
    if (write) {
      items.push(
        { label: t('action.renameDots'), icon: Pencil, run: () => actions.rename(entry) },
        { label: t('action.moveDots'), icon: FolderInput, run: () => actions.moveTo(entry) },
        'separator',
        { label: t('action.delete'), icon: Trash2, danger: true, run: () => actions.removeEntry(entry) },
      )
    }
    return items
  }

  const projectMenu = computed((): MenuItem[] => {
    const shown = library.projects.find(({ id }) => id === project.value)
    const items: MenuItem[] = [{ label: t('action.refresh'), icon: RefreshCw, run: () => tree.refresh() }]
    if (shown !== undefined) items.push({ label: t('files.zipAll'), icon: Archive, run: () => actions.saveAll(shown.name) })
    if (connection.may('write')) {
      items.push('separator', { label: t('projects.new'), icon: FolderPlus, run: projects.createProject })
      if (shown !== undefined) items.push({ label: t('projects.deleteDots'), icon: Trash2, danger: true, run: () => projects.removeProject(shown) })
    }
    return items
  })

  return { menuOf, projectMenu }
}
