// What a session tells while it works: one union, told apart by `type`.

import type { Finding } from './types.js'

/** What an execution used: counted instructions, seconds, bytes of memory and of files. */
export interface Usage {
  fuel: number
  seconds: number
  memory_bytes: number
  file_bytes: number
  files: number
  open_files: number
}

/** Why an execution did not end well: Python's exception, or a `message` of the service. */
export interface Failure {
  ename?: string
  evalue?: string
  traceback?: string[]
  message?: string
}

export type Outcome = 'ok' | 'error' | 'interrupted' | 'limit' | 'killed' | 'lost'

interface Of<Type extends string, Content> {
  type: Type
  content: Content
}

interface Display {
  data: Record<string, unknown>
  metadata: Record<string, unknown>
  transient?: { display_id?: string } | null
}

interface Comm {
  comm_id: string
  data?: unknown
  target_name?: string
}

export type Happening =
  | Of<'queued', { position: number }>
  | Of<'started', { code: string; execution_count?: number }>
  | Of<'stream', { name: 'stdout' | 'stderr'; text: string }>
  | Of<'display_data', Display>
  | Of<'update_display_data', Display>
  | Of<'execute_result', Display & { execution_count: number }>
  | Of<'error', { ename: string; evalue: string; traceback: string[] }>
  | Of<'clear_output', { wait: boolean }>
  | Of<'input_request', { prompt: string; password: boolean }>
  | Of<'comm_open', Comm>
  | Of<'comm_msg', Comm>
  | Of<'comm_close', Comm>
  | Of<'status', { execution_state: string }>
  | Of<'checkpoint', { checkpoint_id: string; pages: number }>
  | Of<'restored', { checkpoint_id: string | null; reason: string; lost: string[] }>
  | Of<'gap', { first: number; last: number }>
  | Of<'log', { level: 'info' | 'warning' | 'error'; message: string; findings?: Finding[] }>
  | Of<
      'finished',
      {
        outcome: Outcome
        error?: Failure | null
        execution_count: number | null
        usage: Usage
        checkpoint_before: string | null
        checkpoint_after: string | null
      }
    >

/** An event with its number in the session. */
export type Event = Happening & {
  seq: number
  time: string
  session_id?: string
  cell_id?: string
  execution_id?: string
}
