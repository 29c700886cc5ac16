// Keeps a pasted picture as a file in the folder `images` beside the notebook.

import { raw } from '@/api/client'
import { Refused } from '@/api/problem'
import { fileUrl, folderOf, inFolder, makeFolder } from '@/stores/files'

const FOLDER = 'images'

/** Returns a name for a picture that no other has: its own, and when it came. */
export function pictureName(file: Pick<File, 'name' | 'type'>, now: Date): string {
  const ending = file.type.replace('image/', '').replace('jpeg', 'jpg')
  const stem = file.name.replace(/\.\w+$/, '').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '')
  const time = now.toISOString().slice(0, 23).replace(/\D/g, '')
  return `${stem === '' ? 'image' : stem.slice(0, 40)}-${time}.${ending}`
}

/** Writes a picture beside a notebook and returns its address as the notebook's text names it. */
export async function savePicture(project: string, notebookPath: string, file: File): Promise<string> {
  const folder = inFolder(folderOf(notebookPath), FOLDER)
  const name = pictureName(file, new Date())
  const write = () => raw(fileUrl(project, inFolder(folder, name)), { method: 'PUT', body: file, headers: { 'If-None-Match': '*', 'Content-Type': file.type } })
  await write().catch(async (error: unknown) => {
    if (!(error instanceof Refused) || error.problem.status !== 404) throw error
    await makeFolder(project, folder)
    await write()
  })
  return encodeURI(`${FOLDER}/${name}`)
}
