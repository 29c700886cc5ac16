// What begins with the page: who the user is, what there is, and the keys that work everywhere.

import { useEventListener } from '@vueuse/core'
import { watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { useCommands } from '@/stores/commands'
import { useConnection } from '@/stores/connection'
import { useDialogs } from '@/stores/dialogs'
import { useLayout } from '@/stores/layout'
import { useLibrary } from '@/stores/library'
import { useTabs } from '@/stores/tabs'
import { useToasts } from '@/stores/toasts'
import { writing } from '@/stores/shortcuts'
import { useUploads } from '@/stores/uploads'

export function useStartup(): void {
  const connection = useConnection()
  const library = useLibrary()
  const layout = useLayout()
  const commands = useCommands()
  const dialogs = useDialogs()
  const tabs = useTabs()
  const uploads = useUploads()
  const toasts = useToasts()
  const router = useRouter()
  const { t } = useI18n()

  watch(
    () => connection.standing,
    (standing) => {
      if (standing === 'known' && connection.may('read')) library.begin()
      else if (standing === 'refused') library.end()
    },
  )
  watch(
    () => library.warning,
    (warning) => {
      if (warning === null) return
      const { resource, used, limit } = warning.content
      const [message, solution] = [t('quota.near', { resource: t(`resource.${resource}`), percent: Math.floor((used / limit) * 100) }), t('quota.nearSolution')]
      toasts.show({ kind: 'info', message, solution })
    },
  )
  if (connection.standing === 'unknown') void meet()
  router.afterEach((to) => {
    tabs.follow(to)
    layout.closeDrawer()
  })

  /** Tries until somebody answers. */
  async function meet(): Promise<void> {
    try {
      await connection.meet()
    } finally {
      if (connection.standing === 'unknown') setTimeout(() => void meet(), connection.pause)
    }
  }

  useEventListener(window, 'beforeunload', (event: BeforeUnloadEvent) => {
    const sending = uploads.uploads.some(({ state }) => state === 'sending' || state === 'waiting')
    if (sending || tabs.tabs.some(tabs.isUnsaved)) event.preventDefault()
  })

  // A file that is dropped beside the places for it would be opened by the browser instead of the page.
  useEventListener(window, ['dragover', 'drop'], (event: DragEvent) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    event.dataTransfer.dropEffect = 'none'
  })

  useEventListener(window, 'keydown', (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || dialogs.question !== null) return
    const bare = !event.ctrlKey && !event.altKey && !event.metaKey
    if (bare && writing(event.target)) return
    if (commands.handle(event)) event.preventDefault()
  })
}
