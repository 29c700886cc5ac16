// How high a cell will be, before it was on the screen.

import { joined } from '@/outputs/types'
import type { Cell } from './model'
import { linesOf } from './shown'

const LINE = 21

export function estimate(cell: Cell | undefined): number {
  if (cell === undefined) return 60
  let height = 34 + linesOf(cell.source, 60) * LINE
  for (const output of cell.outputs) {
    if (output.output_type === 'stream') height += Math.min(420, linesOf(joined(output.text), 400) * 19 + 8)
    else if (output.output_type === 'error') height += 40 + output.traceback.length * 60
    else if (Object.keys(output.data).some((mime) => mime.startsWith('image/') || mime.includes('plotly') || mime.includes('vega'))) height += 420
    else if ('text/html' in output.data) height += 200
    else height += 27
  }
  return height
}
