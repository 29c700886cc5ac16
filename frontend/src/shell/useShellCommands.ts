// The commands of the shell, for the palette, the shortcuts and their help.

import { onScopeDispose } from 'vue'
import { useRouter } from 'vue-router'
import { send, useCommands, type Command, type NotebookCommand } from '@/stores/commands'
import { useConnection } from '@/stores/connection'
import { useDialogs } from '@/stores/dialogs'
import { useLayout, VIEWS, PANELS } from '@/stores/layout'
import { useLibrary } from '@/stores/library'
import { useSettings } from '@/stores/settings'
import { useTabs } from '@/stores/tabs'
import { EXPORT_FORMATS, useActions } from './useActions'
import { pickFiles } from './pickFiles'

export function useShellCommands(): void {
  const commands = useCommands()
  const router = useRouter()
  const tabs = useTabs()
  const library = useLibrary()
  const layout = useLayout()
  const dialogs = useDialogs()
  const settings = useSettings()
  const connection = useConnection()
  const actions = useActions()

  const mayWrite = () => connection.may('write')
  const hasTab = () => tabs.active !== undefined
  const notebook = () => (tabs.active?.kind === 'notebook' ? library.notebookOf(tabs.active.id) : undefined)
  const session = () => {
    const tab = tabs.active
    return tab?.kind === 'notebook' ? library.sessionOf(tab.id) : library.living.find(({ id }) => id === tab?.id)
  }
  const isNotebook = () => tabs.active?.kind === 'notebook'
  const runs = () => isNotebook() && connection.may('run')
  const tell = (command: NotebookCommand) => () => tabs.active !== undefined && send(tabs.active.id, command)

  const file: Command[] = [
    { id: 'file.new', title: 'command.newNotebook', group: 'file', shortcuts: ['Alt+KeyN'], when: mayWrite, run: () => actions.createNotebook() },
    { id: 'file.import', title: 'command.import', group: 'file', when: mayWrite, run: async () => actions.importFiles(await pickFiles('.ipynb,.py,.md')) },
    { id: 'file.project', title: 'projects.new', group: 'file', when: mayWrite, run: () => actions.createProject() },
    { id: 'file.rename', title: 'notebooks.rename', group: 'file', when: () => notebook() !== undefined && mayWrite(), run: () => withNotebook(actions.rename) },
    { id: 'file.duplicate', title: 'notebooks.duplicate', group: 'file', when: () => notebook() !== undefined && mayWrite(), run: () => withNotebook(actions.duplicate) },
    ...EXPORT_FORMATS.map((format): Command => ({
      id: `file.export.${format}`,
      title: `export.${format}`,
      group: 'file',
      when: () => notebook() !== undefined,
      run: () => withNotebook((found) => actions.exportNotebook(found, format)),
    })),
    { id: 'file.start', title: 'command.start', group: 'file', shortcuts: ['Alt+KeyH'], run: () => router.push('/') },
  ]

  const tabCommands: Command[] = [
    { id: 'tabs.close', title: 'tabs.close', group: 'tabs', shortcuts: ['Alt+KeyW'], when: hasTab, run: () => tabs.active && tabs.close(tabs.active.path) },
    { id: 'tabs.closeOthers', title: 'tabs.closeOthers', group: 'tabs', when: () => tabs.tabs.length > 1 && hasTab(), run: () => tabs.active && tabs.close(tabs.active.path, 'others') },
    { id: 'tabs.closeAll', title: 'tabs.closeAll', group: 'tabs', shortcuts: ['Alt+Shift+KeyW'], when: () => tabs.tabs.length > 0, run: () => tabs.tabs[0] && tabs.close(tabs.tabs[0].path, 'all') },
    { id: 'tabs.next', title: 'tabs.next', group: 'tabs', shortcuts: ['Alt+PageDown', 'Alt+BracketRight'], when: () => tabs.tabs.length > 0, run: () => tabs.showNext(1) },
    { id: 'tabs.previous', title: 'tabs.previous', group: 'tabs', shortcuts: ['Alt+PageUp', 'Alt+BracketLeft'], when: () => tabs.tabs.length > 0, run: () => tabs.showNext(-1) },
    { id: 'tabs.left', title: 'tabs.moveLeft', group: 'tabs', shortcuts: ['Alt+Shift+ArrowLeft', 'Alt+Shift+PageUp'], when: hasTab, run: () => tabs.active && tabs.moveBy(tabs.active.path, -1) },
    { id: 'tabs.right', title: 'tabs.moveRight', group: 'tabs', shortcuts: ['Alt+Shift+ArrowRight', 'Alt+Shift+PageDown'], when: hasTab, run: () => tabs.active && tabs.moveBy(tabs.active.path, 1) },
    ...Array.from({ length: 9 }, (_, index): Command => ({
      id: `tabs.go.${index + 1}`,
      title: 'tabs.go',
      values: { number: index + 1 },
      group: 'tabs',
      shortcuts: [`Alt+Digit${index + 1}`],
      when: () => tabs.tabs[index] !== undefined,
      run: () => tabs.show(tabs.tabs[index]),
    })),
  ]

  const run: Command[] = [
    { id: 'run.all', title: 'run.all', group: 'run', when: runs, run: tell({ type: 'run-all' }) },
    { id: 'run.above', title: 'run.above', group: 'run', when: runs, run: tell({ type: 'run-above' }) },
    { id: 'run.below', title: 'run.below', group: 'run', when: runs, run: tell({ type: 'run-below' }) },
    { id: 'run.stale', title: 'run.stale', group: 'run', when: runs, run: tell({ type: 'run-stale' }) },
    { id: 'run.interrupt', title: 'run.interrupt', group: 'run', when: runs, run: tell({ type: 'interrupt' }) },
    { id: 'run.restart', title: 'run.restart', group: 'run', when: runs, run: tell({ type: 'restart' }) },
    { id: 'run.restartAll', title: 'run.restartAll', group: 'run', when: runs, run: tell({ type: 'restart-and-run-all' }) },
    { id: 'run.clear', title: 'run.clear', group: 'run', when: () => isNotebook() && mayWrite(), run: tell({ type: 'clear-outputs' }) },
    { id: 'run.fork', title: 'sessions.fork', group: 'run', when: () => session() !== undefined && connection.may('run'), run: () => {
      const found = session()
      return found && actions.fork(found)
    } },
  ]

  const view: Command[] = [
    { id: 'view.sidebar', title: 'view.sidebar', group: 'view', shortcuts: ['Alt+KeyB'], run: () => layout.toggleSidebar() },
    { id: 'view.panels', title: 'view.panels', group: 'view', shortcuts: ['Alt+KeyP'], when: hasTab, run: () => layout.togglePanels() },
    ...VIEWS.map((name): Command => ({ id: `view.${name}`, title: `view.${name}`, group: 'view', run: () => layout.showView(name) })),
    ...PANELS.map((name): Command => ({ id: `view.panel.${name}`, title: `view.panel.${name}`, group: 'view', when: () => tabs.active?.kind === 'notebook' || tabs.active?.kind === 'session', run: () => layout.showPanel(name) })),
    { id: 'view.theme', title: 'view.theme', group: 'view', run: () => (settings.values.theme = settings.dark ? 'light' : 'dark') },
    { id: 'view.language', title: 'view.language', group: 'view', run: () => (settings.values.language = settings.values.language === 'en' ? 'zh-CN' : 'en') },
    { id: 'view.settings', title: 'settings.title', group: 'view', shortcuts: ['Mod+Comma'], run: () => (dialogs.open = 'settings') },
    { id: 'view.environments', title: 'environments.title', group: 'view', run: () => router.push('/environments') },
    { id: 'view.admin', title: 'admin.title', group: 'view', when: () => connection.may('admin') || connection.may('audit'), run: () => router.push('/admin') },
  ]

  const help: Command[] = [
    { id: 'help.palette', title: 'palette.title', group: 'help', shortcuts: ['Mod+KeyK', 'Mod+Shift+KeyP'], run: () => (dialogs.open = 'palette') },
    { id: 'help.shortcuts', title: 'shortcuts.title', group: 'help', shortcuts: ['?'], run: () => (dialogs.open = 'shortcuts') },
    { id: 'help.signOut', title: 'command.signOut', group: 'help', run: () => connection.signOut() },
  ]

  function withNotebook(work: (found: NonNullable<ReturnType<typeof notebook>>) => unknown): unknown {
    const found = notebook()
    return found && work(found)
  }

  onScopeDispose(commands.register([...file, ...tabCommands, ...run, ...view, ...help]))
}
