// What the page says to a frame with a stranger's output, and what it believes of the answers.

import type { MimeBundle } from './types'
import { joined } from './types'

export type FrameKind = 'html' | 'bokeh' | 'script' | 'plotly' | 'vega'

export interface FrameContent {
  kind: FrameKind
  content: unknown
  mode?: 'vega' | 'vega-lite'
}

/** The most that a frame may be high within the page; beyond it scrolls. */
export const HIGHEST = 2000
/** The longest picture that is taken from a frame, in characters. */
const LARGEST_PICTURE = 40_000_000
/** So many messages a second a frame may send; one that sends more is not listened to any longer. */
const MOST_MESSAGES = 120

export type Told = { height: number } | { shown: true; figure: boolean } | { image: string | null }

/** Reads a message of a frame, in which a stranger's code runs. */
export function told(message: unknown): Told | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const own = (key: string): unknown => (Object.hasOwn(message, key) ? (message as Record<string, unknown>)[key] : undefined)
  const height = own('height')
  if (typeof height === 'number' && Number.isFinite(height)) return { height: Math.min(Math.max(height, 0), HIGHEST) }
  if (own('shown') === true) return { shown: true, figure: own('figure') === true }
  const image = own('image')
  if (image === null) return { image }
  if (typeof image === 'string' && image.length <= LARGEST_PICTURE && /^data:image\/(?:png;base64,|svg\+xml[;,])/.test(image)) return { image }
  return undefined
}

/** Counts messages; says no once there are too many in a second. */
export function patience(): (now: number) => boolean {
  let second = 0
  let count = 0
  return (now) => {
    if (now - second >= 1000) {
      second = now
      count = 0
    }
    count += 1
    return count <= MOST_MESSAGES
  }
}

/** Returns what a frame is to show of an output. */
export function contentOf(mime: string, data: MimeBundle): FrameContent {
  if (mime === 'application/vnd.plotly.v1+json') return { kind: 'plotly', content: data[mime] }
  if (mime.startsWith('application/vnd.vega')) {
    return { kind: 'vega', content: data[mime], mode: mime.includes('vegalite') ? 'vega-lite' : 'vega' }
  }
  if (mime === 'application/vnd.bokehjs_exec.v0+json') return { kind: 'bokeh', content: joined(data['text/html'] ?? data[mime]) }
  if (mime.endsWith('javascript')) return { kind: 'script', content: joined(data[mime]) }
  const html = joined(data[mime])
  return { kind: html.includes('Bokeh') && !html.includes('bokeh.min.js') ? 'bokeh' : 'html', content: html }
}

/** Fetches the libraries that a kind of output needs, from our own bundle. */
export async function librariesOf(kind: FrameKind): Promise<string[]> {
  switch (kind) {
    case 'html':
    case 'script':
      return []
    case 'plotly':
      return texts([(await import('plotly.js-dist-min/plotly.min.js?url')).default])
    case 'vega': {
      const parts = await Promise.all([
        import('../../node_modules/vega/build/vega.min.js?url'),
        import('../../node_modules/vega-lite/build/vega-lite.min.js?url'),
        import('../../node_modules/vega-embed/build/vega-embed.min.js?url'),
      ])
      return texts(parts.map((part) => part.default))
    }
    case 'bokeh': {
      const parts = await Promise.all([
        import('../../node_modules/@bokeh/bokehjs/build/js/bokeh.min.js?url'),
        import('../../node_modules/@bokeh/bokehjs/build/js/bokeh-widgets.min.js?url'),
        import('../../node_modules/@bokeh/bokehjs/build/js/bokeh-tables.min.js?url'),
      ])
      return texts(parts.map((part) => part.default))
    }
  }
}

const fetched = new Map<string, Promise<string>>()

function texts(addresses: string[]): Promise<string[]> {
  return Promise.all(
    addresses.map((address) => {
      const known = fetched.get(address) ?? fetch(address).then((answer) => answer.text())
      fetched.set(address, known)
      known.catch(() => fetched.delete(address))
      return known
    }),
  )
}
