// The service that the tests speak to, named by CELLBLOCK_URL, and a line to it that can be cut.
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { Cellblock, type Options } from '@cellblock/client'
import { WebSocket } from 'ws'

const url = process.env.CELLBLOCK_URL
if (!url) throw new Error('CELLBLOCK_URL names no service')

/** Node 20 has no WebSocket of its own. */
const socket = { WebSocket: WebSocket as unknown as NonNullable<Options['WebSocket']> }

export function client(options: Options = {}): Cellblock {
  return new Cellblock({ url, ...socket, ...options })
}

/** A port of this machine that passes bytes on to the service, can be cut, and can lose answers. */
export class Line {
  private readonly ends = new Set<Socket>()
  private readonly server = createServer((near) => this.pass(near))
  connections = 0
  /** What an answer holds that is lost, once: its connection is cut in its place. */
  lose: string | null = null

  async open(): Promise<string> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    const address = new URL(url as string)
    address.port = String((this.server.address() as AddressInfo).port)
    return address.href
  }

  /** Breaks all connections there are; new ones can be made. */
  cut(): void {
    for (const end of this.ends) end.destroy()
  }

  close(): void {
    this.cut()
    this.server.close()
  }

  private pass(near: Socket): void {
    const { hostname, port } = new URL(url as string)
    const far = connect(Number(port), hostname)
    this.connections += 1
    for (const [source, target] of [[near, far], [far, near]] as const) {
      this.ends.add(source)
      source.on('data', (piece: Buffer) => {
        if (source === far && this.lose !== null && piece.includes(this.lose)) {
          this.lose = null
          source.destroy()
        } else {
          target.write(piece)
        }
      })
      source.on('error', () => {})
      source.on('close', () => {
        this.ends.delete(source)
        target.destroy()
      })
    }
  }
}
