// Texts of the user interface. English is the shape that other languages must have.

import { createI18n } from 'vue-i18n'
import { watch } from 'vue'
import { useSettings } from '@/stores/settings'
import en from './en'
import zhCN from './zh-CN'

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en, 'zh-CN': zhCN },
})

/** Shows the language that the settings name. */
export function followLanguage(): void {
  const settings = useSettings()
  watch(
    () => settings.values.language,
    (language) => {
      i18n.global.locale.value = language
    },
    { immediate: true },
  )
}
