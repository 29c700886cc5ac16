// The folders of a project as a tree: folders are read when they are opened first, and again when something
// may have changed.

import { useDebounceFn, useDocumentVisibility, useIntervalFn } from '@vueuse/core'
import { computed, ref, watch, type Ref } from 'vue'
import { Refused } from '@/api/problem'
import { useConnection } from '@/stores/connection'
import { list, type Entry } from '@/stores/files'
import { useLibrary } from '@/stores/library'
import { useToasts } from '@/stores/toasts'
import { useUploads } from '@/stores/uploads'

export interface Row {
  entry: Entry
  level: number
  /** Whether a folder is open; nothing for a file. */
  open?: boolean
  /** Its place among its siblings, from 1, and how many there are. */
  position: number
  siblings: number
}

/** While something runs, files come by themselves; otherwise somebody else may have put some there. */
const AGAIN = 8000
const AGAIN_IDLE = 40_000

/** Folders in which notebooks keep what is theirs; nobody works with them by hand. */
const KEPT = new Set(['.cellblock', '.ipynb_checkpoints'])

export function useFileTree(project: Ref<string>) {
  const folders = ref(new Map<string, Entry[]>())
  const open = ref(new Set<string>())
  const failed = ref(false)
  const uploads = useUploads()
  const toasts = useToasts()
  const connection = useConnection()
  const library = useLibrary()
  const visible = useDocumentVisibility()

  const rows = computed(() => {
    const shown: Row[] = []
    const below = (folder: string, level: number) => {
      const entries = folders.value.get(folder) ?? []
      for (const [index, entry] of entries.entries()) {
        const isOpen = entry.kind === 'folder' ? open.value.has(entry.path) : undefined
        shown.push({ entry, level, open: isOpen, position: index + 1, siblings: entries.length })
        if (isOpen) below(entry.path, level + 1)
      }
    }
    below('', 1)
    return shown
  })
  const loading = computed(() => project.value !== '' && !folders.value.has('') && !failed.value)

  async function read(folder: string): Promise<void> {
    const asked = project.value
    if (asked === '') return
    try {
      const entries = (await list(asked, folder)).filter(({ name }) => !KEPT.has(name))
      if (asked === project.value) folders.value.set(folder, entries)
    } catch (error) {
      if (!(error instanceof Refused) || error.problem.status !== 404 || folder === '') throw error
      // The folder is gone; its own folder says so at the next look.
      folders.value.delete(folder)
      open.value.delete(folder)
    }
  }

  /** Looks again into all that is open. */
  async function refresh(): Promise<void> {
    failed.value = false
    try {
      await Promise.all(['', ...open.value].map(read))
    } catch (error) {
      failed.value = !folders.value.has('')
      // That nobody answers is said by the banner, and it is looked again when somebody does.
      if (!(error instanceof Refused && error.offline)) toasts.tell(error, () => void refresh())
    }
  }

  /** Looks again without being asked: what goes wrong then is not worth a word. */
  async function glance(): Promise<void> {
    if (visible.value !== 'visible') return
    await Promise.all(['', ...open.value].map(read)).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error
    })
  }

  async function toggle(folder: string, wanted = !open.value.has(folder)): Promise<void> {
    if (!wanted) {
      open.value.delete(folder)
      return
    }
    open.value.add(folder)
    if (!folders.value.has(folder)) await toasts.attempt(() => read(folder))
  }

  const names = (folder: string) => (folders.value.get(folder) ?? []).map(({ name }) => name)

  watch(
    project,
    () => {
      folders.value = new Map()
      open.value = new Set()
      void refresh()
    },
    { immediate: true },
  )
  watch(() => uploads.arrived, () => void glance())
  watch(visible, () => void glance())
  watch(
    () => connection.away,
    (away) => {
      if (!away) void refresh()
    },
  )
  const glanceSoon = useDebounceFn(glance, 500, { maxWait: 2000 })
  watch(() => library.ended, glanceSoon)
  watch(
    () => library.written,
    (news) => {
      if (news?.project_id === project.value) void glanceSoon()
    },
  )
  watch(
    () => library.notebooks.flatMap(({ project_id, path }) => (project_id === project.value ? [path] : [])).join('\n'),
    () => void glance(),
  )
  useIntervalFn(() => void glance(), () => (library.anyRuns() ? AGAIN : AGAIN_IDLE))

  return { rows, loading, failed, refresh, toggle, names }
}
