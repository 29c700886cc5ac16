// Short messages in a corner: what went wrong, what to do, and a way to try again.

import { defineStore } from 'pinia'
import { ref } from 'vue'
import { Refused } from '@/api/problem'
import { worded } from '@/i18n/problems'
import { useSettings } from './settings'

export interface Toast {
  id: number
  kind: 'info' | 'success' | 'error'
  message: string
  detail?: string
  solution?: string
  code?: number
  /** Does again what failed. */
  retry?: () => void
}

export const useToasts = defineStore('toasts', () => {
  const toasts = ref<Toast[]>([])
  let next = 1

  function show(toast: Omit<Toast, 'id'>): number {
    const id = next++
    toasts.value.push({ ...toast, id })
    return id
  }

  function dismiss(id: number): void {
    toasts.value = toasts.value.filter((toast) => toast.id !== id)
  }

  /** Tells of a refusal; what is not one is a defect of ours and goes on to the console. */
  function tell(error: unknown, retry?: () => void): void {
    if (!(error instanceof Refused)) throw error
    const { message, detail, solution } = worded(error.problem, useSettings().values.language)
    show({ kind: 'error', message, detail, solution: solution || undefined, code: error.problem.code || undefined, retry })
  }

  /**
   * Does something that may be refused, and tells when it is. What is to be done with its result goes into `then`:
   * it is done as well when another try succeeds.
   */
  async function attempt<T>(work: () => Promise<T>, then?: (result: T) => unknown): Promise<T | undefined> {
    try {
      const result = await work()
      await then?.(result)
      return result
    } catch (error) {
      tell(error, () => void attempt(work, then))
      return undefined
    }
  }

  return { toasts, show, dismiss, tell, attempt }
})
