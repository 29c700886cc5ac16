// Everything a user can do by name: the palette, the shortcuts and their help all read this list.
// Beside it, the way by which the shell tells a notebook what to do.

import { defineStore } from 'pinia'
import { computed, shallowRef, triggerRef } from 'vue'
import { pressed } from './shortcuts'

export type CommandGroup = 'file' | 'tabs' | 'run' | 'view' | 'help'

export interface Command {
  id: string
  /** The key of its name among the texts. */
  title: string
  /** What stands in its name. */
  values?: Record<string, string | number>
  group: CommandGroup
  /** As `shortcuts.ts` reads them, the one that is shown first. */
  shortcuts?: string[]
  /** Whether it can be done now; always, when nothing is said. */
  when?: () => boolean
  run: () => unknown
}

export const useCommands = defineStore('commands', () => {
  const registered = shallowRef(new Map<string, Command>())
  const all = computed(() => [...registered.value.values()])
  const possible = computed(() => all.value.filter((command) => command.when?.() ?? true))

  /** Adds commands; what it returns takes them away again. */
  function register(commands: Command[]): () => void {
    for (const command of commands) {
      if (registered.value.has(command.id)) throw new Error(`two commands are named ${command.id}`)
      registered.value.set(command.id, command)
    }
    triggerRef(registered)
    return () => {
      for (const { id } of commands) registered.value.delete(id)
      triggerRef(registered)
    }
  }

  /** Does what a key asks for. Returns whether that was something. */
  function handle(event: KeyboardEvent): boolean {
    const command = possible.value.find(({ shortcuts }) => shortcuts?.some((shortcut) => pressed(shortcut, event)))
    if (command === undefined) return false
    command.run()
    return true
  }

  return { all, possible, register, handle }
})

/** What the shell and the panels ask of a notebook. */
export type NotebookCommand =
  | { type: 'run-all' | 'run-above' | 'run-below' | 'run-stale' }
  | { type: 'interrupt' | 'restart' | 'restart-and-run-all' }
  | { type: 'save' | 'find' | 'clear-outputs' | 'undo' | 'redo' }
  | { type: 'reload' }
  | { type: 'reveal-cell'; cell: string }

const notebooks = new EventTarget()

/** Tells a notebook what to do; nothing happens when it is not open. */
export function send(notebook: string, command: NotebookCommand): void {
  notebooks.dispatchEvent(new CustomEvent<NotebookCommand>(notebook, { detail: command }))
}

/** Listens to what a notebook is told; what it returns ends that. */
export function listen(notebook: string, handler: (command: NotebookCommand) => void): () => void {
  const heard = (event: Event) => handler((event as CustomEvent<NotebookCommand>).detail)
  notebooks.addEventListener(notebook, heard)
  return () => notebooks.removeEventListener(notebook, heard)
}
