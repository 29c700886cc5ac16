// The timeline of a session: its checkpoints, each with what made it. Pure.

import { calledWidget } from '@/widgets/state'
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
  /** It is there because a widget was moved. */
  widget: boolean
  /** It was gone back from: the present state does not come from it. */
  left: boolean
}

export function firstLine(code: string | null | undefined): string {
  return (code ?? '').split('\n').find((line) => line.trim() !== '' && !line.trim().startsWith('#'))?.trim() ?? (code ?? '').trim().split('\n')[0] ?? ''
}

/** The newest first; of what a widget was moved through only where it was left. */
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
        widget: !checkpoint.label && calledWidget(execution?.code) !== undefined,
        current: checkpoint.id === current,
        left: !checkpoint.on_line,
        lastOfCell: execution !== undefined && last.get(execution.cell_id) === execution.execution_id,
      }
    })
    .filter((moment, index, all) => !moment.widget || moment.current || !(all[index + 1]?.widget && all[index + 1]?.left === moment.left))
    .reverse()
}
