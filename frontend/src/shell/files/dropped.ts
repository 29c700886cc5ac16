// The files of a drop, with those in folders that were dropped.

export interface Dropped {
  /** Its path below what was dropped. */
  path: string
  file: File
}

export async function droppedFiles(transfer: DataTransfer): Promise<Dropped[]> {
  // Entries have to be taken out before anything is waited for.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  if (entries.length === 0) return [...transfer.files].map((file) => ({ path: file.name, file }))
  const found: Dropped[] = []
  const waiting = [...entries]
  for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
    const path = entry.fullPath.replace(/^\//, '')
    if (isFile(entry)) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
      found.push({ path, file })
    } else waiting.push(...(await children(entry as FileSystemDirectoryEntry)))
  }
  return found.sort((one, other) => one.path.localeCompare(other.path))
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

/** Browsers give a folder's entries in parts. */
async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (part.length === 0) return all
    all.push(...part)
  }
}
