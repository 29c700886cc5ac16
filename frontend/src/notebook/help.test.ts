// What cells ask for with question marks.

import { expect, it } from 'vitest'
import { questionOf } from './help'

it('reads what is asked from the last line', () => {
  expect(questionOf('len?')).toEqual({ name: 'len', source: false })
  expect(questionOf('import os\nos.path.join??\n')).toEqual({ name: 'os.path.join', source: true })
  expect(questionOf('?print')).toEqual({ name: 'print', source: false })
  expect(questionOf('%timeit?')).toEqual({ name: '%timeit', source: false })
})

it('takes nothing else for a question', () => {
  for (const code of ['', 'len', 'print("what?")', '# why?', 'a = b', '!ls ?', 'x ? y']) expect(questionOf(code)).toBeNull()
})
