// How an output asks its notebook to go to a line of a cell.

import type { InjectionKey } from 'vue'
import type { Place } from './traceback'

export const JUMP: InjectionKey<(place: Place) => void> = Symbol('jump')
