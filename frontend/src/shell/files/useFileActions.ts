// What can be done with the files of the project that is shown.

import type { Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { download } from '@/api/client'
import { freeName, targetPath } from '@/stores/chunks'
import { useDialogs } from '@/stores/dialogs'
import { fileUrl, folderOf, inFolder, kindOf, makeFile, makeFolder, nameOf, type Entry } from '@/stores/files'
import { useLibrary } from '@/stores/library'
import { fileAddress, useTabs } from '@/stores/tabs'
import { useToasts } from '@/stores/toasts'
import { useUploads } from '@/stores/uploads'
import { useActions } from '../useActions'
import type { Dropped } from './dropped'
import { discard, isWithin, notebooksOf, relocate } from './relocating'

interface Tree {
  refresh: () => Promise<void>
  toggle: (folder: string, wanted?: boolean) => Promise<void>
  names: (folder: string) => string[]
}

export function useFileActions(project: Ref<string>, tree: Tree) {
  const { t } = useI18n()
  const router = useRouter()
  const library = useLibrary()
  const tabs = useTabs()
  const dialogs = useDialogs()
  const uploads = useUploads()
  const actions = useActions()
  const { attempt } = useToasts()

  async function open(entry: Entry): Promise<void> {
    if (entry.kind === 'folder') return tree.toggle(entry.path)
    if (kindOf(entry.name) === 'notebook') return actions.openFile(project.value, entry.path)
    await openAsText(entry)
  }

  async function openAsText(entry: Entry): Promise<void> {
    await router.push(fileAddress(project.value, entry.path))
  }

  async function create(kind: 'folder' | 'file', folder: string): Promise<void> {
    const value = freeName(kind === 'folder' ? t('files.folderName') : t('files.fileName'), tree.names(folder))
    const title = kind === 'folder' ? t('files.newFolder') : t('files.newFile')
    const name = await dialogs.prompt({ title, action: t('action.create'), field: { label: t('field.name'), value } })
    if (name === null) return
    const path = inFolder(folder, name)
    await attempt(() => (kind === 'folder' ? makeFolder(project.value, path) : makeFile(project.value, path)))
    if (folder !== '') await tree.toggle(folder, true)
    await tree.refresh()
  }

  async function createNotebook(folder: string): Promise<void> {
    await actions.createNotebook({ project: project.value, folder })
    await tree.refresh()
  }

  async function moveEntry(entry: Entry, to: string): Promise<void> {
    if (to === entry.path) return
    const open = tabs.tabs.filter(({ kind, id }) => kind === 'file' && isAt(id, entry.path))
    // Closing asks where something written would be lost.
    for (const { path } of open.filter(tabs.isUnsaved)) {
      await tabs.close(path)
      if (tabs.tabs.some((tab) => tab.path === path)) return
    }
    const shown = entry.kind === 'file' && open.some(({ path }) => path === tabs.active?.path)
    await attempt(async () => {
      await library.refresh()
      await relocate(project.value, entry, to, notebooksOf(library.notebooks, project.value, entry))
      await tabs.closeGone(({ kind, id }) => kind === 'file' && isAt(id, entry.path))
      if (shown) await router.push(fileAddress(project.value, to))
      await Promise.all([tree.refresh(), library.refresh()])
    })
  }

  async function rename(entry: Entry): Promise<void> {
    const dot = entry.kind === 'folder' ? -1 : entry.name.lastIndexOf('.')
    const name = await dialogs.prompt({
      title: t('files.rename', { name: entry.name }),
      action: t('action.rename'),
      field: { label: t('field.name'), value: entry.name, select: dot > 0 ? dot : entry.name.length },
    })
    if (name !== null) await moveEntry(entry, inFolder(folderOf(entry.path), name))
  }

  async function moveTo(entry: Entry): Promise<void> {
    const to = await dialogs.prompt({ title: t('files.move', { name: entry.name }), text: t('files.moveText'), action: t('action.move'), field: { label: t('files.newPath'), value: entry.path } })
    if (to !== null) await moveEntry(entry, to.replace(/^\/+/, ''))
  }

  async function moveInto(entry: Entry, folder: string): Promise<void> {
    if (folder === folderOf(entry.path) || folder === entry.path || folder.startsWith(`${entry.path}/`)) return
    await moveEntry(entry, inFolder(folder, entry.name))
  }

  async function removeEntry(entry: Entry): Promise<void> {
    const notebooks = notebooksOf(library.notebooks, project.value, entry)
    if (entry.kind !== 'folder' && notebooks[0] !== undefined) {
      if (await actions.removeNotebook(notebooks[0])) await tree.refresh()
      return
    }
    const text = entry.kind === 'folder' ? t('files.deleteFolderText') : t('files.deleteText')
    const sure = await dialogs.confirm({ title: t('files.delete', { name: entry.name }), text, action: t('action.delete'), danger: true })
    if (!sure) return
    await attempt(async () => {
      await discard(project.value, entry, notebooks)
      await tabs.closeGone(({ kind, id }) => (kind === 'file' && isAt(id, entry.path)) || (kind === 'notebook' && notebooks.some(({ notebook_id }) => notebook_id === id)))
      await Promise.all([tree.refresh(), library.refresh()])
    })
  }

  const isAt = (id: string, path: string) => id === `${project.value}/${path}` || isWithin(id, `${project.value}/${path}`)

  const save = (entry: Entry) =>
    attempt(() => (entry.kind === 'folder' ? download(fileUrl(project.value, entry.path, { zip: 'true' }), `${entry.name}.zip`) : download(fileUrl(project.value, entry.path), entry.name)))

  const saveAll = (name: string) => attempt(() => download(fileUrl(project.value, '', { zip: 'true' }), `${name}.zip`))

  /** Sends files into a folder; what is there already is only replaced when that is wanted. */
  async function send(files: Dropped[], folder: string): Promise<void> {
    const all = files.map(({ path, file }) => ({ path: targetPath(folder, path), file }))
    const there = all.filter(({ path }) => folderOf(path) === folder && tree.names(folder).includes(nameOf(path)))
    if (there.length > 0) {
      const names = there.map(({ path }) => nameOf(path)).join(', ')
      if (!(await dialogs.confirm({ title: t('files.replace'), text: t('files.replaceText', { names }), action: t('action.replace'), danger: true }))) return
    }
    if (folder !== '') await tree.toggle(folder, true)
    uploads.add(project.value, all)
  }

  return { open, openAsText, create, createNotebook, rename, moveTo, moveInto, removeEntry, save, saveAll, send }
}
