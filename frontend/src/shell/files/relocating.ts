// Moving and deleting files and folders. A notebook in them is moved and deleted as the notebook that it is, so that
// its session and its history stay with it, and its tab.

import { api, raw } from '@/api/client'
import { fileUrl, folderOf, inFolder, list, makeFolder, move, nameOf, remove, type Entry } from '@/stores/files'
import type { NotebookSummary } from '@/stores/library'

export const isWithin = (path: string, folder: string) => path.startsWith(`${folder}/`)

/** The notebooks of a project that an entry is or has in it. */
export function notebooksOf(notebooks: readonly NotebookSummary[], project: string, entry: Pick<Entry, 'path'>): NotebookSummary[] {
  return notebooks.filter((notebook) => notebook.project_id === project && (notebook.path === entry.path || isWithin(notebook.path, entry.path)))
}

export async function relocate(project: string, entry: Entry, to: string, notebooks: readonly NotebookSummary[]): Promise<void> {
  const [own] = notebooks
  if (own === undefined) return move(project, entry.path, to)
  if (entry.kind !== 'folder') return moveNotebook(own, to)
  // That something is there already is refused as for any other folder.
  const beside = await list(project, folderOf(to)).catch(() => [])
  if (beside.some(({ name }) => name === nameOf(to))) return move(project, entry.path, to)
  await makeFolder(project, to)
  await moveContents(project, entry, to, notebooks)
}

async function moveContents(project: string, folder: Entry, to: string, notebooks: readonly NotebookSummary[]): Promise<void> {
  for (const child of await list(project, folder.path)) {
    await relocate(project, child, inFolder(to, child.name), notebooksOf(notebooks, project, child))
  }
  // Only what is empty goes.
  await raw(fileUrl(project, folder.path), { method: 'DELETE' })
}

async function moveNotebook({ notebook_id, path }: NotebookSummary, to: string): Promise<void> {
  const name = nameOf(to) === nameOf(path) ? undefined : nameOf(to).replace(/\.ipynb$/, '')
  await api.PATCH('/api/v1/notebooks/{id}', { params: { path: { id: notebook_id }, header: {} }, body: { path: to, name } })
}

/** Deletes a file or a folder with all that is in it. */
export async function discard(project: string, entry: Entry, notebooks: readonly NotebookSummary[]): Promise<void> {
  for (const { notebook_id } of notebooks) await api.DELETE('/api/v1/notebooks/{id}', { params: { path: { id: notebook_id }, header: {} } })
  await remove(project, entry)
}
