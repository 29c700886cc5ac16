// What the palette finds.

import { computed, ref, watch, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { raw, type Schemas } from '@/api/client'
import { useCommands } from '@/stores/commands'
import { fileUrl, folderOf, kindOf, nameOf, type Entry } from '@/stores/files'
import { useLayout } from '@/stores/layout'
import { useLibrary } from '@/stores/library'
import { fileAddress } from '@/stores/tabs'
import { useToasts } from '@/stores/toasts'
import { useActions } from './useActions'

export interface PaletteEntry {
  id: string
  kind: 'command' | 'notebook' | 'file' | 'session'
  text: string
  hint?: string
  shortcut?: string
  run: () => unknown
}

/** How many notebooks come before the commands while nothing is looked for. */
const FIRST = 5

export function usePaletteEntries(): ComputedRef<PaletteEntry[]> {
  const { t } = useI18n()
  const router = useRouter()
  const commands = useCommands()
  const library = useLibrary()
  const layout = useLayout()
  const { attempt } = useToasts()
  const { openFile } = useActions()
  const files = ref<Entry[]>([])

  watch(
    () => layout.kept.project,
    async (project) => {
      if (project === '') return
      const address = fileUrl(project, '', { list: 'true', recursive: 'true', limit: '1000' })
      const page = await attempt(async () => (await (await raw(address)).json()) as Schemas['Page_Entry'])
      files.value = page?.items.filter(({ kind, name }) => kind === 'file' && kindOf(name) !== 'notebook') ?? []
    },
    { immediate: true },
  )

  const notebooks = computed(() =>
    library.recent.map(({ notebook_id, name, path }): PaletteEntry => ({ id: notebook_id, kind: 'notebook', text: name, hint: path, run: () => router.push(`/notebooks/${notebook_id}`) })),
  )

  return computed(() => [
    ...notebooks.value.slice(0, FIRST),
    ...commands.possible.map(({ id, title, values, group, shortcuts, run }): PaletteEntry => ({ id, kind: 'command', text: t(title, values ?? {}), hint: t(`group.${group}`), shortcut: shortcuts?.[0], run })),
    ...notebooks.value.slice(FIRST),
    ...library.living
      .filter(({ notebook_id }) => !notebook_id)
      .map(({ id, name }): PaletteEntry => ({ id, kind: 'session', text: name || t('sessions.unnamed'), hint: t('palette.session'), run: () => router.push(`/sessions/${id}`) })),
    ...files.value.map(({ path }): PaletteEntry => ({ id: path, kind: 'file', text: nameOf(path), hint: folderOf(path), run: () => open(path) })),
  ])

  function open(path: string): unknown {
    const project = layout.kept.project
    return kindOf(path) === 'notebook' ? openFile(project, path) : router.push(fileAddress(project, path))
  }
}
