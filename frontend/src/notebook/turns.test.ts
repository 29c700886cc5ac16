// The order in which what is asked for is done.

import { expect, it } from 'vitest'
import { Turns, type Turn } from './turns'

/** Turns whose works end when they are told to. */
function chain() {
  const begun: string[] = []
  const ends = new Map<string, (error?: Error) => void>()
  const refused: string[][] = []
  const waiting: string[][] = []
  const turns = new Turns({
    onRefused: (error, first, behind) => refused.push([(error as Error).message, ...[first, ...behind].map(({ cells }) => cells.join())]),
    onChange: (cells) => waiting.push([...cells]),
  })
  const turn = (cell: string): Turn => ({
    cells: [cell],
    work: () => {
      begun.push(cell)
      return new Promise<void>((resolve, reject) => ends.set(cell, (error) => (error === undefined ? resolve() : reject(error))))
    },
  })
  return { turns, turn, begun, ends, refused, waiting }
}

it('each begins when the one before is over, the first at once', async () => {
  const { turns, turn, begun, ends, waiting } = chain()
  const all = [turns.take(turn('a')), turns.take(turn('b'))]
  expect(begun).toEqual(['a'])
  expect(waiting.at(-1)).toEqual(['a', 'b'])
  ends.get('a')!()
  await all[0]
  await Promise.resolve()
  expect(begun).toEqual(['a', 'b'])
  ends.get('b')!()
  await Promise.all(all)
  expect(waiting.at(-1)).toEqual([])
})

it('behind one that is refused nothing is begun, and what is asked for later is', async () => {
  const { turns, turn, begun, ends, refused, waiting } = chain()
  const all = ['a', 'b', 'c'].map((cell) => turns.take(turn(cell)))
  ends.get('a')!(new Error('full'))
  await Promise.all(all)
  expect(begun).toEqual(['a'])
  expect(refused).toEqual([['full', 'a', 'b', 'c']])
  expect(waiting.at(-1)).toEqual([])
  void turns.take(turn('d'))
  expect(begun).toEqual(['a', 'd'])
})

it('who is told of a refusal can ask again at once, in the same order', async () => {
  const begun: string[] = []
  let full = true
  const turns: Turns = new Turns({
    onRefused: (_, first, behind) => {
      full = false
      for (const each of [first, ...behind]) void turns.take(each)
    },
  })
  const turn = (cell: string): Turn => ({
    cells: [cell],
    work: async () => {
      begun.push(cell)
      if (full) throw new Error('full')
    },
  })
  await Promise.all([turns.take(turn('a')), turns.take(turn('b'))])
  await new Promise((resolve) => setTimeout(resolve))
  expect(begun).toEqual(['a', 'a', 'b'])
})
