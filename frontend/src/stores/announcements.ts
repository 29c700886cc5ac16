// What screen readers are told without being asked, such as how a cell ended.

import { defineStore } from 'pinia'
import { nextTick, ref } from 'vue'

export const useAnnouncements = defineStore('announcements', () => {
  const text = ref('')

  /** The same words again are told again: they have to go first. */
  async function say(told: string): Promise<void> {
    text.value = ''
    await nextTick()
    text.value = told
  }

  return { text, say }
})
