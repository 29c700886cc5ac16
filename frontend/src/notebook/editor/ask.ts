// What the interpreter knows of code: completions, documentation, faults. A busy session is not waited for.

import { api, got } from '@/api/client'
import { Refused } from '@/api/problem'
import { charactersBefore, positionOf } from '../text'

export interface Completion {
  text: string
  type: string
  signature: string
}

export interface Completions {
  from: number
  to: number
  options: Completion[]
}

interface CompleteReply {
  status: string
  matches: string[]
  cursor_start: number
  cursor_end: number
  metadata?: { _jupyter_types_experimental?: { text: string; type?: string; signature?: string }[] }
}

interface InspectReply {
  status: string
  found: boolean
  data: Record<string, string>
}

/** Something that is nice to have: when it is refused there is none. */
async function perhaps<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Refused) return null
    throw error
  }
}

export async function complete(session: string | null, code: string, position: number): Promise<Completions | null> {
  const body = { code, cursor_position: charactersBefore(code, position) }
  const reply = (await perhaps(
    session === null
      ? got(api.POST('/api/v1/complete', { body }))
      : got(api.POST('/api/v1/sessions/{session_id}/complete', { params: { path: { session_id: session } }, body })),
  )) as CompleteReply | null
  if (reply === null || reply.status !== 'ok') return null
  const types = new Map(reply.metadata?._jupyter_types_experimental?.map((each) => [each.text, each]))
  return {
    from: positionOf(code, reply.cursor_start),
    to: positionOf(code, reply.cursor_end),
    options: reply.matches.map((text) => ({ text, type: types.get(text)?.type ?? '', signature: types.get(text)?.signature ?? '' })),
  }
}

/** Returns the documentation of what stands at a position, or its source, with terminal colours. */
export async function inspect(session: string | null, code: string, position: number, withSource = false): Promise<string | null> {
  const body = { code, cursor_position: charactersBefore(code, position), detail_level: withSource ? 1 : 0 }
  const reply = (await perhaps(
    session === null
      ? got(api.POST('/api/v1/inspect', { body }))
      : got(api.POST('/api/v1/sessions/{session_id}/inspect', { params: { path: { session_id: session } }, body })),
  )) as InspectReply | null
  return reply?.status === 'ok' && reply.found ? (reply.data['text/plain'] ?? null) : null
}

export interface Fault {
  line: number
  column: number
  message: string
  code: string
  serious: boolean
}

const LONGEST = 200_000

/** Returns the faults of a cell's code, which knows the names of the code above it. */
export async function lint(code: string, above: string): Promise<Fault[]> {
  const lines = above === '' || above.length > LONGEST ? 0 : above.split('\n').length
  const together = lines === 0 ? code : `${above}\n${code}`
  const answer = await perhaps(got(api.POST('/api/v1/lint', { body: { code: together } })))
  if (answer === null) return []
  const broken = answer.diagnostics.some(({ source, line }) => source === 'syntax' && line <= lines)
  if (broken) return (await lint(code, '')).filter((fault) => fault.code !== 'UndefinedName')
  return answer.diagnostics
    .filter(({ line, code: name }) => line > lines && name !== 'UnusedImport')
    .map(({ line, column, message, code: name, source }) => ({ line: line - lines, column, message, code: name, serious: source === 'syntax' }))
}
