// A file that the service made and keeps until its session ends.

import type { Connection } from './connection.js'

export class RemoteFile {
  constructor(
    private readonly connection: Connection,
    /** Its name, as the code in the sandbox had it: no path to be trusted. */
    readonly name: string,
    readonly size: number,
    private readonly place: string,
  ) {}

  /** Returns what it holds. */
  async blob(): Promise<Blob> {
    return (await this.connection.send(this.place, { again: true })).blob()
  }

  /** Returns what it holds, bit by bit. */
  stream(): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    return this.connection.stream(this.place)
  }
}
