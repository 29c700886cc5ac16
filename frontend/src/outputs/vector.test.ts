// Drawings of strangers, before they become a PDF.

import { expect, it } from 'vitest'
import { drawingOf, textOf } from './vector'

const svg = (content: string) => `<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">${content}</svg>`

it('keeps what is drawn, and the parts that it is drawn of', () => {
  const drawing = drawingOf(svg('<defs><path id="p" d="M0 0L9 9"/></defs><use xlink:href="#p" x="1" transform="scale(2)" style="fill: red"/><text x="1">1\u22122</text><image href="data:image/png;base64,AA"/>'))
  expect(drawing?.getAttribute('viewBox')).toBe('0 0 9 9')
  expect([...(drawing?.querySelectorAll('path, use, text, image') ?? [])].map(({ nodeName }) => nodeName)).toEqual(['path', 'path', 'text', 'image'])
  expect(drawing?.querySelector('defs + g')?.outerHTML).toMatch(/^<g transform="scale\(2\) translate\(1 0\)" style="fill: red"><path d="M0 0L9 9".*<\/g>$/)
})

it('takes away what runs or loads', () => {
  const drawing = drawingOf(svg('<script>1</script><path onclick="x()" d="M0 0"/><image href="https://evil.test/a.png"/><use href="https://evil.test/a.svg#a"/><style>@import "https://evil.test"</style>'))
  expect(drawing?.outerHTML).toContain('<path')
  expect(drawing?.outerHTML).not.toMatch(/script|onclick|evil/)
})

it('is none where letters or effects would be missing', () => {
  for (const content of ['<text>\u4e2d</text>', '<mask id="m"></mask>', '<pattern id="m"></pattern>', '<g id="a"><use href="#a"/></g><use href="#a"/>']) expect(drawingOf(svg(content))).toBeUndefined()
  expect(drawingOf('no drawing')).toBeUndefined()
})

it('reads the text of a data address, however it is written', () => {
  expect(textOf(`data:image/svg+xml;charset=utf-8,${encodeURIComponent('<svg>\u00e9,</svg>')}`)).toBe('<svg>\u00e9,</svg>')
  expect(textOf(`data:image/svg+xml;base64,${btoa('<svg/>')}`)).toBe('<svg/>')
  expect(textOf('data:image/png;base64,AA')).toBeUndefined()
})
