// The one place that says how each media type of an output is shown.
// A new renderer is a row here: the first that fits by rank is shown, the others can be chosen.

import { defineAsyncComponent, type Component } from 'vue'
import type { MimeBundle } from './types'
import { WIDGET_VIEW } from '@/widgets/state'

export interface Renderer {
  /** Its name among the texts: `outputs.kinds.<name>`. */
  name: string
  /** The media types, or a pattern that all of them match. */
  types: readonly string[] | RegExp
  /** The highest is shown first. */
  rank: number
  /**
   * Whether what comes from the sandbox can do no harm in this page: it is shown as text, as an image, or sanitised.
   * What is not safe is shown by `FrameOutput` alone, in a document without an origin.
   */
  safe: boolean
  component: Component
}

const frame = defineAsyncComponent(() => import('./FrameOutput.vue'))
const image = defineAsyncComponent(() => import('./ImageOutput.vue'))
const prose = defineAsyncComponent(() => import('./ProseOutput.vue'))
const json = defineAsyncComponent(() => import('./JsonOutput.vue'))
const widget = defineAsyncComponent(() => import('@/widgets/WidgetOutput.vue'))
const text = defineAsyncComponent(() => import('./TextOutput.vue'))

export const renderers: readonly Renderer[] = [
  { name: 'widget', types: [WIDGET_VIEW], rank: 110, safe: true, component: widget },
  { name: 'plotly', types: ['application/vnd.plotly.v1+json'], rank: 100, safe: false, component: frame },
  { name: 'vega', types: /^application\/vnd\.vega(lite)?\.v\d+(\.\d+)*\+json$/, rank: 95, safe: false, component: frame },
  { name: 'bokeh', types: ['application/vnd.bokehjs_exec.v0+json'], rank: 90, safe: false, component: frame },
  { name: 'html', types: ['text/html'], rank: 80, safe: false, component: frame },
  { name: 'markdown', types: ['text/markdown'], rank: 75, safe: true, component: prose },
  { name: 'svg', types: ['image/svg+xml'], rank: 70, safe: true, component: image },
  { name: 'image', types: ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/bmp'], rank: 60, safe: true, component: image },
  { name: 'latex', types: ['text/latex'], rank: 50, safe: true, component: prose },
  { name: 'json', types: /^application\/(json|geo\+json|[\w.-]+\+json)$/, rank: 20, safe: true, component: json },
  { name: 'script', types: ['application/javascript', 'text/javascript'], rank: 15, safe: false, component: frame },
  { name: 'text', types: ['text/plain'], rank: 10, safe: true, component: text },
  { name: 'other', types: /^text\//, rank: 5, safe: true, component: text },
]

export interface View {
  mime: string
  renderer: Renderer
}

/** What says nothing by itself, or is for a program that is not here. */
const SILENT = new Set(['application/vnd.bokehjs_load.v0+json', 'application/vnd.holoviews_load.v0+json'])

/** Returns the renderer of a media type. */
export function rendererOf(mime: string): Renderer | undefined {
  const fits = renderers.filter(({ types }) => (types instanceof RegExp ? types.test(mime) : types.includes(mime)))
  return fits.sort((a, b) => b.rank - a.rank)[0]
}

/** Returns the ways in which an output can be shown, the best first. `elsewhere` names what is fetched when needed. */
export function viewsOf(data: MimeBundle, elsewhere: Iterable<string> = []): View[] {
  const types = new Set([...Object.keys(data), ...elsewhere])
  if (types.has('application/vnd.bokehjs_load.v0+json')) return []
  return [...types]
    .filter((mime) => !SILENT.has(mime))
    .map((mime) => ({ mime, renderer: rendererOf(mime) }))
    .filter((view): view is View => view.renderer !== undefined)
    .sort((a, b) => b.renderer.rank - a.renderer.rank || a.mime.localeCompare(b.mime))
}
