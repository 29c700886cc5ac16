// A drawing as a PDF of lines and letters. The libraries are fetched when one is saved.

import createPurifier, { type Config } from 'dompurify'

/** A CSS pixel is 1/96 inch, a point of PDF's is 1/72. */
const POINT = 72 / 96
/** Longer drawings are not made anew from their parts. */
const LONGEST = 8_000_000

/** What a PDF made here does not hold: it would be left out of the drawing. */
const BEYOND = 'filter, mask, foreignObject, pattern'

const RULES: Config = {
  USE_PROFILES: { svg: true, svgFilters: true },
  ADD_TAGS: ['use'],
  ADD_ATTR: ['href', 'xlink:href', 'clip-path', 'vector-effect'],
  FORBID_TAGS: ['style', 'a', 'animate', 'animateMotion', 'animateTransform', 'set', 'script'],
  RETURN_DOM: true,
}

const purifier = createPurifier(window)
// Parts of the drawing itself, and pictures within it: nothing is fetched for it.
purifier.addHook('uponSanitizeAttribute', (node, data) => {
  if (data.attrName !== 'href' && data.attrName !== 'xlink:href') return
  data.keepAttr = data.attrValue.startsWith('#') || (node.nodeName.toLowerCase() === 'image' && /^data:image\/(?:png|jpeg);base64,/.test(data.attrValue))
  data.forceKeepAttr = data.keepAttr
})

/** The text of an SVG whose address is a data address. */
export function textOf(address: string): string | undefined {
  const [, base64, content] = /^data:image\/svg\+xml[^,]*?(;base64)?,(.*)$/s.exec(address) ?? []
  if (content === undefined) return undefined
  return base64 === undefined ? decodeURIComponent(content) : new TextDecoder().decode(Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0)))
}

/** Returns a drawing without what runs or loads something; nothing when a PDF would not hold all of it. */
export function drawingOf(text: string): SVGSVGElement | undefined {
  if (text.length > LONGEST) return undefined
  // What stands before the drawing is meant for readers of XML.
  const body = purifier.sanitize(text.slice(Math.max(0, text.search(/<svg\b/))), RULES) as unknown as HTMLElement
  const drawing = body.querySelector('svg')
  if (drawing === null || drawing.querySelector(BEYOND) !== null) return undefined
  // The letters that every reader of PDF has are those of Western Europe.
  const letters = [...drawing.querySelectorAll('text')].map(({ textContent }) => textContent ?? '').join('')
  return /[^\x00-\xff\u2212\u200b]/.test(letters) || !placed(drawing) ? undefined : drawing
}

/** More parts than this are not copied to where they are used. */
const MOST_COPIES = 20_000

/** Puts parts that are used elsewhere where they are used; says whether all of them could be. */
function placed(drawing: SVGSVGElement): boolean {
  const parts = new Map([...drawing.querySelectorAll('[id]')].map((part) => [part.id, part]))
  const uses = [...drawing.querySelectorAll('use')]
  if (uses.length > MOST_COPIES) return false
  return uses.every((use) => {
    const part = parts.get((use.getAttribute('href') ?? use.getAttribute('xlink:href') ?? '').slice(1))
    if (part === undefined) return true
    // Of what has such parts in it again there could be any number.
    if (part.nodeName === 'symbol' || part.nodeName === 'svg' || part.nodeName === 'use' || part.querySelector('use') !== null) return false
    const group = document.createElementNS('http://www.w3.org/2000/svg', 'g')
    for (const { name, value } of use.attributes) if (!/^(?:xlink:href|href|x|y|width|height|id)$/.test(name)) group.setAttribute(name, value)
    const [x, y] = [Number.parseFloat(use.getAttribute('x') ?? '0') || 0, Number.parseFloat(use.getAttribute('y') ?? '0') || 0]
    if (x !== 0 || y !== 0) group.setAttribute('transform', `${use.getAttribute('transform') ?? ''} translate(${x} ${y})`.trim())
    const copy = part.cloneNode(true) as Element
    copy.removeAttribute('id')
    group.append(copy)
    use.replaceWith(group)
    return true
  })
}

/** Returns a drawing as a PDF as large as it is shown; nothing when it cannot be one of lines and letters. */
export async function vectorOf(address: string): Promise<Blob | null> {
  const drawing = drawingOf(textOf(address) ?? '')
  if (drawing === undefined) return null
  const image = new Image()
  image.src = address
  await image.decode()
  const [width, height] = [image.naturalWidth * POINT, image.naturalHeight * POINT]
  for (const node of drawing.querySelectorAll('text, tspan')) {
    // The sign of minus that mathematicians write is not among them.
    for (const child of node.childNodes) if (child.nodeType === Node.TEXT_NODE) child.textContent = (child.textContent ?? '').replaceAll('\u2212', '-').replaceAll('\u200b', '')
  }
  const [{ jsPDF }, { svg2pdf }] = await Promise.all([import('jspdf'), import('svg2pdf.js')])
  const page = new jsPDF({ unit: 'pt', format: [width, height], orientation: width > height ? 'landscape' : 'portrait', compress: true })
  await svg2pdf(drawing, page, { width, height })
  return page.output('blob')
}
