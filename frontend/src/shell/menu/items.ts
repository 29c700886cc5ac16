// What menus consist of.

import type { Component } from 'vue'

export interface MenuAction {
  label: string
  icon?: Component
  /** The shortcut that does the same. */
  keys?: string
  danger?: boolean
  disabled?: boolean
  run: () => unknown
}

export interface MenuGroup {
  label: string
  icon?: Component
  items: MenuItem[]
}

export type MenuItem = MenuAction | MenuGroup | 'separator'

export function isGroup(item: MenuAction | MenuGroup): item is MenuGroup {
  return 'items' in item
}
