// What can be told of a cell's outputs without drawing them.

import { joined, type Output } from '@/outputs/types'
import type { Activity, Cell, NotRun } from './model'

/** Returns `df` for a last line of `df`, `df.head()`, `display(df)` and the like. */
export function shownTable(source: string): string | undefined {
  const last = source.trimEnd().split('\n').at(-1)?.trim() ?? ''
  return /^(?:display\(\s*)?([A-Za-z_]\w*)(?:\.(?:head|tail|sample)\([^()]*\))?\s*\)?$/.exec(last)?.[1]
}

/** Returns the names of which one is the figure that a cell shows, if it has one and nothing that ran later knows them. */
export function namesOfFigure(cell: Cell, cells: Iterable<Cell>): string[] {
  const pictures = cell.outputs.filter((output) => 'data' in output && 'image/png' in output.data)
  const count = cell.execution_count
  if (pictures.length !== 1 || count === null || cell.stale || cell.undone) return []
  const names = [...cell.source.matchAll(/^([A-Za-z_][\w, ()]*?)\s*=(?!=)/gm)].flatMap(([, left = '']) => left.match(/[A-Za-z_]\w*/g) ?? [])
  const later = [...cells].filter((other) => (other.execution_count ?? 0) > count && other.cell_type === 'code')
  const known = later.some(({ source }) => (source.match(/[A-Za-z_]\w*/g) ?? []).some((word) => names.includes(word)))
  return known ? [] : [...new Set(names)]
}

/** So many lines stand at full height; more scroll within their cell. */
const MOST_LINES = 40

/** Says whether outputs are so long that they should scroll within their cell. */
export function isLong(outputs: Output[]): boolean {
  let lines = 0
  for (const output of outputs) {
    if (output.output_type === 'stream') lines += linesOf(joined(output.text), MOST_LINES)
    else if (output.output_type === 'error') lines += 8
    else lines += 'text/plain' in output.data && Object.keys(output.data).length === 1 ? linesOf(joined(output.data['text/plain']), MOST_LINES) : 10
    if (lines > MOST_LINES) return true
  }
  return false
}

/** Counts lines, not further than one beyond `most`. Lines without an end count by their length. */
export function linesOf(text: string, most: number): number {
  if (text.length > most * 250) return most + 1
  let lines = 1
  for (let at = text.indexOf('\n'); at >= 0 && lines <= most; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}

/** The name of the error with which the service ends a cell whose effects are gone. */
const LOST = 'CellLost'

/** Why a cell was broken off, as its last output says it: the service stopped, or what ran it did. */
export function lossOf(outputs: readonly Output[]): { by: 'service' | 'worker'; why: string } | null {
  const last = outputs.at(-1)
  if (last?.output_type !== 'error' || last.ename !== LOST) return null
  return { by: last.evalue.startsWith('The service') ? 'service' : 'worker', why: last.evalue }
}

/** Why a cell that was asked to run was not run, as this page knows it or as it is written down. */
export function notRunOf({ not_run: marked }: Pick<Cell, 'not_run'>, activity: Activity | undefined): { kind: NotRun['reason']; why?: string } | null {
  if (activity?.notRun === 'refused') return { kind: 'refused' }
  if (marked) return { kind: marked.reason, why: marked.message }
  return activity?.notRun === undefined ? null : { kind: 'service_ended' }
}
