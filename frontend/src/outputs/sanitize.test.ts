// What is left of hostile HTML and markdown when it enters the page.

import { describe, expect, it } from 'vitest'
import { html, markdown } from '../../tests/payloads'
import { htmlOf } from './markdown'
import { sanitized } from './sanitize'

const TAGS = 'script, iframe, frame, object, embed, style, link, meta, base, form, input, button, select, textarea, svg, math, template, video, audio, source, dialog, noscript'

function faultsOf(fragment: DocumentFragment): string[] {
  const faults = [...fragment.querySelectorAll(TAGS)].map((element) => element.outerHTML)
  for (const element of fragment.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      const address = ['href', 'src'].includes(name) && !/^(https?:|mailto:|#|data:image\/(png|jpeg|gif|webp);base64,)/i.test(value)
      const loads = name === 'src' && !value.startsWith('data:image/')
      if (name.startsWith('on') || address || loads || ['style', 'id', 'name', 'srcset', 'background', 'ping', 'popover', 'poster', 'action'].includes(name)) faults.push(`${name}=${value}`)
    }
  }
  return faults
}

describe('sanitized', () => {
  it.each(html)('leaves nothing that runs, loads or covers of %s', (payload) => {
    expect(faultsOf(sanitized(payload))).toEqual([])
  })

  it.each([...html, ...markdown])('neither within markdown: %s', (payload) => {
    expect(faultsOf(sanitized(htmlOf(payload)))).toEqual([])
    expect(faultsOf(sanitized(htmlOf(`text ${payload} text\n\n- ${payload}`)))).toEqual([])
  })

  it('leaves the classes of the page alone', () => {
    expect([...sanitized('<p class="button primary math dialog">x</p>').firstElementChild!.classList]).toEqual(['math'])
  })

  it('keeps what is harmless', () => {
    const place = document.createElement('div')
    place.append(sanitized(htmlOf('# T\n\n**b** [l](https://example.org) `c`\n\n| a |\n|---|\n| 1 |\n\n<b>h</b> ![p](data:image/png;base64,AAAA)')))
    expect(place.querySelector('h1')?.textContent).toBe('T')
    expect(place.querySelector('a')?.getAttribute('href')).toBe('https://example.org')
    expect(place.querySelector('a')?.getAttribute('rel')).toContain('noopener')
    expect(place.querySelector('td')?.textContent).toBe('1')
    expect(place.querySelector('img')?.getAttribute('src')).toBe('data:image/png;base64,AAAA')
    expect(place.querySelectorAll('strong, b, code')).toHaveLength(3)
  })
})

describe('formulas', () => {
  const mathOf = (source: string) => [...sanitized(htmlOf(source)).querySelectorAll('.math')].map((element) => `${element.classList.contains('math-display') ? 'display' : 'inline'} ${element.textContent}`)

  it('are found as Jupyter finds them', () => {
    expect(mathOf('a $x^2$ b $$y$$')).toEqual(['inline x^2', 'display y'])
    expect(mathOf('$$\n\\frac{1}{2}\n$$\n\ntext')).toEqual(['display \\frac{1}{2}'])
    expect(mathOf('\\begin{align}\na &= b\n\\end{align}')).toEqual(['display \\begin{align}\na &= b\n\\end{align}'])
  })

  it('are not money, nor code', () => {
    expect(mathOf('costs $5 and $6, `$x$`')).toEqual([])
    expect(mathOf('\\$x\\$')).toEqual([])
  })

  it('keep their signs', () => {
    expect(mathOf('$a < b \\_ *c*$')).toEqual(['inline a < b \\_ *c*'])
  })
})
