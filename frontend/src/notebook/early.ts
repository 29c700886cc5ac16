// Notebooks that are asked for as soon as it is known that they will be shown, while what shows them is on its way.

import { api, got, type Schemas } from '@/api/client'
import { token } from '@/api/token'

type Answer = Schemas['NotebookAnswer']

const asked = new Map<string, Promise<Answer>>()
const open = new Set<string>()

export function fetchNotebook(id: string): Promise<Answer> {
  return got(api.GET('/api/v1/notebooks/{id}', { params: { path: { id } } }))
}

/** Asks for a notebook, unless it is open or was asked for already. */
export function askEarly(id: string): void {
  if (open.has(id) || asked.has(id) || token() === '') return
  const answer = fetchNotebook(id)
  // A refusal is told by whoever wants the notebook.
  answer.catch(() => undefined)
  asked.set(id, answer)
}

/** Returns the answer that is on its way, if one is, or asks for one. From then on the notebook is open. */
export function answerOf(id: string): Promise<Answer> {
  open.add(id)
  const answer = asked.get(id) ?? fetchNotebook(id)
  asked.delete(id)
  return answer
}

export function closed(id: string): void {
  open.delete(id)
}
