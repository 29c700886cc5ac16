// What can be done with the files of a project.

import { raw, type Schemas } from '@/api/client'
import { Refused } from '@/api/problem'

export type Entry = Schemas['Entry']

export function fileUrl(project: string, path: string, query: Record<string, string> = {}): string {
  const below = path === '' ? '' : `/${path.split('/').map(encodeURIComponent).join('/')}`
  const search = new URLSearchParams(query).toString()
  return `/api/v1/projects/${project}/files${below}${search === '' ? '' : `?${search}`}`
}

/** Lists a folder: folders first, then by name as people sort. */
export async function list(project: string, folder: string): Promise<Entry[]> {
  const entries: Entry[] = []
  let after = ''
  do {
    const query: Record<string, string> = { list: 'true', limit: '1000' }
    if (after !== '') query.after = after
    const page = (await (await raw(fileUrl(project, folder, query))).json()) as Schemas['Page_Entry']
    entries.push(...page.items)
    after = page.next ?? ''
  } while (after !== '')
  const names = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })
  return entries.sort((one, other) => Number(other.kind === 'folder') - Number(one.kind === 'folder') || names.compare(one.name, other.name))
}

export async function makeFolder(project: string, path: string): Promise<void> {
  await raw(fileUrl(project, path, { directory: 'true' }), { method: 'PUT' })
}

/** Makes a file that is not there yet. */
export async function makeFile(project: string, path: string, content = ''): Promise<void> {
  await raw(fileUrl(project, path), { method: 'PUT', body: content, headers: { 'If-None-Match': '*', 'Content-Type': 'application/octet-stream' } })
}

/** Writes a file, if it still is the version that was read. Returns the version that it has then. */
export async function writeFile(project: string, path: string, content: string, version: string | null): Promise<string | null> {
  const headers: Record<string, string> = { 'Content-Type': 'application/octet-stream' }
  if (version !== null) headers['If-Match'] = version
  return (await raw(fileUrl(project, path), { method: 'PUT', body: content, headers })).headers.get('etag')
}

export async function move(project: string, from: string, to: string): Promise<void> {
  await raw(fileUrl(project, from), { method: 'PATCH', body: JSON.stringify({ to }), headers: { 'Content-Type': 'application/json' } })
}

export async function remove(project: string, entry: Entry): Promise<void> {
  const query: Record<string, string> = entry.kind === 'folder' ? { recursive: 'true' } : {}
  await raw(fileUrl(project, entry.path, query), { method: 'DELETE' }).catch((error: unknown) => {
    // Gone is gone, whoever did it.
    if (!(error instanceof Refused) || error.problem.status !== 404) throw error
  })
}

export function folderOf(path: string): string {
  return path.split('/').slice(0, -1).join('/')
}

export function nameOf(path: string): string {
  return path.split('/').at(-1) ?? path
}

export function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

export type FileKind = 'notebook' | 'image' | 'table' | 'text' | 'other'

const TEXT = /^(txt|md|markdown|rst|py|pyi|ipynb|json|jsonl|ndjson|toml|ya?ml|ini|cfg|log|html?|css|m?js|ts|vue|sh|sql|xml|r|c|h|cpp|rs|go|java|tex|bib|gitignore|env|lock)$/i

/** What a file is shown as, by its name. */
export function kindOf(name: string, mediaType?: string | null): FileKind {
  const ending = name.split('.').at(-1) ?? ''
  if (ending === 'ipynb') return 'notebook'
  if (/^(png|jpe?g|gif|webp|svg|bmp|ico|avif)$/i.test(ending)) return 'image'
  if (/^(csv|tsv)$/i.test(ending)) return 'table'
  if (TEXT.test(ending) || mediaType?.startsWith('text/') || !name.includes('.')) return 'text'
  return 'other'
}
