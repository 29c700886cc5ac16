// A project: a folder of files, shared with the sessions that name it.

import type { Connection } from './connection.js'
import { CellblockError } from './errors.js'
import type { Entry, ProjectView, Upload } from './types.js'
import { pauseAfter, sleep } from './waiting.js'

/** How much of an upload is sent, and acknowledged, at once. */
const PIECE = 4 * 1024 * 1024

export interface Transfer {
  /** Told of bytes that are there, and of bytes in all. */
  onProgress?: (done: number, total: number) => void
  signal?: AbortSignal
}

export class Project {
  readonly id: string
  private readonly path: string

  constructor(
    private readonly connection: Connection,
    readonly view: ProjectView,
  ) {
    this.id = view.id
    this.path = `/projects/${encodeURIComponent(view.id)}`
  }

  /** Deletes the project with all its files. */
  async delete(): Promise<void> {
    await this.connection.send(this.path, { method: 'DELETE' })
  }

  /** Returns what lies in a folder. */
  files(folder = '', { recursive = false } = {}): Promise<Entry[]> {
    return this.connection.all(this.place(folder), { list: true, recursive })
  }

  /** Sends a file to a path in the project. A broken line is taken up where it broke. */
  async upload(source: Blob | Uint8Array<ArrayBuffer> | string, path: string, transfer: Transfer = {}): Promise<void> {
    const content = source instanceof Blob ? source : new Blob([source])
    if (content.size === 0) {
      await this.connection.send(this.place(path), { method: 'PUT', body: content, again: true })
      return
    }
    const body = { length: content.size, project_id: this.id, path }
    const upload = await this.connection.post<Upload>('/uploads', body, { signal: transfer.signal })
    await this.pieces(content, `/uploads/${upload.id}`, transfer)
  }

  private async pieces(content: Blob, place: string, { onProgress, signal }: Transfer): Promise<void> {
    const { retries } = this.connection
    let [offset, failures] = [0, 0]
    while (offset < content.size) {
      const end = Math.min(offset + PIECE, content.size)
      const headers = { 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' }
      try {
        await this.connection.send(place, { method: 'PATCH', body: content.slice(offset, end), headers, signal })
        ;[offset, failures] = [end, 0]
      } catch (error) {
        failures += 1
        if (!(error instanceof CellblockError && error.passing) || failures >= retries.attempts) throw error
        await sleep(pauseAfter(failures, retries, error.retryAfter), signal)
        offset = (await this.connection.get<Upload>(place, {}, signal)).offset
      }
      onProgress?.(offset, content.size)
    }
  }

  /** Returns what a file holds. */
  async read(path: string): Promise<Blob> {
    return (await this.connection.send(this.place(path), { again: true, patient: true })).blob()
  }

  /** Returns a file, or with `archive` a folder as a zip archive, bit by bit. */
  download(
    path: string,
    { archive, signal }: { archive?: boolean; signal?: AbortSignal } = {},
  ): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return this.connection.stream(this.place(path), { zip: archive }, signal)
  }

  /** Deletes a file or a folder; with `recursive` all that is in it, too. */
  async remove(path: string, { recursive }: { recursive?: boolean } = {}): Promise<void> {
    await this.connection.send(this.place(path), { method: 'DELETE', query: { recursive } })
  }

  private place(path: string): string {
    const inside = path.split('/').filter(Boolean).map(encodeURIComponent).join('/')
    return inside ? `${this.path}/files/${inside}` : `${this.path}/files`
  }
}
