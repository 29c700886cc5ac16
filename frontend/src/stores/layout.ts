// How the room on the screen is shared out; kept in this browser.

import { defineStore } from 'pinia'
import { useLocalStorage, useMediaQuery } from '@vueuse/core'
import { computed, ref } from 'vue'

export const VIEWS = ['files', 'notebooks', 'sessions', 'outline'] as const
export const PANELS = ['variables', 'session', 'history', 'queue', 'log'] as const
export type View = (typeof VIEWS)[number]
export type PanelName = (typeof PANELS)[number]

export const useLayout = defineStore('layout', () => {
  const kept = useLocalStorage(
    'cellblock.layout',
    { view: 'files' as View, sidebar: true, sidebarWidth: 260, panel: 'variables' as PanelName, panels: false, panelsWidth: 340, project: '' },
    { mergeDefaults: true },
  )
  const narrow = useMediaQuery('(max-width: 760px)')
  // On a narrow screen they lie over the notebook, and are closed at first.
  const drawer = ref<'sidebar' | 'panels' | null>(null)

  const sidebarShown = computed(() => (narrow.value ? drawer.value === 'sidebar' : kept.value.sidebar))
  const panelsShown = computed(() => (narrow.value ? drawer.value === 'panels' : kept.value.panels))

  function toggleSidebar(shown = !sidebarShown.value): void {
    if (narrow.value) drawer.value = shown ? 'sidebar' : null
    else kept.value.sidebar = shown
  }

  function togglePanels(shown = !panelsShown.value): void {
    if (narrow.value) drawer.value = shown ? 'panels' : null
    else kept.value.panels = shown
  }

  /** Shows a part of the sidebar, or hides it when it is what is shown. */
  function showView(view: View, toggle = false): void {
    if (toggle && sidebarShown.value && kept.value.view === view) return toggleSidebar(false)
    kept.value.view = view
    toggleSidebar(true)
  }

  function showPanel(panel: PanelName): void {
    kept.value.panel = panel
    togglePanels(true)
  }

  return {
    kept,
    narrow,
    sidebarShown,
    panelsShown,
    toggleSidebar,
    togglePanels,
    showView,
    showPanel,
    closeDrawer: () => (drawer.value = null),
  }
})
