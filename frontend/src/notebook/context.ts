// What the actions upon a notebook work with.

import type { ComputedRef, Ref } from 'vue'
import type { useToasts } from '@/stores/toasts'
import type { Drafts } from './drafts'
import type { Cell, Notebook } from './model'
import type { Selection } from './selection'

export interface Context {
  id: string
  copy: Ref<Notebook | null>
  order: ComputedRef<string[]>
  drafts: Drafts
  selection: Selection
  folded: Set<string>
  toasts: ReturnType<typeof useToasts>
  cell: (id: string) => Cell | undefined
  textOf: (id: string) => string
  flush: () => void
}
