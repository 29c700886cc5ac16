// The timeline of a session: its checkpoints, each with what made it. Pure.

import type { Checkpoint, Execution } from './useSessionFeed'

export interface Moment {
  checkpoint: Checkpoint
  execution?: Execution
  /** What stands for it: its label, or the first line of the code. */
  title: string
  /** The state that the session would come back in now. */
  current: boolean
  /** The last execution of its cell; only that one can be undone as the cell's. */
  lastOfCell: boolean
}

export function firstLine(code: string | null | undefined): string {
  return (code ?? '').split('\n').find((line) => line.trim() !== '' && !line.trim().startsWith('#'))?.trim() ?? (code ?? '').trim().split('\n')[0] ?? ''
}

/** The newest first. */
export function timeline(checkpoints: readonly Checkpoint[], executions: readonly Execution[], current: string | null | undefined): Moment[] {
  const byId = new Map(executions.map((execution) => [execution.execution_id, execution]))
  const last = new Map(executions.filter(({ cell_id }) => cell_id).map((execution) => [execution.cell_id, execution.execution_id]))
  return checkpoints
    .map((checkpoint) => {
      const execution = checkpoint.execution_id ? byId.get(checkpoint.execution_id) : undefined
      return {
        checkpoint,
        execution,
        title: checkpoint.label || firstLine(execution?.code),
        current: checkpoint.id === current,
        lastOfCell: execution !== undefined && last.get(execution.cell_id) === execution.execution_id,
      }
    })
    .reverse()
}
