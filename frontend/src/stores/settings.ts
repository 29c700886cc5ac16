// What the user likes; kept in this browser.

import { defineStore } from 'pinia'
import { useLocalStorage, usePreferredDark } from '@vueuse/core'
import { computed, watchEffect } from 'vue'

export const THEMES = ['system', 'light', 'dark'] as const
export const LANGUAGES = ['en', 'zh-CN'] as const
export const KEY_MAPS = ['default', 'vim'] as const
export const SMALLEST_FONT = 11
export const LARGEST_FONT = 24

export type Theme = (typeof THEMES)[number]
export type Language = (typeof LANGUAGES)[number]
export type KeyMap = (typeof KEY_MAPS)[number]

export interface Settings {
  theme: Theme
  language: Language
  fontSize: number
  keyMap: KeyMap
  lineNumbers: boolean
  wrap: boolean
}

export function defaults(): Settings {
  return {
    theme: 'system',
    language: navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en',
    fontSize: 14,
    keyMap: 'default',
    lineNumbers: false,
    wrap: true,
  }
}

/** Reads settings that any version kept: what is missing or unknown is as it is at first. */
export function read(text: string): Settings {
  const first = defaults()
  let kept: Record<string, unknown>
  try {
    kept = (JSON.parse(text) ?? {}) as Record<string, unknown>
  } catch {
    return first
  }
  const one = <T>(value: unknown, allowed: readonly T[], otherwise: T): T => (allowed.includes(value as T) ? (value as T) : otherwise)
  const size = typeof kept.fontSize === 'number' && Number.isFinite(kept.fontSize) ? kept.fontSize : first.fontSize
  return {
    theme: one(kept.theme, THEMES, first.theme),
    language: one(kept.language, LANGUAGES, first.language),
    fontSize: Math.min(LARGEST_FONT, Math.max(SMALLEST_FONT, Math.round(size))),
    keyMap: one(kept.keyMap, KEY_MAPS, first.keyMap),
    lineNumbers: one(kept.lineNumbers, [true, false], first.lineNumbers),
    wrap: one(kept.wrap, [true, false], first.wrap),
  }
}

export const useSettings = defineStore('settings', () => {
  const values = useLocalStorage<Settings>('cellblock.settings', defaults(), { serializer: { read, write: JSON.stringify } })
  const prefersDark = usePreferredDark()
  const dark = computed(() =>
    values.value.theme === 'system' ? prefersDark.value : values.value.theme === 'dark',
  )
  watchEffect(() => {
    document.documentElement.dataset.theme = dark.value ? 'dark' : 'light'
    document.documentElement.lang = values.value.language
    document.documentElement.style.setProperty('--size', `${values.value.fontSize}px`)
  })
  return { values, dark }
})
