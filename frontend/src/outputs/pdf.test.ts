// A PDF whose table leads to its objects, whatever is in them.

import { expect, it } from 'vitest'
import { pdfOf } from './pdf'

it('names where each object begins, and where the table does', () => {
  const data = Uint8Array.from({ length: 300 }, (_, index) => index % 256)
  const text = Array.from(pdfOf({ width: 10, height: 10, data }, 90, 67.5), (byte) => String.fromCharCode(byte)).join('')
  const table = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1])
  expect(text.slice(table, table + 4)).toBe('xref')
  const places = [...text.slice(table).matchAll(/(\d{10}) 00000 n \n/g)].map((match) => Number(match[1]))
  expect(places).toHaveLength(5)
  places.forEach((place, index) => expect(text.slice(place).startsWith(`${index + 1} 0 obj\n`)).toBe(true))
  expect(text).toContain('/MediaBox [0 0 90 67.5]')
  const picture = text.slice(places[4])
  const from = picture.indexOf('stream\n') + 'stream\n'.length
  expect(picture.slice(from, from + 300)).toBe(Array.from(data, (byte) => String.fromCharCode(byte)).join(''))
  expect(picture).toContain('/Length 300 ')
})
