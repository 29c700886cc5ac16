// Sessions: running, streaming, questions, interrupts, going back, looking at variables.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ExecutionFailed, type Event, type Session } from '@cellblock/client'
import { client } from './service.js'

const cellblock = client()
let session: Session

beforeAll(async () => {
  session = await cellblock.createSession()
})

afterAll(() => session.end())

test('a run gives text, outputs and usage', async () => {
  const result = await session.run("print('hello')\n6 * 7")
  expect(result.ok).toBe(true)
  expect(result.text).toBe('hello\n42')
  expect(result.outputs.map((output) => output.output_type)).toEqual(['stream', 'execute_result'])
  expect(result.shown('text/plain')).toEqual(['42'])
  expect(result.usage?.fuel).toBeGreaterThan(0)
})

test('a Python exception is a result', async () => {
  const result = await session.run("int('x')")
  expect([result.status, result.error?.ename]).toEqual(['error', 'ValueError'])
  expect(() => result.throwForError()).toThrow(ExecutionFailed)
  expect(() => result.throwForError()).toThrow('ValueError: invalid literal')
})

test('events come while the code runs', async () => {
  const execution = await session.start("print('first')\ninput()\nprint('second')", { allowStdin: true })
  const seen: Event[] = []
  for await (const event of execution.events()) {
    seen.push(event)
    if (event.type === 'input_request') {
      expect(seen.flatMap((event) => (event.type === 'stream' ? [event.content.text] : []))).toEqual(['first\n'])
      await execution.answer('go on')
    }
  }
  expect(seen.at(-1)).toMatchObject({ type: 'finished', content: { outcome: 'ok' } })
})

test('waiting executions are told their place', async () => {
  const first = await session.start('input()', { allowStdin: true })
  const second = await session.start("'second'")
  for await (const event of first.events()) if (event.type === 'input_request') break
  await first.answer('')
  const types: string[] = []
  for await (const event of second.events()) types.push(event.type)
  expect([types[0], types.at(-1)]).toEqual(['queued', 'finished'])
  expect((await second.result()).text).toBe("'second'")
})

test('questions are answered, also by promises', async () => {
  const asked: string[] = []
  const answer = async (prompt: string) => `answer ${asked.push(prompt)}`
  const result = await session.run("[input('one? '), input('two? ')]", { answer })
  expect(asked).toEqual(['one? ', 'two? '])
  expect(result.text).toContain("['answer 1', 'answer 2']")
})

test('a timeout interrupts, and the session lives on', async () => {
  await session.run('x = 5')
  expect((await session.run('while True: pass', { timeout: 500 })).status).toBe('interrupted')
  expect((await session.run('x')).text).toBe('5')
})

test('a signal ends the waiting and leaves the code', async () => {
  const control = new AbortController()
  const execution = await session.start('input()', { allowStdin: true })
  const waiting = (async () => {
    for await (const event of execution.events({ signal: control.signal })) {
      if (event.type === 'input_request') control.abort(new Error('no longer wanted'))
    }
  })()
  await expect(waiting).rejects.toThrow('no longer wanted')
  await execution.answer('')
  expect((await execution.result()).ok).toBe(true)
})

test('going back, and forks', async () => {
  await session.run('x = 1')
  const labelled = await session.checkpoint('one')
  const changed = await session.run('x = 2')
  await session.undo(changed.executionId)
  expect((await session.run('x')).text).toBe('1')
  await session.run('x = 3')
  await session.restore(labelled.id)
  expect((await session.run('x')).text).toBe('1')
  expect((await session.checkpoints()).map(({ id }) => id)).toContain(labelled.id)
  await using fork = await session.fork({ checkpointId: changed.checkpointAfter as string })
  expect((await fork.run('x')).text).toBe('2')
})

test('variables, tables and exports', async () => {
  await session.run("import pandas as pd; t = pd.DataFrame({'a': [3, 1, 2], 'b': list('xyz')})")
  const table = (await session.variables()).find(({ name }) => name === 't')
  expect([table?.type, table?.shape]).toEqual(['DataFrame', [3, 2]])
  const page = await session.table('t', { sort: '-a', filter: [{ column: 'a', op: '>', value: 1 }], limit: 1 })
  expect([page.rows, page.filtered_rows, page.total_rows]).toEqual([[[3, 'x']], 2, 3])
  const [file] = await session.export(['t'], { format: 'csv' })
  expect(file?.name).toBe('t.csv')
  const text = await file?.blob().then((blob) => blob.text())
  expect(text).toContain('2,z')
  const pieces: string[] = []
  for await (const piece of (await file?.stream()) ?? []) pieces.push(new TextDecoder().decode(piece))
  expect(pieces.join('')).toBe(text)
})

test('sessions are found, listed, restarted and ended', async () => {
  const made = await cellblock.createSession({ name: 'found again' })
  await made.run('x = 1')
  const again = await cellblock.session(made.id)
  expect(again.view.name).toBe('found again')
  expect((await cellblock.sessions()).map(({ id }) => id)).toContain(made.id)
  await again.restart()
  expect((await again.run('x')).error?.ename).toBe('NameError')
  await made.end()
  await made.end()
  await expect(again.refresh()).rejects.toMatchObject({ name: 'SessionDead' })
})
