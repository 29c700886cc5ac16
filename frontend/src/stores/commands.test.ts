// Commands: found by name, done by their keys, told to notebooks.

import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { listen, send, useCommands, type Command } from './commands'
import { match, search } from './fuzzy'
import { keysOf, pressed, writing } from './shortcuts'

const key = (code: string, modifiers: Partial<KeyboardEvent> = {}) => ({ code, key: modifiers.key ?? '', ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...modifiers })

describe('shortcuts', () => {
  it('take exactly their keys', () => {
    expect(pressed('Alt+KeyN', key('KeyN', { altKey: true }))).toBe(true)
    expect(pressed('Alt+KeyN', key('KeyN', { altKey: true, shiftKey: true }))).toBe(false)
    expect(pressed('Alt+KeyN', key('KeyN'))).toBe(false)
  })
  it('use Command on a Mac and Control elsewhere', () => {
    expect(pressed('Mod+KeyK', key('KeyK', { metaKey: true }), true)).toBe(true)
    expect(pressed('Mod+KeyK', key('KeyK', { ctrlKey: true }), true)).toBe(false)
    expect(pressed('Mod+KeyK', key('KeyK', { ctrlKey: true }), false)).toBe(true)
  })
  it('know a sign by what it writes, whatever keys that takes', () => {
    expect(pressed('?', key('Minus', { key: '?', shiftKey: true }))).toBe(true)
    expect(pressed('?', key('Slash', { key: '/' }))).toBe(false)
  })
  it('are shown as a person reads them', () => {
    expect(keysOf('Mod+Shift+KeyP', false)).toEqual(['Ctrl', 'Shift', 'P'])
    expect(keysOf('Mod+Shift+KeyP', true)).toEqual(['⌘', '⇧', 'P'])
    expect(keysOf('Alt+Digit3', false)).toEqual(['Alt', '3'])
  })
  it('know where keys write text', () => {
    expect(writing(document.createElement('textarea'))).toBe(true)
    expect(writing(document.createElement('button'))).toBe(false)
    expect(writing(null)).toBe(false)
  })
})

describe('finding by letters', () => {
  const names = ['Restart the session', 'New notebook', 'Run all cells', 'Rename the notebook', 'Close all']
  const found = (query: string) => search(query, names, (name) => name).map(({ item }) => item)

  it('finds nothing where a letter is missing', () => {
    expect(match('xyz', 'Restart')).toBeNull()
    expect(match('tr', 'rt')).toBeNull()
  })
  it('prefers a whole word to scattered letters', () => {
    expect(found('all').slice(0, 2)).toEqual(['Run all cells', 'Close all'])
    expect(found('rena')[0]).toBe('Rename the notebook')
  })
  it('takes the first letters of words', () => {
    expect(found('nn')[0]).toBe('New notebook')
    expect(found('rac')[0]).toBe('Run all cells')
  })
  it('says where the letters are', () => {
    expect(match('nn', 'New notebook')?.at).toEqual([0, 4])
    expect(match('本', '新建笔记本')?.at).toEqual([4])
  })
  it('leaves the order for an empty query', () => {
    expect(found('')).toEqual(names)
  })
})

describe('the registry', () => {
  beforeEach(() => setActivePinia(createPinia()))
  const command = (id: string, more: Partial<Command> = {}): Command => ({ id, title: id, group: 'file', run: vi.fn(), ...more })

  it('does what a key asks for, when it can be done', () => {
    const commands = useCommands()
    const [may, mayNot] = [command('may', { shortcuts: ['Alt+KeyN'] }), command('mayNot', { shortcuts: ['Alt+KeyW'], when: () => false })]
    commands.register([may, mayNot])
    expect(commands.handle(new KeyboardEvent('keydown', { code: 'KeyN', altKey: true }))).toBe(true)
    expect(commands.handle(new KeyboardEvent('keydown', { code: 'KeyW', altKey: true }))).toBe(false)
    expect(may.run).toHaveBeenCalledOnce()
    expect(mayNot.run).not.toHaveBeenCalled()
  })
  it('refuses two of one name, and forgets what is taken away', () => {
    const commands = useCommands()
    const forget = commands.register([command('one')])
    expect(() => commands.register([command('one')])).toThrow('one')
    forget()
    expect(commands.all).toEqual([])
  })
})

it('tells a notebook, and only that one, as long as it listens', () => {
  const [here, there] = [vi.fn(), vi.fn()]
  const silence = listen('a', here)
  listen('b', there)
  send('a', { type: 'reveal-cell', cell: 'c' })
  silence()
  send('a', { type: 'restart' })
  expect(here.mock.calls).toEqual([[{ type: 'reveal-cell', cell: 'c' }]])
  expect(there).not.toHaveBeenCalled()
})
