// What is asked for one after the other is done in that order. When one thing is refused, what waits behind it was
// meant to come after it, and is not done. Pure.

export interface Turn {
  /** The cells that it is about. */
  cells: readonly string[]
  /** Rejects when it was refused. */
  work: () => Promise<unknown>
}

export interface TurnsOptions {
  /** A turn was refused; it and what waited behind it, which was not begun, in their order. */
  onRefused: (error: unknown, refused: Turn, behind: Turn[]) => void
  /** What is under way or waits is something else now. */
  onChange?: (cells: ReadonlySet<string>) => void
}

export class Turns {
  private readonly turns: { turn: Turn; over: () => void }[] = []

  constructor(private readonly options: TurnsOptions) {}

  /** Begins at once when nothing is under way. Resolves when it is over, or was not begun. */
  take(turn: Turn): Promise<void> {
    return new Promise((over) => {
      this.turns.push({ turn, over })
      this.changed()
      if (this.turns.length === 1) void this.go()
    })
  }

  private async go(): Promise<void> {
    for (let first = this.turns[0]; first !== undefined; first = this.turns[0]) {
      try {
        await first.turn.work()
        this.end(1)
      } catch (error) {
        const [refused, ...behind] = this.end(this.turns.length)
        // What is asked for from now on begins anew.
        if (refused !== undefined) this.options.onRefused(error, refused, behind)
        return
      }
    }
  }

  private end(count: number): Turn[] {
    const ended = this.turns.splice(0, count)
    this.changed()
    for (const { over } of ended) over()
    return ended.map(({ turn }) => turn)
  }

  private changed(): void {
    this.options.onChange?.(new Set(this.turns.flatMap(({ turn }) => turn.cells)))
  }
}
