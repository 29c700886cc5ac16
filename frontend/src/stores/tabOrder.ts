// What is open, and in which order. Pure: the store `tabs.ts` keeps it.

export type TabKind = 'notebook' | 'file' | 'session'

export interface Tab {
  /** Its address in the page; no two tabs have the same. */
  path: string
  kind: TabKind
  id: string
  title: string
}

export interface Open {
  tabs: Tab[]
  /** The address of the one that is shown; nothing while the start page or another page is. */
  active: string | null
}

export type CloseWhat = 'one' | 'others' | 'right' | 'all'

export function opened(open: Open, tab: Tab): Open {
  const known = open.tabs.some(({ path }) => path === tab.path)
  if (known) return { tabs: open.tabs, active: tab.path }
  const at = open.tabs.findIndex(({ path }) => path === open.active)
  const tabs = [...open.tabs]
  tabs.splice(at < 0 ? tabs.length : at + 1, 0, tab)
  return { tabs, active: tab.path }
}

/** Closes tabs seen from the one at `path`. The neighbour to the right is shown next, then the one to the left. */
export function closed(open: Open, path: string, what: CloseWhat): Open {
  const at = open.tabs.findIndex((tab) => tab.path === path)
  if (at < 0) return open
  const stays = (index: number) => {
    switch (what) {
      case 'one':
        return index !== at
      case 'others':
        return index === at
      case 'right':
        return index <= at
      case 'all':
        return false
    }
  }
  const tabs = open.tabs.filter((_, index) => stays(index))
  if (open.active === null || tabs.some((tab) => tab.path === open.active)) return { tabs, active: open.active }
  const was = open.tabs.findIndex((tab) => tab.path === open.active)
  const after = open.tabs.slice(was).find((tab) => tabs.includes(tab))
  const before = open.tabs.slice(0, was).findLast((tab) => tabs.includes(tab))
  return { tabs, active: (after ?? before)?.path ?? null }
}

export function moved(open: Open, from: number, to: number): Open {
  const tabs = [...open.tabs]
  const [tab] = tabs.splice(from, 1)
  if (tab === undefined) return open
  tabs.splice(Math.max(0, Math.min(to, tabs.length)), 0, tab)
  return { tabs, active: open.active }
}

/** The tab so many places further, around the end. */
export function neighbour(open: Open, step: number): Tab | undefined {
  if (open.tabs.length === 0) return undefined
  const at = open.tabs.findIndex(({ path }) => path === open.active)
  if (at < 0) return open.tabs[step > 0 ? 0 : open.tabs.length - 1]
  return open.tabs[(at + step + open.tabs.length) % open.tabs.length]
}

/** Reads what was kept; what is not a tab is left out. */
export function restored(text: string | null): Tab[] {
  const seen = new Set<string>()
  try {
    const kept: unknown = JSON.parse(text ?? '[]')
    return (Array.isArray(kept) ? kept : []).filter((tab: unknown): tab is Tab => {
      if (typeof tab !== 'object' || tab === null) return false
      const { path, kind, id, title } = tab as Record<string, unknown>
      if ([path, id, title].some((field) => typeof field !== 'string') || !(path as string).startsWith('/')) return false
      if (kind !== 'notebook' && kind !== 'file' && kind !== 'session') return false
      if (seen.has(path as string)) return false
      seen.add(path as string)
      return true
    })
  } catch {
    return []
  }
}
