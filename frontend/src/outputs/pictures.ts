// The pictures that markdown names without an address of the web: attachments of its cell, and files beside it.

import { shallowReactive } from 'vue'
import { raw } from '@/api/client'
import { Refused } from '@/api/problem'
import { fileUrl, folderOf } from '@/stores/files'
import { joined } from './types'

/** As nbformat has them: by name, then by media type. */
export type Attachments = Record<string, Record<string, unknown>>

/** Where a markdown text stands. */
export interface Standing {
  project: string
  /** The path of its file in the project. */
  path: string
}

/** The largest file that is shown within a text. */
const LARGEST = 10 * 1024 * 1024
const TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp']

/** Returns the name of an attachment, of an address such as `attachment:name.png`. */
export function attachmentOf(address: string): string | undefined {
  return address.startsWith('attachment:') ? decoded(address.slice('attachment:'.length)) : undefined
}

/** Returns the path in the project of an address such as `images/a.png`; nothing for what leads elsewhere. */
export function pathOf(address: string, from: string): string | undefined {
  if (/^(?:[a-z][a-z0-9+.-]*:|\/|#|\?)/i.test(address)) return undefined
  const parts = folderOf(from).split('/').filter(Boolean)
  for (const part of decoded(address.replace(/[?#].*$/, '')).split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return undefined
    } else if (part !== '' && part !== '.') {
      parts.push(part)
    }
  }
  return parts.length === 0 ? undefined : parts.join('/')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Returns the data address of an attachment. */
export function attached(attachments: Attachments | undefined, name: string): string | undefined {
  if (attachments === undefined || !Object.hasOwn(attachments, name)) return undefined
  const bundle = attachments[name]!
  const type = TYPES.find((each) => Object.hasOwn(bundle, each))
  return type === undefined ? undefined : `data:${type};base64,${joined(bundle[type]).replace(/[^A-Za-z0-9+/=]/g, '')}`
}

/** What is known of files, by project and path: their data address, nothing while it comes, null where there is none. */
const files = shallowReactive(new Map<string, string | null | undefined>())
const MOST_FILES = 200

/** Returns the data address of a picture in a project, or null when there is none. The first call fetches it. */
export function pictureFile(project: string, path: string): string | null | undefined {
  const key = `${project}/${path}`
  // Not within the computation that asks.
  if (!files.has(key)) queueMicrotask(() => void fetchPicture(project, path, key))
  return files.get(key)
}

async function fetchPicture(project: string, path: string, key: string): Promise<void> {
  if (files.has(key)) return
  if (files.size >= MOST_FILES) files.delete(files.keys().next().value!)
  files.set(key, undefined)
  try {
    const blob = await (await raw(fileUrl(project, path))).blob()
    const type = TYPES.find((each) => blob.type.startsWith(each))
    files.set(key, type !== undefined && blob.size <= LARGEST ? await addressOf(blob.slice(0, blob.size, type)) : null)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    files.set(key, null)
  }
}

/** Lets pictures that were not there be looked for again: code may have made them meanwhile. */
export function lookAgain(project: string): void {
  for (const [key, known] of files) if (known === null && key.startsWith(`${project}/`)) files.delete(key)
}

function addressOf(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error ?? new Error('the picture could not be read'))
    reader.readAsDataURL(blob)
  })
}
