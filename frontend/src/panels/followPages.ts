// A list that only grows at its end, read again without reading again what is settled. Pure but for the
// function that fetches.

interface Page<T> {
  items: T[]
  next?: string | null
}

export class FollowedPages<T> {
  private settled: T[] = []
  private after: string | undefined

  constructor(
    private readonly fetch: (after: string | undefined) => Promise<Page<T>>,
    /** Whether an item does not change any more. */
    private readonly isSettled: (item: T) => boolean = () => true,
  ) {}

  /** Returns all items as they are now. */
  async refresh(): Promise<T[]> {
    let open: T[] = []
    let cursor = this.after
    let settling = true
    for (;;) {
      const page = await this.fetch(cursor)
      if (!page.next) return [...this.settled, ...open, ...page.items]
      cursor = page.next
      settling &&= page.items.every(this.isSettled)
      if (settling) {
        this.settled = [...this.settled, ...page.items]
        this.after = cursor
      } else open = [...open, ...page.items]
    }
  }
}
