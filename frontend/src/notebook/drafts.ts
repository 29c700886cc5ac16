// Text that was typed and is not saved yet, cell by cell: one save in flight for each, and what to do when
// somebody else was faster. Pure but for the `save` that it is given.

import { Refused } from '@/api/problem'
import type { Cell } from './model'

export interface Draft {
  text: string
  /** The revision of the cell that the text was written upon, and the text that it had. */
  base: number
  origin: string
}

export interface Conflict {
  cell: string
  mine: string
  theirs: Pick<Cell, 'source' | 'revision'>
}

/** Saves a text upon a revision, and returns the cell's new one. */
export type Save = (cell: string, text: string, base: number) => Promise<number>

export interface DraftsOptions {
  save: Save
  onConflict: (conflict: Conflict) => void
  onProblem: (problem: Refused, cell: string) => void
  onChange?: () => void
  pause?: number
}

const PAUSE = 700

export class Drafts {
  private readonly drafts = new Map<string, Draft>()
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>()
  private readonly flights = new Map<string, Promise<boolean>>()
  private readonly stuck = new Set<string>()

  constructor(private readonly options: DraftsOptions) {}

  get(cell: string): Draft | undefined {
    return this.drafts.get(cell)
  }

  get cells(): string[] {
    return [...this.drafts.keys()]
  }

  /** Takes what was typed. `known` is the cell as it was when the typing began. */
  type(cell: string, text: string, known: Pick<Cell, 'source' | 'revision'>): void {
    const draft = this.drafts.get(cell)
    if (draft === undefined && text === known.source) return
    if (draft === undefined) this.drafts.set(cell, { text, base: known.revision, origin: known.source })
    else draft.text = text
    this.options.onChange?.()
    clearTimeout(this.timers.get(cell))
    this.timers.set(cell, setTimeout(() => void this.save(cell), this.options.pause ?? PAUSE))
  }

  /** Saves what was typed into a cell, by what may do more than that. Returns whether the service has it all. */
  async save(cell: string, by: Save = this.options.save): Promise<boolean> {
    clearTimeout(this.timers.get(cell))
    const flying = this.flights.get(cell)
    if (flying !== undefined) {
      const fine = await flying
      return fine && this.drafts.has(cell) ? this.save(cell, by) : fine
    }
    if (this.stuck.has(cell)) return false
    const draft = this.drafts.get(cell)
    if (draft === undefined) return true
    const flight = this.send(cell, draft, by)
    this.flights.set(cell, flight)
    const fine = await flight.finally(() => this.flights.delete(cell))
    return fine && this.drafts.has(cell) ? this.save(cell) : fine
  }

  async saveAll(): Promise<boolean> {
    return (await Promise.all(this.cells.map((cell) => this.save(cell)))).every(Boolean)
  }

  /** Ends a conflict: with a text to be saved upon what is there now, or by taking what is there. */
  settle(cell: string, text: string | null, theirs: Pick<Cell, 'source' | 'revision'>): void {
    this.stuck.delete(cell)
    if (text === null) this.drafts.delete(cell)
    else this.drafts.set(cell, { text, base: theirs.revision, origin: theirs.source })
    this.options.onChange?.()
    if (text !== null) void this.save(cell)
  }

  drop(cell: string): void {
    clearTimeout(this.timers.get(cell))
    this.drafts.delete(cell)
    this.stuck.delete(cell)
    this.options.onChange?.()
  }

  private async send(cell: string, draft: Draft, by: Save): Promise<boolean> {
    const sent = draft.text
    try {
      const revision = await by(cell, sent, draft.base)
      draft.base = revision
      draft.origin = sent
      if (draft.text === sent) this.drafts.delete(cell)
      this.options.onChange?.()
      return true
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const theirs = currentOf(error)
      if (theirs !== undefined && theirs.source === draft.text) {
        this.drafts.delete(cell)
        this.options.onChange?.()
        return true
      }
      if (theirs !== undefined && theirs.source === draft.origin) {
        // Its type or its metadata changed, not its text: the draft stands on the new revision.
        draft.base = theirs.revision
        return this.send(cell, draft, by)
      }
      if (theirs !== undefined) {
        this.stuck.add(cell)
        this.options.onConflict({ cell, mine: draft.text, theirs })
      } else {
        this.options.onProblem(error, cell)
      }
      return false
    }
  }
}

/** Reads the current cell out of the refusal of a stale write. */
export function currentOf(refused: Refused): Cell | undefined {
  const details = refused.problem.details as { current?: Cell } | undefined
  return refused.problem.status === 409 ? details?.current : undefined
}
