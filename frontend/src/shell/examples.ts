// The notebooks that come along. Each is fetched when it is opened.

const files = import.meta.glob<string>('../../../examples/*.ipynb', { query: '?raw', import: 'default' })

export interface Example {
  /** The name of its file, without the ending. */
  id: string
  content: () => Promise<string>
}

const FIRST = 'tour'

export const EXAMPLES: Example[] = Object.entries(files)
  .map(([path, content]) => ({ id: /([^/]+)\.ipynb$/.exec(path)?.[1] ?? path, content }))
  .sort((one, other) => Number(other.id === FIRST) - Number(one.id === FIRST) || one.id.localeCompare(other.id))
