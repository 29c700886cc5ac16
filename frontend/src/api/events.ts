// What the service tells over its sockets: one union, told apart by `type`.

import type { Output, MimeBundle } from '@/outputs/types'
import type { Cell } from '@/notebook/model'
import type { Schemas } from './client'

interface Of<Type extends string, Content> {
  type: Type
  content: Content
}

export interface Usage {
  fuel: number
  seconds: number
  memory_bytes: number
  file_bytes: number
  files: number
  open_files: number
}

export type Outcome = 'ok' | 'error' | 'interrupted' | 'limit' | 'killed' | 'lost'

interface Display {
  data: MimeBundle
  metadata: Record<string, unknown>
  transient?: { display_id?: string } | null
}

/** `buffers` are bytes in Base64. */
type Comm = { comm_id: string; data?: unknown; target_name?: string; buffers?: string[] }

export type Happening =
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
  | Of<'status', { execution_state: 'starting' | 'busy' | 'idle' | 'dead' }>
  | Of<'queued', { position: number }>
  | Of<'started', { code: string }>
  | Of<
      'finished',
      {
        outcome: Outcome
        error?: { message?: string; ename?: string; evalue?: string } | null
        execution_count: number | null
        usage: Usage
        checkpoint_before: string | null
        checkpoint_after: string | null
      }
    >
  | Of<'checkpoint', { checkpoint_id: string; pages: number }>
  | Of<'restored', { checkpoint_id: string | null; reason: string; lost: string[] }>
  | Of<'gap', { first: number; last: number }>
  | Of<'notebook_status', { status: 'idle' | 'running' | 'error'; revision: number; stale: string[]; running: string[]; resting: string[] }>
  | Of<'execution_status', { status: 'running' | 'complete' | 'error' }>
  | Of<'cell_changed', { revision: number; stale: boolean; running: boolean; cell: WireCell }>
  | Of<'cells_moved', { revision: number; at: number; removed: number; cells: string[] }>
  | Of<'presence', { watchers: number }>
  | Of<'log', { level: 'info' | 'warning' | 'error'; message: string; findings?: Schemas['Finding'][] }>

/** A cell as `cell_changed` has it. */
export type WireCell = Omit<Cell, 'stale' | 'running' | 'outputs'> & { outputs: Output[] }

export type Event = Happening & {
  seq: number
  time: string
  session_id?: string
  notebook_id?: string
  cell_id?: string
  execution_id?: string
}

/** Fails to compile where a case of a union is forgotten. */
export function never(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`)
}
