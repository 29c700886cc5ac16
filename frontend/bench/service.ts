// The service that is measured, and notebooks made in it.

export interface Service {
  name: string
  origin: string
  token: string
}

/** Reads an address as the service prints it. */
export function serviceOf(name: string, printed: string): Service {
  const address = new URL(printed)
  return { name, origin: address.origin, token: address.searchParams.get('token') ?? '' }
}

interface NewCell {
  cell_type: 'code' | 'markdown'
  source: string
}

async function call<T>({ origin, token }: Service, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${origin}/api/v1${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}

/** Makes a notebook and returns its id. Where it is to be warm, it has a session that has run something. */
export async function makeNotebook(service: Service, name: string, cells: NewCell[], warm = false): Promise<string> {
  const { notebook_id: id } = await call<{ notebook_id: string }>(service, 'POST', '/notebooks', { name: `${name} ${Date.now()}`, cells })
  if (warm) {
    await call(service, 'POST', `/notebooks/${id}/execute`, { code: '1' })
    while ((await call<{ status: string }>(service, 'GET', `/notebooks/${id}`)).status === 'running') await pause(50)
    await pause(500)
  }
  return id
}

/** Ends the session of a notebook and removes it. */
export async function removeNotebook(service: Service, id: string): Promise<void> {
  const { session_id: session } = await call<{ session_id: string | null }>(service, 'GET', `/notebooks/${id}`)
  const headers = { Authorization: `Bearer ${service.token}` }
  if (session !== null) await fetch(`${service.origin}/api/v1/sessions/${session}`, { method: 'DELETE', headers })
  await fetch(`${service.origin}/api/v1/notebooks/${id}`, { method: 'DELETE', headers })
}

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Cells as people write them: every fourth is text, the others have a few lines of code. */
export function ordinaryCells(count: number): NewCell[] {
  return Array.from({ length: count }, (_, number) =>
    number % 4 === 0
      ? { cell_type: 'markdown', source: `## Part ${number}\n\nWhat is **measured** here, with a [link](#part) and a list:\n\n- first $x_${number}$\n- second` }
      : { cell_type: 'code', source: `def value_${number}(first, second=${number}):\n    """Adds two numbers."""\n    total = first + second  # both\n    return [total * each for each in range(10)]\n\nprint(value_${number}(${number}))` },
  )
}
