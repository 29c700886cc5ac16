// Heights of outputs as they were last seen: a cell that scrolls back into view takes the same room at once.

import type { MimeBundle } from './types'

export const knownHeights = new WeakMap<MimeBundle, number>()
