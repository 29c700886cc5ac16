// Pictures that are dropped onto a markdown cell that is only shown: they stand at the end of its text then.

import { ref } from 'vue'
import { useToasts } from '@/stores/toasts'
import { named, picturesOf } from './editor/pasted'
import { savePicture } from './savePicture'
import type { NotebookStore } from './store'

export function useDroppedPictures(store: NotebookStore, id: string) {
  const toasts = useToasts()
  /** Files are held above it. */
  const over = ref(false)

  function drag(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    event.dataTransfer.dropEffect = 'copy'
    over.value = true
  }

  async function drop(event: DragEvent): Promise<void> {
    over.value = false
    const pictures = picturesOf(event.dataTransfer)
    const { copy } = store
    if (pictures.length === 0 || copy === null) return
    event.preventDefault()
    for (const picture of pictures) {
      const address = await toasts.attempt(() => savePicture(copy.projectId, copy.path, picture))
      if (address === undefined) return
      const before = store.textOf(id).trimEnd()
      await store.change(id, { source: `${before}${before === '' ? '' : '\n\n'}${named(picture, address)}` })
    }
  }

  return { over, drag, leave: () => (over.value = false), drop }
}
