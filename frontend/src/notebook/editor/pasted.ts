// Pictures that are pasted or dropped into text: they become files of the project, beside the notebook, and the text names them.

import { EditorView } from '@codemirror/view'
import type { Extension } from '@codemirror/state'

/** Saves a picture and returns the address by which the text can name it; nothing when it was refused. */
export type SavePicture = (file: File) => Promise<string | undefined>

const PICTURE = /^image\/(?:png|jpeg|gif|webp)$/

export function pastedPictures(save: SavePicture): Extension {
  return EditorView.domEventHandlers({
    paste: (event, view) => take(event, view, event.clipboardData, view.state.selection.main.head, save),
    drop: (event, view) => take(event, view, event.dataTransfer, view.posAtCoords({ x: event.clientX, y: event.clientY }) ?? view.state.selection.main.head, save),
  })
}

/** The pictures among what is dropped or pasted. Text that comes with a picture of itself, as office programs have it, is meant as text. */
export function picturesOf(data: DataTransfer | null): File[] {
  return data === null || data.types.includes('text/plain') ? [] : [...data.files].filter((file) => PICTURE.test(file.type))
}

/** Names a picture in markdown. */
export function named(picture: Pick<File, 'name'>, address: string): string {
  return `![${picture.name.replace(/\.\w+$/, '').replace(/[[\]]/g, '')}](${address})\n`
}

/** Takes the pictures of an event, and says whether there were any. */
function take(event: Event, view: EditorView, data: DataTransfer | null, at: number, save: SavePicture): boolean {
  const pictures = picturesOf(data)
  if (pictures.length === 0) return false
  event.preventDefault()
  void insert(view, pictures, at, save)
  return true
}

async function insert(view: EditorView, pictures: File[], at: number, save: SavePicture): Promise<void> {
  let place = at
  for (const picture of pictures) {
    const address = await save(picture)
    if (address === undefined || !view.dom.isConnected) return
    const text = named(picture, address)
    const from = Math.min(place, view.state.doc.length)
    view.dispatch({ changes: { from, insert: text }, selection: { anchor: from + text.length }, userEvent: 'input.paste' })
    place = from + text.length
  }
}
