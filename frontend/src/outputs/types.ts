// Outputs of cells as nbformat 4.5 has them.

import { markRaw } from 'vue'

export type MimeBundle = Record<string, unknown>

export interface StreamOutput {
  output_type: 'stream'
  name: 'stdout' | 'stderr'
  text: string | string[]
}

export interface DisplayOutput {
  output_type: 'display_data' | 'execute_result'
  data: MimeBundle
  metadata: Record<string, unknown>
  execution_count?: number | null
  /** Only while a cell runs; not in files. */
  display_id?: string
}

export interface ErrorOutput {
  output_type: 'error'
  ename: string
  evalue: string
  traceback: string[]
}

export type Output = StreamOutput | DisplayOutput | ErrorOutput

/** What was shown never changes within: nobody has to watch a million numbers of a plot, one by one. */
export function still(output: Output): Output {
  if ('data' in output) markRaw(output.data)
  return output
}

/** Joins nbformat's multi-line strings. */
export function joined(text: unknown): string {
  return Array.isArray(text) ? text.join('') : typeof text === 'string' ? text : String(text ?? '')
}
