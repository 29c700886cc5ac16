// Saves what a data address or a blob holds as a file of the user's.

export function saveText(address: string, name: string): void {
  saveBlob(blobOf(address), name)
}

export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** Reads a data address; what comes of it is only ever saved, never shown as a page. */
export function blobOf(address: string): Blob {
  const comma = address.indexOf(',')
  const head = address.slice(0, comma)
  const body = address.slice(comma + 1)
  const type = /^data:([\w.+/-]+)/.exec(head)?.[1] ?? 'application/octet-stream'
  if (!head.endsWith(';base64')) return new Blob([decodeURIComponent(body)], { type })
  return new Blob([Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0))], { type })
}
