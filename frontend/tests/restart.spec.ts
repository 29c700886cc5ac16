// A line that breaks and a service that is killed: the page comes back by itself and misses nothing.

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { alsoOwn, expect, test } from './guarded'

const command = process.env.CELLBLOCK_COMMAND
if (command === undefined) throw new Error('CELLBLOCK_COMMAND is not set: the file of the command `cellblock`')

/** Names of our own that the service does not know are a mistake to it. */
const ENVIRONMENT = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CELLBLOCK_')))

/** A service of the spec's own, which can be killed and started again with what it has stored. */
class Service {
  private process: ChildProcess | undefined
  private token = ''

  constructor(private readonly folder: string, readonly port: number) {}

  async start(): Promise<void> {
    const started = spawn(command ?? '', ['serve', '--address', `127.0.0.1:${this.port}`, '--data', join(this.folder, 'data')], { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'ignore'] })
    this.process = started
    const address = await new Promise<string>((resolve, reject) => {
      started.once('exit', (code) => reject(new Error(`the service ended with ${code}`)))
      started.stdout?.on('data', (text: Buffer) => /token=\w+/.test(text.toString()) && resolve(text.toString()))
    })
    this.token = /token=(\w+)/.exec(address)?.[1] ?? ''
  }

  async kill(): Promise<void> {
    const { process: running } = this
    if (running === undefined || running.exitCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGKILL')
    await ended
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json().catch(() => undefined)) as T
  }

  address(path: string, port = this.port): string {
    return `http://127.0.0.1:${port}${path}?token=${this.token}`
  }
}

/** A line between the browser and the service, which can be cut. */
class Line {
  private readonly sockets = new Set<Socket>()
  private cutNow = false
  private readonly server: Server

  constructor(to: number) {
    this.server = createServer((near) => {
      if (this.cutNow) return void near.destroy()
      const far = connect(to, '127.0.0.1')
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.sockets.add(one)
        one.on('error', () => other.destroy())
        one.on('close', () => {
          this.sockets.delete(one)
          other.destroy()
        })
        one.pipe(other)
      }
    })
  }

  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return (this.server.address() as AddressInfo).port
  }

  cut(): void {
    this.cutNow = true
    for (const socket of this.sockets) socket.destroy()
  }

  mend(): void {
    this.cutNow = false
  }

  close(): void {
    this.cut()
    this.server.close()
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

interface Made {
  notebook_id: string
  status: string
  cells: { cell_id: string }[]
}

const outputs = (page: Page, number: number) => page.locator(`.cell[data-cell][aria-posinset="${number}"] .outputs`)
const banner = (page: Page) => page.getByRole('status').filter({ hasText: 'The service does not answer' })

/** Counts in a file how often it ran, so that nothing that runs twice goes unseen. */
const counted = (name: string) => `with open("${name}", "a") as file: file.write("x")\nlen(open("${name}").read())`

let folder: string
let service: Service

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cellblock-'))
  service = new Service(folder, await freePort())
  alsoOwn(`127.0.0.1:${service.port}`)
  await service.start()
})

test.afterAll(async () => {
  await service.kill()
  await rm(folder, { recursive: true, force: true })
})

async function notebook(cells: string[]): Promise<Made> {
  return service.call<Made>('POST', '/notebooks', { name: `away ${Date.now()}`, cells: cells.map((source) => ({ cell_type: 'code', source })) })
}

async function run(made: Made, cell: number): Promise<void> {
  await service.call('POST', `/notebooks/${made.notebook_id}/execute`, { cell_id: made.cells[cell]?.cell_id })
}

test('what was printed while the line was cut is there when it is mended, once and in its order', async ({ page }) => {
  const line = new Line(service.port)
  const port = await line.open()
  alsoOwn(`127.0.0.1:${port}`)
  const made = await notebook(['import time\nfor number in range(40):\n    print(number, end=" ", flush=True)\n    time.sleep(0.15)'])
  await page.goto(service.address(`/notebooks/${made.notebook_id}`, port))
  await expect(page.locator('.cell[data-cell]')).toHaveCount(1)
  await run(made, 0)
  await expect(outputs(page, 1)).toContainText('0 1 2')
  line.cut()
  await expect(banner(page)).toBeVisible({ timeout: 15_000 })
  const before = (await outputs(page, 1).textContent()) ?? ''
  await expect.poll(async () => (await service.call<Made>('GET', `/notebooks/${made.notebook_id}`)).status, { timeout: 20_000 }).toBe('idle')
  expect(before).not.toContain('39')
  line.mend()
  await expect(outputs(page, 1)).toHaveText(Array.from({ length: 40 }, (_, number) => number).join(' '), { timeout: 20_000 })
  await expect(banner(page)).toHaveCount(0)
  line.close()
})

test('a service that is killed and started again is found by itself, and nothing runs twice', async ({ page }) => {
  test.slow()
  const made = await notebook([counted('first'), `${counted('second')}\nimport time\ntime.sleep(60)`, counted('third')])
  await page.goto(service.address(`/notebooks/${made.notebook_id}`))
  await page.locator('.cell[data-cell]').first().focus()
  await page.keyboard.press('Control+Enter')
  await expect(outputs(page, 1)).toHaveText('1', { timeout: 30_000 })
  await run(made, 1)
  await expect(page.locator('.cell[data-cell]').nth(1)).toContainText('[*]')

  await service.kill()
  await expect(banner(page)).toBeVisible({ timeout: 15_000 })
  // What is written meanwhile is kept.
  await page.locator('.cell[data-cell]').nth(2).locator('.source').click()
  await page.keyboard.press('Control+End')
  await page.keyboard.insertText(' * 100')
  await service.start()
  // Another browser is faster: it runs a cell before this one is back.
  await run(made, 0)

  await expect(banner(page)).toHaveCount(0, { timeout: 30_000 })
  await expect(outputs(page, 1)).toHaveText('2', { timeout: 30_000 })
  // The cell that ran is not running any more, and did not run again.
  await expect(page.locator('.cell[data-cell]').nth(1)).not.toContainText('[*]', { timeout: 30_000 })
  await expect.poll(async () => (await service.call<{ cells: { source: string }[] }>('GET', `/notebooks/${made.notebook_id}`)).cells[2]?.source).toContain('* 100')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+Enter')
  await expect(outputs(page, 3)).toHaveText('100', { timeout: 30_000 })
  const { session_id: session } = await service.call<{ session_id: string }>('GET', `/notebooks/${made.notebook_id}`)
  const { text } = await service.call<{ text: string }>('POST', `/sessions/${session}/execute`, { code: 'print(len(open("first").read()), len(open("second").read()), len(open("third").read()))' })
  expect(text.trim()).toBe('2 1 1')
})

test('what ran when the service was killed says so, what waited says that it was not run, and both can be run again', async ({ page }) => {
  test.slow()
  const made = await notebook(['import os, time\nprint("half", flush=True)\nif not os.path.exists("again"):\n    time.sleep(60)', '"whole"'])
  const cell = (number: number) => page.locator('.cell[data-cell]').nth(number)
  await page.goto(service.address(`/notebooks/${made.notebook_id}`))
  await expect(cell(1)).toBeVisible()
  await service.call('POST', `/notebooks/${made.notebook_id}/execute`, { which: 'all' })
  await expect(outputs(page, 1)).toHaveText('half', { timeout: 30_000 })
  await service.kill()
  await expect(banner(page)).toBeVisible({ timeout: 15_000 })
  await service.start()
  await expect(cell(0)).toContainText('The service stopped while this cell ran.', { timeout: 30_000 })
  // What it had shown stays, and there is no error of its own.
  await expect(outputs(page, 1)).toHaveText('half')
  await expect(cell(1)).toContainText('This cell was not run')
  await expect(cell(1)).not.toContainText('[*]')

  const { session_id: session } = await service.call<{ session_id: string }>('GET', `/notebooks/${made.notebook_id}`)
  await service.call('POST', `/sessions/${session}/execute`, { code: 'open("again", "w").close()' })
  await cell(0).getByRole('button', { name: 'Run again' }).click()
  await cell(1).getByRole('note').getByRole('button', { name: 'Run the cell' }).click()
  await expect(outputs(page, 2)).toHaveText("'whole'", { timeout: 30_000 })
  await expect(page.getByRole('note')).toHaveCount(0)
  await page.reload()
  await expect(outputs(page, 1)).toHaveText('half')
  await expect(page.getByRole('note')).toHaveCount(0)
})
