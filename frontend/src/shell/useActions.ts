// What can be done with notebooks and sessions, from wherever it is asked for: with questions where
// something is lost, and with a word when it was refused.

import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { api, download, got, raw } from '@/api/client'
import { Refused } from '@/api/problem'
import { freeName } from '@/stores/chunks'
import { useConnection } from '@/stores/connection'
import { useDialogs } from '@/stores/dialogs'
import { folderOf, inFolder, nameOf } from '@/stores/files'
import { useLibrary, type NotebookSummary, type Session } from '@/stores/library'
import { fileAddress, useTabs } from '@/stores/tabs'
import { useToasts } from '@/stores/toasts'

export const EXPORT_FORMATS = ['ipynb', 'py', 'md', 'html', 'pdf'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]
export type SessionVerb = 'interrupt' | 'restart' | 'hibernate' | 'wake'

/** Where a notebook is made. */
export interface Place {
  project: string
  folder: string
}

/** What is known of a session that is to be forked. */
type Forkable = Pick<Session, 'id' | 'name' | 'notebook_id'>

const NAME_TAKEN = 409
const ATTEMPTS = 20

/** A notebook is on its way: whoever types on meant that one, and no further ones. */
let making = false

export function useActions() {
  const { t } = useI18n()
  const router = useRouter()
  const library = useLibrary()
  const tabs = useTabs()
  const connection = useConnection()
  const dialogs = useDialogs()
  const { attempt, show } = useToasts()

  /** Makes something under a name that is still free: `Untitled`, `Untitled 2`. */
  async function underFreeName<T>(name: string, place: Place | null, make: (name: string, path: string | null) => Promise<T>): Promise<T> {
    const taken: string[] = library.notebooks
      .filter(({ project_id, path }) => place === null || (project_id === place.project && folderOf(path) === place.folder))
      .map(({ path }) => nameOf(path).replace(/\.ipynb$/, ''))
    for (let number = 1; ; number++) {
      const free = freeName(name, taken)
      try {
        return await make(free, place === null ? null : inFolder(place.folder, `${free.replaceAll('/', '-')}.ipynb`))
      } catch (error) {
        if (!(error instanceof Refused) || error.problem.status !== NAME_TAKEN || number === ATTEMPTS) throw error
        taken.push(free)
      }
    }
  }

  async function openMade(made: { notebook_id: string }): Promise<void> {
    if (library.notebookOf(made.notebook_id) === undefined) await attempt(library.refresh)
    await router.push(`/notebooks/${made.notebook_id}`)
  }

  /** Beside the notebook or the file that is shown; where nothing is, the service chooses a project. */
  function placeOfTab(): Place | null {
    const tab = tabs.active
    if (tab?.kind === 'file') {
      const [project = '', ...path] = tab.id.split('/')
      return { project, folder: folderOf(path.join('/')) }
    }
    const notebook = tab?.kind === 'notebook' ? library.notebookOf(tab.id) : undefined
    return notebook === undefined ? null : { project: notebook.project_id, folder: folderOf(notebook.path) }
  }

  async function createNotebook(place: Place | null = placeOfTab()): Promise<void> {
    if (making) return
    making = true
    try {
      await makeNotebook(place)
    } finally {
      making = false
    }
  }

  async function makeNotebook(place: Place | null): Promise<void> {
    const cells = [{ cell_type: 'code' as const, source: '', metadata: {} }]
    await attempt(
      () =>
        underFreeName(t('notebooks.untitled'), place, (name, path) =>
          got(api.POST('/api/v1/notebooks', { body: { name, path, project_id: place?.project, cells } })),
        ),
      openMade,
    )
  }

  async function importContent(name: string, format: 'ipynb' | 'py' | 'md', text: string, place: Place | null): Promise<void> {
    let content: unknown = text
    if (format === 'ipynb') {
      try {
        content = JSON.parse(text)
      } catch {
        show({ kind: 'error', message: t('notebooks.notJson', { name }) })
        return
      }
    }
    await attempt(
      () =>
        underFreeName(name, place, (free, path) =>
          got(api.POST('/api/v1/notebooks/import', { body: { name: free, path, project_id: place?.project, format, content: content as never } })),
        ),
      openMade,
    )
  }

  /** Makes notebooks of files of the user's. */
  async function importFiles(files: Iterable<File>, place: Place | null = null): Promise<void> {
    for (const file of files) {
      const [, stem, ending] = /^(.*)\.(ipynb|py|md)$/i.exec(file.name) ?? []
      if (stem === undefined || ending === undefined) {
        show({ kind: 'error', message: t('notebooks.cannotImport', { name: file.name }), solution: t('notebooks.canImport') })
        continue
      }
      await importContent(stem, ending.toLowerCase() as 'ipynb' | 'py' | 'md', await file.text(), place)
    }
  }

  /** Opens an .ipynb of a project where it lies: it is the same notebook every time. */
  async function openFile(project: string, path: string): Promise<void> {
    const known = library.notebooks.find((notebook) => notebook.project_id === project && notebook.path === path)
    // Who may only read cannot open what nobody opened before; it is shown as the text that it is.
    if (!connection.may('write')) return void (await router.push(known === undefined ? fileAddress(project, path) : `/notebooks/${known.notebook_id}`))
    await attempt(() => got(api.POST('/api/v1/notebooks', { body: { project_id: project, path } })), openMade)
  }

  async function rename(notebook: NotebookSummary): Promise<void> {
    const name = await dialogs.prompt({ title: t('notebooks.rename'), action: t('action.rename'), field: { label: t('field.name'), value: notebook.name } })
    if (name === null || name === notebook.name) return
    const path = inFolder(folderOf(notebook.path), `${name.replaceAll('/', '-')}.ipynb`)
    await attempt(async () => {
      await api.PATCH('/api/v1/notebooks/{id}', { params: { path: { id: notebook.notebook_id }, header: {} }, body: { name, path: path === notebook.path ? undefined : path } })
      await library.refresh()
    })
  }

  async function duplicate(notebook: NotebookSummary): Promise<void> {
    const place = { project: notebook.project_id, folder: folderOf(notebook.path) }
    await tabs.saved(notebook.notebook_id)
    await attempt(
      async () => (await raw(`/api/v1/notebooks/${notebook.notebook_id}/export?format=ipynb`)).text(),
      (text) => importContent(notebook.name, 'ipynb', text, place),
    )
  }

  async function removeNotebook(notebook: NotebookSummary): Promise<boolean> {
    const sure = await dialogs.confirm({ title: t('notebooks.delete', { name: notebook.name }), text: t('notebooks.deleteText'), action: t('action.delete'), danger: true })
    if (!sure) return false
    await attempt(async () => {
      await api.DELETE('/api/v1/notebooks/{id}', { params: { path: { id: notebook.notebook_id }, header: {} } })
      await tabs.closeGone(({ kind, id }) => kind === 'notebook' && id === notebook.notebook_id)
      await library.refresh()
    })
    return true
  }

  async function exportNotebook(notebook: { notebook_id: string; name: string }, format: ExportFormat): Promise<void> {
    await tabs.saved(notebook.notebook_id)
    await attempt(() => download(`/api/v1/notebooks/${notebook.notebook_id}/export?format=${format}`, `${notebook.name}.${format}`))
  }

  async function command(session: string, verb: SessionVerb): Promise<void> {
    const sure = verb !== 'restart' || (await dialogs.confirm({ title: t('sessions.restartTitle'), text: t('sessions.restartText'), action: t('action.restart') }))
    if (!sure) return
    const params = { params: { path: { session_id: session } } }
    await attempt(async () => {
      switch (verb) {
        case 'interrupt':
          await api.POST('/api/v1/sessions/{session_id}/interrupt', params)
          break
        case 'restart':
          await api.POST('/api/v1/sessions/{session_id}/restart', params)
          break
        case 'hibernate':
          await api.POST('/api/v1/sessions/{session_id}/hibernate', params)
          break
        case 'wake':
          await api.POST('/api/v1/sessions/{session_id}/wake', params)
          break
      }
      await library.refreshSessions()
    })
  }

  async function end(session: Session): Promise<void> {
    const sure = await dialogs.confirm({ title: t('sessions.endTitle', { name: session.name || t('sessions.unnamed') }), text: t('sessions.endText'), action: t('action.end'), danger: true })
    if (!sure) return
    await attempt(async () => {
      await api.DELETE('/api/v1/sessions/{session_id}', { params: { path: { session_id: session.id } } })
      await tabs.closeGone(({ kind, id }) => kind === 'session' && id === session.id)
      await library.refreshSessions()
    })
  }

  /** Copies what stands and what is computed into a new tab: of a notebook both, of a session alone its variables. */
  async function fork(session: Forkable, checkpoint?: string): Promise<void> {
    const notebook = session.notebook_id ?? null
    if (notebook !== null && library.notebookOf(notebook) !== undefined) await forkNotebook(notebook, checkpoint)
    else await forkSession(session, checkpoint)
  }

  async function forkNotebook(id: string, checkpoint?: string): Promise<void> {
    await tabs.saved(id)
    await attempt(() => got(api.POST('/api/v1/notebooks/{id}/fork', { params: { path: { id } }, body: { checkpoint_id: checkpoint ?? null, name: null } })), openMade)
  }

  async function forkSession(session: Forkable, checkpoint?: string): Promise<void> {
    const name = t('sessions.forkOf', { name: session.name || t('sessions.unnamed') })
    await attempt(
      () => got(api.POST('/api/v1/sessions/{session_id}/fork', { params: { path: { session_id: session.id } }, body: { name, checkpoint_id: checkpoint ?? null, count: null } })),
      async (made) => {
        await attempt(library.refreshSessions)
        // Several are made only when a number is given.
        if (!('id' in made)) return
        await router.push(`/sessions/${made.id}`)
      },
    )
  }

  async function createProject(): Promise<string | undefined> {
    const name = await dialogs.prompt({ title: t('projects.new'), action: t('action.create'), field: { label: t('field.name'), value: '' } })
    if (name === null) return undefined
    const made = await attempt(() => got(api.POST('/api/v1/projects', { body: { name, description: '' } })), library.refresh)
    return made?.id
  }

  async function removeProject(project: { id: string; name: string }): Promise<void> {
    const sure = await dialogs.confirm({ title: t('projects.delete', { name: project.name }), text: t('projects.deleteText'), action: t('action.delete'), danger: true })
    if (!sure) return
    await attempt(async () => {
      await api.DELETE('/api/v1/projects/{id}', { params: { path: { id: project.id } } })
      await tabs.closeGone(({ kind, id }) => kind === 'file' && id.startsWith(`${project.id}/`))
      await library.refresh()
    })
  }

  return {
    createNotebook,
    importContent,
    importFiles,
    openFile,
    rename,
    duplicate,
    removeNotebook,
    exportNotebook,
    command,
    end,
    fork,
    createProject,
    removeProject,
  }
}
