// What the service tells of all that a user can see, for lists that are true without being asked for.

import type { Schemas } from './client'

interface Of<Type extends string, Content> {
  type: Type
  content: Content
}

export type News = (
  | Of<'session_status', { state: Schemas['State']; queue_position: number | null }>
  | Of<'execution_status', { status: 'running' | 'complete' | 'error' }>
  | Of<'notebook_changed', { change: 'created' | 'changed' | 'removed'; name: string; path: string; revision: number }>
  | Of<'project_created' | 'project_changed', { name: string }>
  | Of<'project_deleted', Record<string, never>>
  | Of<'files_changed', { paths: string[] }>
  | Of<'quota_warning', { resource: string; used: number; limit: number }>
) & {
  seq: number
  time: string
  project_id?: string
  session_id?: string
  notebook_id?: string
  cell_id?: string
  execution_id?: string
}
