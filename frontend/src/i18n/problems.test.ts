// Every refusal of the service has words in every language.

import { describe, expect, it } from 'vitest'
import { PROBLEMS, worded } from './problems'

const [source = ''] = Object.values(import.meta.glob<string>('../../../src/error_code.rs', { query: '?raw', import: 'default', eager: true }))
const codes = [...source.matchAll(/^ {4}\w+ = (\d{5}), \d{3},/gm)].map(([, code]) => Number(code))

describe('refusals', () => {
  it('are found where the service has them', () => {
    expect(codes.length).toBeGreaterThan(60)
  })
  it.each(Object.entries(PROBLEMS))('all have words in %s', (_, texts) => {
    expect(codes.filter((code) => texts[code] === undefined)).toEqual([])
  })
  it('say what the service says of this case beside them', () => {
    const problem = { status: 404, code: 50403, title: '', message: 'There is nothing at "a".', solution: 'List.' }
    expect(worded(problem, 'zh-CN')).toMatchObject({ message: '没有这个文件', detail: problem.message })
    expect(worded(problem, 'en')).toEqual({ message: problem.message, solution: 'List.' })
    expect(worded({ ...problem, code: 99999 }, 'zh-CN').message).toBe(problem.message)
  })
})
