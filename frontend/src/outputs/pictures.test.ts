// Addresses of pictures in markdown: which are looked for, and where.

import { describe, expect, it } from 'vitest'
import { htmlOf } from './markdown'
import { attached, attachmentOf, pathOf } from './pictures'
import { sanitized } from './sanitize'

describe('pictures in markdown', () => {
  it('are paths beside the notebook, and nothing else', () => {
    expect(pathOf('images/a%20b.png', 'work/notes.ipynb')).toBe('work/images/a b.png')
    expect(pathOf('./x.png', 'notes.ipynb')).toBe('x.png')
    expect(pathOf('../x.png', 'work/deep/notes.ipynb')).toBe('work/x.png')
    for (const address of ['../x.png', '/api/v1/users/me', '//evil.test/x.png', 'https://evil.test/x.png', 'javascript:x', 'data:image/png;base64,AA', '']) expect(pathOf(address, 'notes.ipynb')).toBeUndefined()
  })

  it('are attachments by their name alone', () => {
    const attachments = { 'a b.png': { 'image/png': 'QU\nJD"' }, 'x.svg': { 'image/svg+xml': '<svg/>' } }
    expect(attachmentOf('attachment:a%20b.png')).toBe('a b.png')
    expect(attached(attachments, 'a b.png')).toBe('data:image/png;base64,QUJD')
    for (const name of ['x.svg', 'constructor', '__proto__', 'missing.png']) expect(attached(attachments, name)).toBeUndefined()
  })

  it('are shown when they are found, named when there are none, and never fetched from elsewhere', () => {
    const shown = (source: string) => {
      const place = document.createElement('div')
      place.append(sanitized(htmlOf(source, (address) => (address === 'a.png' ? 'data:image/png;base64,AAAA' : null))))
      return place
    }
    expect(shown('![one](a.png)').querySelector('img')?.getAttribute('src')).toBe('data:image/png;base64,AAAA')
    expect(shown('![two](b.png)').querySelector('code')?.textContent).toBe('two')
    expect(shown('![three](https://evil.test/c.png)').querySelector('img')).toBeNull()
    expect(shown('![](<"><img src=x onerror=alert(1)>.png>)').querySelector('img')).toBeNull()
  })
})
