// The title of the page: what is shown, then the product.

import { computed, watchEffect } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute } from 'vue-router'
import { useTabs } from '@/stores/tabs'

export function useTitle(): void {
  const { t } = useI18n()
  const route = useRoute()
  const tabs = useTabs()

  const shown = computed(() => {
    if (tabs.active !== undefined) return tabs.titleOf(tabs.active)
    if (route.name === 'environments') return t('environments.title')
    if (route.name === 'admin') return t('admin.title')
    if (route.name === 'nowhere') return t('app.nowhere')
    return ''
  })

  watchEffect(() => {
    document.title = shown.value === '' ? t('app.name') : `${shown.value} – ${t('app.name')}`
  })
}
