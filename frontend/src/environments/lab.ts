// What is said of a JupyterLab, and what may be asked of it. Pure.

/** Returns what a message says, and the command in it that is to be run by hand. */
export function adviceOf(message: string): { text: string; command?: string } {
  const found = /`([^`]+)`/.exec(message)
  if (found === null) return { text: message.trim() }
  return { text: message.replace(found[0], '').replace(/[\s:]+$/, '').trim(), command: found[1] }
}

/** Reads the names of extensions, however they are kept apart. */
export function pluginsOf(written: string): string[] {
  return [...new Set(written.split(/[\s,;]+/).filter(Boolean))]
}
