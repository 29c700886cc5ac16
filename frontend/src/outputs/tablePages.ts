// The pages of a table that are known; others are fetched when they come into view.

import { reactive, ref, shallowRef, watch, type Ref } from 'vue'
import { api, got, type Schemas } from '@/api/client'
import { Refused } from '@/api/problem'
import type { Filter } from './filter'

const PAGE = 200
/** Pages beyond these are forgotten, the ones unseen for longest first. */
const MOST = 60

export interface Row {
  label: unknown
  values: unknown[]
}

export interface Sorting {
  column: string
  down: boolean
}

/** Reads a table of a session page by page. */
export function useTablePages(session: Ref<string>, name: Ref<string>) {
  const columns = shallowRef<Schemas['ColumnView'][]>([])
  const rows = ref(0)
  const total = ref(0)
  const loading = ref(true)
  const problem = shallowRef<Refused>()
  const sorting = ref<Sorting[]>([])
  const filters = ref<Filter[]>([])
  const pages = reactive(new Map<number, Row[]>())
  const asked = new Set<number>()
  let generation = 0

  async function fetchPage(page: number): Promise<void> {
    if (asked.has(page)) return
    asked.add(page)
    const mine = generation
    const sort = sorting.value.map(({ column, down }) => (down ? `-${column}` : column)).join(',')
    try {
      const table = await got(
        api.GET('/api/v1/sessions/{session_id}/tables/{name}', {
          params: {
            path: { session_id: session.value, name: name.value },
            query: {
              offset: page * PAGE,
              limit: PAGE,
              sort: sort || undefined,
              filter: filters.value.length > 0 ? JSON.stringify(filters.value) : undefined,
            },
          },
        }),
      )
      if (mine !== generation) return
      columns.value = table.columns
      rows.value = table.filtered_rows
      total.value = table.total_rows
      const values = table.rows as unknown[][]
      pages.set(page, values.map((row, index) => ({ label: table.index[index], values: row })))
      problem.value = undefined
      for (const old of [...pages.keys()].slice(0, Math.max(0, pages.size - MOST))) {
        pages.delete(old)
        asked.delete(old)
      }
    } catch (error) {
      if (mine !== generation) return
      asked.delete(page)
      if (!(error instanceof Refused)) throw error
      problem.value = error
    } finally {
      if (mine === generation) loading.value = false
    }
  }

  /** Sees to it that the rows of a window come. */
  function need(first: number, count: number): void {
    for (let page = Math.floor(first / PAGE); page <= Math.floor(Math.max(first, first + count - 1) / PAGE); page += 1) void fetchPage(page)
  }

  function row(number: number): Row | undefined {
    return pages.get(Math.floor(number / PAGE))?.[number % PAGE]
  }

  function reload(): void {
    generation += 1
    asked.clear()
    pages.clear()
    loading.value = true
    void fetchPage(0)
  }

  watch([session, name, sorting, filters], reload, { immediate: true, deep: true })
  return { columns, rows, total, loading, problem, sorting, filters, need, row, reload }
}
