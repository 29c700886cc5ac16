// A figure as its session draws it: matplotlib makes a PDF of lines and letters.

import { api, got, raw } from '@/api/client'
import { Refused } from '@/api/problem'

/** Returns the only figure that has one of these names, as a PDF; nothing when there is none, or the session cannot tell. */
export async function figureOfSession(session: string, names: readonly string[]): Promise<Blob | null> {
  try {
    const { files } = await got(api.POST('/api/v1/sessions/{session_id}/export', { params: { path: { session_id: session } }, body: { figures: 'pdf' } }))
    const [file, other] = files.filter(({ name }) => names.includes(name.replace(/\.pdf$/, '')))
    return file === undefined || other !== undefined ? null : await (await raw(file.href)).blob()
  } catch (error) {
    // The picture is there all the same, and is saved as it is.
    if (!(error instanceof Refused)) throw error
    return null
  }
}
