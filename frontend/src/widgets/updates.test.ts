// How what is moved gets to the code of widgets.

import { expect, it } from 'vitest'
import { Binary } from './binary'
import { Updates, type Message } from './updates'

/** Updates whose messages arrive when they are told to. */
function line() {
  const sent: { comm: string; message: Message }[] = []
  const answers: { resolve: (execution: string) => void; reject: (error: Error) => void }[] = []
  const silent: string[] = []
  const refused: string[] = []
  const updates = new Updates({
    send: (comm, message) => {
      sent.push(structuredClone({ comm, message }))
      return new Promise((resolve, reject) => answers.push({ resolve, reject }))
    },
    onRefused: (error, dropped) => refused.push(`${(error as Error).message}: ${dropped.map(({ comm }) => comm).join()}`),
    onSilence: (comm) => silent.push(comm),
  })
  /** Delivers the message that was sent last. */
  async function deliver(heard = true) {
    const { comm } = sent.at(-1)!
    const execution = `e${sent.length}`
    answers.at(-1)!.resolve(execution)
    await Promise.resolve()
    if (heard) updates.hear(comm, execution)
    updates.ended(execution)
  }
  const values = () => sent.map(({ comm, message }) => (message.method === 'update' ? `${comm}=${String(message.state.value)}` : `${comm} ${message.method}`))
  return { updates, sent, answers, silent, refused, deliver, values }
}

it('one is under way at a time, and of what changes meanwhile the newest is told', async () => {
  const { updates, deliver, values, silent } = line()
  for (const value of [1, 2, 3]) updates.change('a', { value })
  updates.change('b', { value: 9 })
  expect(values()).toEqual(['a=1'])
  expect([...updates.unsent()].map(([comm, keys]) => [comm, ...keys])).toEqual([['a', 'value'], ['b', 'value']])
  await deliver()
  expect(values()).toEqual(['a=1', 'a=3'])
  await deliver()
  await deliver()
  expect(values()).toEqual(['a=1', 'a=3', 'b=9'])
  expect(updates.unsent().size).toBe(0)
  expect(silent).toEqual([])
})

it('different properties of one widget go together', async () => {
  const { updates, sent, deliver } = line()
  updates.change('a', { value: 1 })
  updates.change('a', { value: 2 })
  updates.change('a', { max: 5 })
  await deliver()
  expect(sent[1]!.message).toEqual({ method: 'update', state: { value: 2, max: 5 } })
})

it('a click comes behind what was written before it, and before what is written after it', async () => {
  const { updates, deliver, values } = line()
  updates.hear('button', 'before')
  updates.change('text', { value: 'a' })
  updates.change('text', { value: 'ab' })
  updates.tell('button', { event: 'click' })
  updates.change('text', { value: 'abc' })
  for (let turn = 0; turn < 4; turn += 1) await deliver()
  expect(values()).toEqual(['text=a', 'text=ab', 'button custom', 'text=abc'])
})

it('a change that nobody answers went to nobody; a click is asked after where that is not known', async () => {
  const { updates, deliver, values, silent } = line()
  updates.change('a', { value: 1 })
  await deliver(false)
  expect(silent).toEqual(['a'])
  updates.tell('b', { event: 'click' })
  await deliver(false)
  expect(silent).toEqual(['a'])
  await deliver(false)
  expect(values()).toEqual(['a=1', 'b custom', 'b request_state'])
  expect(silent).toEqual(['a', 'b'])
  // Once it was heard of, nothing has to be asked.
  updates.hear('b', 'elsewhere')
  updates.tell('b', { event: 'click' })
  await deliver(false)
  expect(values()).toHaveLength(4)
})

it('an end that is told before the answer counts', async () => {
  const { updates, answers, values, silent } = line()
  updates.change('a', { value: 1 })
  updates.change('a', { value: 2 })
  updates.hear('a', 'e1')
  updates.ended('e1')
  expect(values()).toEqual(['a=1'])
  answers[0]!.resolve('e1')
  await Promise.resolve()
  expect(values()).toEqual(['a=1', 'a=2'])
  expect(silent).toEqual([])
})

it('what is refused takes with it what was to follow; what comes later is told again', async () => {
  const { updates, answers, values, refused } = line()
  updates.change('a', { value: 1 })
  updates.change('a', { value: 2 })
  answers[0]!.reject(new Error('full'))
  await new Promise((resolve) => setTimeout(resolve))
  expect(refused).toEqual(['full: a,a'])
  expect(updates.unsent().size).toBe(0)
  updates.change('a', { value: 3 })
  expect(values()).toEqual(['a=1', 'a=3'])
})

it('after a broken line it goes on, and an old answer changes nothing', async () => {
  const { updates, answers, values, silent } = line()
  updates.change('a', { value: 1 })
  updates.change('a', { value: 2 })
  updates.forget()
  expect(values()).toEqual(['a=1', 'a=2'])
  answers[0]!.resolve('e1')
  await Promise.resolve()
  updates.ended('e1')
  expect(values()).toEqual(['a=1', 'a=2'])
  expect(silent).toEqual([])
})

it('of bytes nothing is sent back: that nobody says anything means nothing', async () => {
  const { updates, silent, deliver } = line()
  updates.change('upload', { value: [{ name: 'a', content: new Binary('YQ==') }] })
  await deliver(false)
  updates.change('slider', { value: 1 })
  await deliver(false)
  expect(silent).toEqual(['slider'])
})
