// Lines that break, and refusals: nothing is missed, and nothing is done twice.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Event } from '@cellblock/client'
import { client, Line } from './service.js'

let line: Line
let url: string

beforeEach(async () => {
  line = new Line()
  url = await line.open()
})

afterEach(() => line.close())

test('a stream goes on behind the last event', async () => {
  await using session = await client({ url }).createSession()
  const direct = await client().session(session.id)
  const execution = await session.start('for number in range(4): print(number); input()', { allowStdin: true })
  const events: Event[] = []
  for await (const event of execution.events()) {
    events.push(event)
    if (event.type === 'input_request') {
      line.cut()
      await direct.answer('')
    }
  }
  const text = events.map((event) => (event.type === 'stream' ? event.content.text : '')).join('')
  const numbers = events.map(({ seq }) => seq)
  expect(text.replaceAll('\n', '')).toBe('0123')
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
  expect(events.at(-1)?.type).toBe('finished')
  expect(line.connections).toBeGreaterThan(4)
})

test('code whose acknowledgement is lost runs once', async () => {
  await using session = await client({ url }).createSession()
  await session.run('runs = 0')
  line.lose = '202 Accepted'
  expect((await session.run('runs += 1')).ok).toBe(true)
  expect(line.lose).toBeNull()
  expect((await session.run('runs')).text).toBe('1')
})

test('an upload goes on where it broke', async () => {
  const content = new Uint8Array(10_240_000).map((_, index) => index % 251)
  const project = await client().createProject(`test ${crypto.randomUUID()}`)
  const through = await client({ url }).project(project.id)
  line.lose = 'upload-offset: 8388608'
  const told: number[] = []
  await through.upload(content, 'all.bin', { onProgress: (done) => told.push(done) })
  expect(line.lose).toBeNull()
  expect(told).toEqual([...told].sort((a, b) => a - b))
  expect(told.at(-1)).toBe(content.length)
  expect(Buffer.from(await (await project.read('all.bin')).arrayBuffer()).equals(content)).toBe(true)
  await project.delete()
})

test('without retries a lost answer is an error', async () => {
  line.lose = '200 OK'
  const refused = client({ url, retries: { attempts: 1 } }).sessions()
  await expect(refused).rejects.toMatchObject({ status: 0, name: 'Unreachable', retryable: true })
})

test('a refusal says all that the service says', async () => {
  await expect(client().createSession({ image: 'nothing' })).rejects.toMatchObject({
    status: 422,
    code: 20201,
    name: 'UnknownImage',
    retryable: false,
    details: { allowed: expect.arrayContaining(['data']) },
    solution: expect.stringMatching(/./),
    requestId: expect.stringMatching(/./),
  })
})

test('a wrong token is refused at once', async () => {
  await expect(client({ token: 'wrong' }).sessions()).rejects.toMatchObject({ status: 401 })
})

test('the end of a session ends its streams', async () => {
  const session = await client().createSession()
  const execution = await session.start('input()', { allowStdin: true })
  for await (const event of execution.events()) if (event.type === 'input_request') break
  await session.end()
  const rest = (async () => {
    for await (const event of execution.events()) expect(event).toBeDefined()
  })()
  await expect(rest).rejects.toMatchObject({ name: expect.stringMatching(/SessionDead|ChannelClosed/) })
})

test('an address that is none is refused', () => {
  expect(() => client({ url: 'ftp://localhost' })).toThrow('no address of a service')
})
