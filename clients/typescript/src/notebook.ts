// A notebook: cells that several people and programs edit and run, kept as a file of a project.

import type { Connection } from './connection.js'
import type { Cell, NotebookExecution, NotebookState, NotebookView } from './types.js'
import { sleep } from './waiting.js'

/** Milliseconds between two looks at a notebook that runs: the first, and the longest. */
const FIRST_LOOK = 50
const LONGEST_LOOK = 1000

export type Which = 'all' | 'above' | 'below' | 'stale'

export class Notebook {
  private readonly path: string

  constructor(
    private readonly connection: Connection,
    readonly id: string,
  ) {
    this.path = `/notebooks/${encodeURIComponent(id)}`
  }

  /** Returns the notebook with its cells. */
  read(): Promise<NotebookView> {
    return this.connection.get(this.path)
  }

  /** Adds a cell, at the end if nothing else is said. */
  addCell(source: string, { cellType = 'code', index }: { cellType?: Cell['cell_type']; index?: number } = {}): Promise<Cell> {
    return this.connection.post(`${this.path}/cells`, { source, cell_type: cellType, index })
  }

  /** Changes a cell that still has this revision. Else it is refused, with the cell in `details.current`. */
  async editCell(cellId: string, source: string, revision: number): Promise<Cell> {
    const answer = await this.connection.send(this.cell(cellId), { method: 'PATCH', json: { source, revision } })
    return (await answer.json()) as Cell
  }

  /** Removes a cell that still has this revision. */
  async deleteCell(cellId: string, revision: number): Promise<void> {
    await this.connection.send(this.cell(cellId), { method: 'DELETE', query: { revision } })
  }

  /** Runs a cell, or some of them, all if nothing is said; returns the notebook when they have ended. */
  async run(what: { cellId?: string; which?: Which } = {}, signal?: AbortSignal): Promise<NotebookView> {
    const which = what.which ?? (what.cellId ? undefined : 'all')
    const body = { cell_id: what.cellId, which }
    const { cells } = await this.connection.post<NotebookExecution>(`${this.path}/execute`, body, { signal })
    for (let pause = FIRST_LOOK; ; pause = Math.min(pause * 1.5, LONGEST_LOOK)) {
      const { running_cells: running } = await this.state()
      if (!cells.some((cell) => running.includes(cell))) return this.read()
      await sleep(pause, signal)
    }
  }

  /** Tells what the notebook is doing. */
  state(): Promise<NotebookState> {
    return this.connection.get(`${this.path}/status`)
  }

  /** Returns the notebook as a file: ipynb, py, md, html or pdf. */
  async export(format = 'ipynb'): Promise<Blob> {
    return (await this.connection.send(`${this.path}/export`, { query: { format }, again: true })).blob()
  }

  /** Removes the notebook and its file, and ends its session. */
  async delete(): Promise<void> {
    await this.connection.send(this.path, { method: 'DELETE' })
  }

  private cell(id: string): string {
    return `${this.path}/cells/${encodeURIComponent(id)}`
  }
}
