// Files on their way to a project: one after the other, with progress; large ones in pieces, so that a
// broken line costs one piece and not all.

import { defineStore } from 'pinia'
import { ref } from 'vue'
import { api, got } from '@/api/client'
import { problemOf, Refused, UNREACHABLE } from '@/api/problem'
import { token } from '@/api/token'
import { chunkAt, WHOLE } from './chunks'
import { fileUrl } from './files'
import { useToasts } from './toasts'

export interface Upload {
  id: number
  project: string
  path: string
  length: number
  sent: number
  state: 'waiting' | 'sending' | 'done' | 'failed'
  message?: string
}

interface Sending {
  file: File
  abort: AbortController
}

const ATTEMPTS = 4

export const useUploads = defineStore('uploads', () => {
  const uploads = ref<Upload[]>([])
  /** Counts what has arrived, for those who list folders. */
  const arrived = ref(0)
  const sending = new Map<number, Sending>()
  const toasts = useToasts()
  let next = 1
  let running = false

  function add(project: string, files: { path: string; file: File }[]): void {
    for (const { path, file } of files) {
      const id = next++
      uploads.value.push({ id, project, path, length: file.size, sent: 0, state: 'waiting' })
      sending.set(id, { file, abort: new AbortController() })
    }
    if (!running) void work()
  }

  async function work(): Promise<void> {
    running = true
    for (let upload = waiting(); upload !== undefined; upload = waiting()) await send(upload)
    running = false
  }

  const waiting = () => uploads.value.find(({ state }) => state === 'waiting')

  async function send(upload: Upload): Promise<void> {
    const given = sending.get(upload.id)
    if (given === undefined) return
    upload.state = 'sending'
    try {
      await (given.file.size <= WHOLE ? whole : inPieces)(upload, given)
      upload.state = 'done'
      upload.sent = upload.length
      arrived.value++
      sending.delete(upload.id)
    } catch (error) {
      if (given.abort.signal.aborted) return
      if (!(error instanceof Refused)) throw error
      upload.state = 'failed'
      upload.message = error.problem.message
      toasts.tell(error, () => again(upload.id))
    }
  }

  function again(id: number): void {
    const upload = uploads.value.find((each) => each.id === id)
    if (upload?.state !== 'failed') return
    upload.state = 'waiting'
    upload.sent = 0
    if (!running) void work()
  }

  function cancel(id: number): void {
    sending.get(id)?.abort.abort()
    sending.delete(id)
    uploads.value = uploads.value.filter((upload) => upload.id !== id)
  }

  function clear(): void {
    uploads.value = uploads.value.filter(({ state }) => state !== 'done')
  }

  return { uploads, arrived, add, again, cancel, clear }
})

async function whole(upload: Upload, { file, abort }: Sending): Promise<void> {
  await put('PUT', fileUrl(upload.project, upload.path), file, {}, abort.signal, (sent) => (upload.sent = sent))
}

/** Sends a file with tus 1.0: after an error the service is asked how much it has. */
async function inPieces(upload: Upload, { file, abort }: Sending): Promise<void> {
  const made = await got(
    api.POST('/api/v1/uploads', {
      body: { project_id: upload.project, path: upload.path, length: file.size },
      params: { header: {} },
      signal: abort.signal,
    }),
  )
  const address = `/api/v1/uploads/${made.id}`
  abort.signal.addEventListener('abort', () => void api.DELETE('/api/v1/uploads/{id}', { params: { path: { id: made.id } } }).catch(() => undefined))
  let offset = made.offset
  let failures = 0
  for (let chunk = chunkAt(offset, file.size); chunk !== null; chunk = chunkAt(offset, file.size)) {
    const { start, end } = chunk
    const headers = { 'Content-Type': 'application/offset+octet-stream', 'Tus-Resumable': '1.0.0', 'Upload-Offset': String(start) }
    try {
      await put('PATCH', address, file.slice(start, end), headers, abort.signal, (sent) => (upload.sent = start + sent))
      offset = end
      failures = 0
    } catch (error) {
      if (abort.signal.aborted || ++failures === ATTEMPTS || !(error instanceof Refused)) throw error
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** failures))
      offset = (await got(api.GET('/api/v1/uploads/{id}', { params: { path: { id: made.id } }, signal: abort.signal }))).offset
    }
  }
}

/** Sends bytes; `fetch` does not tell how many are on their way, this does. */
function put(method: string, address: string, body: Blob, headers: Record<string, string>, signal: AbortSignal, onSent: (bytes: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(method, address)
    request.setRequestHeader('Authorization', `Bearer ${token()}`)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded }) => onSent(loaded)
    request.onerror = () => reject(new Refused(UNREACHABLE))
    request.onabort = () => reject(new Refused({ ...UNREACHABLE, title: 'cancelled' }))
    request.onload = () => {
      if (request.status < 300) return resolve()
      let answer: unknown = null
      try {
        answer = JSON.parse(request.responseText)
      } catch {
        // Then the status has to say it all.
      }
      reject(new Refused(problemOf(request.status, answer)))
    }
    signal.addEventListener('abort', () => request.abort())
    request.send(body)
  })
}
