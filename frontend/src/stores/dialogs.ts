// Questions to the user: may this be done, what shall it be called.

import { defineStore } from 'pinia'
import { ref } from 'vue'

export interface Question {
  title: string
  text?: string
  /** What the button says that does it. */
  action: string
  danger?: boolean
  /** Present when a text is asked for: what it is, and what it is at first. */
  field?: { label: string; value: string; /** How much of it is selected, from its beginning. */ select?: number }
}

export type OpenDialog = 'settings' | 'shortcuts' | 'palette'

export const useDialogs = defineStore('dialogs', () => {
  const question = ref<Question | null>(null)
  const open = ref<OpenDialog | null>(null)
  let settle: ((answer: string | null) => void) | undefined

  function ask(asked: Question): Promise<string | null> {
    settle?.(null)
    question.value = asked
    return new Promise((resolve) => {
      settle = resolve
    })
  }

  function answer(given: string | null): void {
    question.value = null
    settle?.(given)
    settle = undefined
  }

  return {
    question,
    open,
    answer,
    /** Asks whether something may be done. */
    confirm: async (asked: Omit<Question, 'field'>) => (await ask(asked)) !== null,
    /** Asks for a text; nothing when the user would rather not, or leaves it empty. */
    prompt: async (asked: Question & Required<Pick<Question, 'field'>>) => (await ask(asked))?.trim() || null,
  }
})
