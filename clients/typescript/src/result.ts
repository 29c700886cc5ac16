// What an execution came to.

import { fromBase64 } from './base64.js'
import { ExecutionFailed } from './errors.js'
import type { Failure, Usage } from './events.js'
import type { ExecutionView, Finding, OnceView } from './types.js'

/** An output as a notebook has it (nbformat 4.5). */
export interface Output {
  output_type: string
  data?: Record<string, unknown>
  [key: string]: unknown
}

/** What code showed and how it ended. A Python exception is a result like any other. */
export class Result {
  /** `success`, `error` (Python raised), `limit`, `interrupted`, `killed` or `lost`. */
  readonly status: string
  /** Everything readable in the outputs, one after the other. */
  readonly text: string
  readonly outputs: Output[]
  readonly error: Failure | null
  readonly usage: Usage | null
  /** What looked suspicious in the code. */
  readonly findings: Finding[]

  constructor(view: ExecutionView | OnceView) {
    this.status = view.status
    this.text = view.text ?? ''
    this.outputs = (view.outputs ?? []) as Output[]
    this.error = (view.error ?? null) as Failure | null
    this.usage = (view.usage ?? null) as Usage | null
    this.findings = view.findings ?? []
  }

  get ok(): boolean {
    return this.status === 'success'
  }

  /** Throws `ExecutionFailed` unless the code ended well. */
  throwForError(): void {
    if (!this.ok) throw new ExecutionFailed(this)
  }

  /** Returns what was shown in a form, such as `text/html`, as text; images are in base64. */
  shown(mediaType: string): string[] {
    const found = this.outputs.flatMap(({ data }) => (data && mediaType in data ? [data[mediaType]] : []))
    return found.map((value) => {
      if (Array.isArray(value)) return value.join('')
      return typeof value === 'string' ? value : JSON.stringify(value)
    })
  }
}

/** What an execution in a session came to. */
export class SessionResult extends Result {
  readonly executionId: string
  readonly executionCount: number | null
  readonly checkpointBefore: string | null
  readonly checkpointAfter: string | null
  /** Events that are no longer kept, so that their outputs are missing. */
  readonly gap: { first: number; last: number } | null

  constructor(view: ExecutionView) {
    super(view)
    this.executionId = view.execution_id
    this.executionCount = view.execution_count ?? null
    this.checkpointBefore = view.checkpoint_before ?? null
    this.checkpointAfter = view.checkpoint_after ?? null
    this.gap = view.gap ?? null
  }
}

/** What code that ran once came to, with the files that it was asked for. */
export class OnceResult extends Result {
  readonly exports: { name: string; content: Uint8Array<ArrayBuffer> }[]
  readonly cached: boolean

  constructor(view: OnceView) {
    super(view)
    this.exports = view.exports.map((file) => ({ name: file.name, content: fromBase64(file.content_base64) }))
    this.cached = view.cached
  }
}
