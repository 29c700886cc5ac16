// Every text that is used exists, in every language, with the same gaps to fill.

import { describe, expect, it } from 'vitest'
import en from './en'
import zhCN from './zh-CN'

type Texts = { [key: string]: string | Texts }

function flat(texts: Texts, before = ''): Map<string, string> {
  return new Map(Object.entries(texts).flatMap(([key, value]) => (typeof value === 'string' ? [[before + key, value]] : [...flat(value, `${before}${key}.`)]) as [string, string][]))
}

const english = flat(en as Texts)
const chinese = flat(zhCN as Texts)
const gaps = (text: string | undefined) => [...(text ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()

const sources = import.meta.glob<string>(['../**/*.vue', '../**/*.ts', '!../**/*.test.ts', '!./**', '!../api/schema.d.ts'], { query: '?raw', import: 'default', eager: true })

describe('the languages', () => {
  it('have the same texts', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
  })
  it('have the same gaps in them', () => {
    const different = [...english.keys()].filter((key) => gaps(english.get(key)).join() !== gaps(chinese.get(key)).join())
    expect(different).toEqual([])
  })
  it('leave no text empty, and use no sign that means something else to the library', () => {
    const odd = [...english, ...chinese].filter(([, text]) => text.trim() === '' || /[|@]/.test(text)).map(([key]) => key)
    expect(odd).toEqual([])
  })
})

describe('the texts that are used', () => {
  const files = Object.entries(sources)

  it('are looked for in the whole page', () => {
    expect(files.length).toBeGreaterThan(50)
  })
  it('exist', () => {
    const missing = files.flatMap(([path, source]) => {
      const used = [...source.matchAll(/\bte?\(\s*'([\w.-]+)'/g), ...source.matchAll(/\btitle: '(\w+\.[\w.]+)'/g)].map(([, key]) => key ?? '')
      return used.filter((key) => !english.has(key)).map((key) => `${path}: ${key}`)
    })
    expect(missing).toEqual([])
  })
  it('exist where a part of the name is only known later', () => {
    const missing = files.flatMap(([path, source]) => {
      const patterns = [...source.matchAll(/\bte?\(\s*`([^`]+)`/g)].map(([, pattern]) => pattern ?? '')
      return patterns.filter((pattern) => ![...english.keys()].some((key) => fits(key, pattern))).map((pattern) => `${path}: ${pattern}`)
    })
    expect(missing).toEqual([])
  })
})

/** Whether a key is one of those that a template makes. */
function fits(key: string, template: string): boolean {
  const parts = template.split(/\$\{[^}]*\}/).map((part) => part.replaceAll('.', '\\.'))
  return new RegExp(`^${parts.join('[\\w-]+')}$`).test(key)
}
