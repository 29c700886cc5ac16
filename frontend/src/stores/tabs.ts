// The open tabs: kept in this browser, shown by the address.

import { until } from '@vueuse/core'
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { useRouter, type RouteLocationNormalized } from 'vue-router'
import { i18n } from '@/i18n'
import { send } from './commands'
import { useDialogs } from './dialogs'
import { useLibrary, type Session } from './library'
import { closed, moved, neighbour, opened, restored, type CloseWhat, type Open, type Tab } from './tabOrder'

const KEY = 'cellblock.tabs'

/** The title of what is not known yet. */
const UNKNOWN = '…'

/** So long it is waited until a notebook is saved, in milliseconds. */
const PATIENCE = 3000

/** What a tab tells of itself beyond its title. */
export interface TabReport {
  /** Not all that was written is with the service yet. */
  unsaved: boolean
  /** One of its cells runs: it hears of that before the lists do. */
  busy?: boolean
}

/** What the session of a tab does, if it has one. */
export type Doing = Session['state'] | 'none'

export type TabStatus = 'idle' | 'running' | 'queued' | 'error'

export function fileAddress(project: string, path: string): string {
  return `/edit/${project}/${path.split('/').map(encodeURIComponent).join('/')}`
}

export const useTabs = defineStore('tabs', () => {
  const router = useRouter()
  const library = useLibrary()
  const dialogs = useDialogs()
  const open = ref<Open>({ tabs: restored(localStorage.getItem(KEY)), active: null })
  const reports = ref(new Map<string, TabReport>())
  const active = computed(() => open.value.tabs.find(({ path }) => path === open.value.active))

  watch(
    () => open.value.tabs,
    (tabs) => localStorage.setItem(KEY, JSON.stringify(tabs)),
    { deep: true },
  )
  watch(
    () => open.value.tabs.filter(({ kind }) => kind === 'notebook').map(({ id }) => id),
    (ids) => library.follow(ids),
    { immediate: true },
  )
  // Names change elsewhere too.
  watch(
    () => [library.notebooks, library.sessions] as const,
    ([notebooks, sessions]) => {
      for (const tab of open.value.tabs) {
        const name =
          tab.kind === 'notebook'
            ? notebooks.find(({ notebook_id }) => notebook_id === tab.id)?.name
            : sessions.find(({ id }) => tab.kind === 'session' && id === tab.id)?.name
        if (name !== undefined && name !== '') tab.title = name
      }
    },
  )

  /** Brings the tabs in line with the address. */
  function follow(route: RouteLocationNormalized): void {
    const tab = tabOf(route)
    open.value = tab === null ? { ...open.value, active: null } : opened(open.value, tab)
    // Made elsewhere since the last look.
    if (tab?.title === UNKNOWN && library.loaded) void library.lookAgain()
  }

  function tabOf(route: RouteLocationNormalized): Tab | null {
    const text = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join('/') : (value ?? ''))
    const path = route.path
    switch (route.name) {
      case 'notebook': {
        const id = text(route.params.id)
        return { path, kind: 'notebook', id, title: library.notebookOf(id)?.name ?? UNKNOWN }
      }
      case 'session': {
        const id = text(route.params.id)
        return { path, kind: 'session', id, title: library.sessions.find((session) => session.id === id)?.name ?? UNKNOWN }
      }
      case 'file': {
        const file = text(route.params.path)
        return { path, kind: 'file', id: `${text(route.params.project)}/${file}`, title: file.split('/').at(-1) ?? file }
      }
      default:
        return null
    }
  }

  /** Closes tabs seen from the one at `path`, after a question where something written would be lost. */
  async function close(path: string, what: CloseWhat = 'one'): Promise<void> {
    const staying = new Set(closed(open.value, path, what).tabs.map((tab) => tab.path))
    const going = open.value.tabs.filter((tab) => !staying.has(tab.path))
    const lost = going.find((tab) => tab.kind === 'file' && isUnsaved(tab))
    if (lost !== undefined) {
      const { t } = i18n.global
      const sure = await dialogs.confirm({ title: t('tabs.unsaved', { name: lost.title }), text: t('tabs.unsavedText'), action: t('tabs.closeAnyway'), danger: true })
      if (!sure) return
    }
    await remove(going, (now) => closed(now, path, what))
  }

  /** Closes the tabs of what is gone. */
  async function closeGone(gone: (tab: Tab) => boolean): Promise<void> {
    for (const tab of open.value.tabs.filter(gone)) await remove([tab], (now) => closed(now, tab.path, 'one'))
  }

  async function remove(going: Tab[], change: (now: Open) => Open): Promise<void> {
    for (const tab of going) {
      if (tab.kind === 'notebook') send(tab.id, { type: 'save' })
      reports.value.delete(tab.path)
    }
    const before = open.value.active
    open.value = change(open.value)
    if (open.value.active !== before) await router.push(open.value.active ?? '/')
  }

  function move(from: number, to: number): void {
    open.value = moved(open.value, from, to)
  }

  function moveBy(path: string, step: number): void {
    const at = open.value.tabs.findIndex((tab) => tab.path === path)
    if (at >= 0 && open.value.tabs[at + step] !== undefined) move(at, at + step)
  }

  function show(tab: Tab | undefined): void {
    if (tab !== undefined) void router.push(tab.path)
  }

  function report(path: string, told: TabReport): void {
    reports.value.set(path, told)
  }

  /** What stands on a tab; what is not known after all was looked at is gone. */
  function titleOf(tab: Tab): string {
    const gone = tab.kind === 'notebook' && library.gone.has(tab.id)
    return gone && tab.title === UNKNOWN ? i18n.global.t('tabs.gone') : tab.title
  }

  /** Waits until what was written in a notebook is with the service, or cannot be. */
  async function saved(notebook: string): Promise<void> {
    send(notebook, { type: 'save' })
    const path = `/notebooks/${notebook}`
    await until(() => !(reports.value.get(path)?.unsaved ?? false)).toBe(true, { timeout: PATIENCE })
  }

  const isUnsaved = (tab: Tab) => reports.value.get(tab.path)?.unsaved ?? false

  function sessionOf(tab: Tab): Session | undefined {
    if (tab.kind === 'file') return undefined
    return tab.kind === 'session' ? library.sessions.find(({ id }) => id === tab.id) : library.sessionOf(tab.id)
  }

  /** What the session of a tab does, wherever that is said; nothing while it is not known. */
  function doingOf(path: string): Doing | undefined {
    const tab = open.value.tabs.find((each) => each.path === path)
    if (tab === undefined || tab.kind === 'file') return undefined
    const state = sessionOf(tab)?.state
    if (reports.value.get(path)?.busy && state !== 'queued') return 'busy'
    return state ?? (library.loaded ? 'none' : undefined)
  }

  function statusOf(tab: Tab): TabStatus {
    const session = sessionOf(tab)
    if (session?.state === 'queued') return 'queued'
    if (session?.state === 'busy' || session?.state === 'starting') return 'running'
    const status = tab.kind === 'notebook' ? library.states.get(tab.id) : undefined
    return status ?? 'idle'
  }

  return {
    tabs: computed(() => open.value.tabs),
    active,
    follow,
    close,
    closeGone,
    move,
    moveBy,
    show,
    showNext: (step: number) => show(neighbour(open.value, step)),
    report,
    saved,
    titleOf,
    isUnsaved,
    sessionOf,
    doingOf,
    statusOf,
  }
})
