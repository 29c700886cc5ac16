// A list of the service that is read page by page.

import { ref, shallowRef } from 'vue'
import { useToasts } from '@/stores/toasts'

interface Page<T> {
  items: T[]
  next?: string | null
}

export function usePages<T>(fetch: (after: string | undefined) => Promise<Page<T>>) {
  const { attempt } = useToasts()
  const items = shallowRef<T[]>([])
  const next = ref<string | null>(null)
  const loaded = ref(false)

  async function load(after?: string): Promise<void> {
    await attempt(
      () => fetch(after),
      (page) => {
        items.value = after === undefined ? page.items : [...items.value, ...page.items]
        next.value = page.next ?? null
        loaded.value = true
      },
    )
  }

  return { items, next, loaded, load, more: () => load(next.value ?? undefined) }
}
