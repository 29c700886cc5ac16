// HTML that was made from strangers' text, without anything that runs, loads or covers the page.

import createPurifier, { type Config } from 'dompurify'

const RULES: Config = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ['style', 'form', 'input', 'button', 'select', 'textarea', 'option', 'dialog', 'iframe', 'object', 'embed', 'audio', 'video', 'source', 'track', 'picture', 'map', 'area', 'template', 'slot', 'link', 'meta', 'base'],
  FORBID_ATTR: ['style', 'id', 'name', 'srcset', 'sizes', 'background', 'action', 'formaction', 'ping', 'popover', 'popovertarget', 'popovertargetaction', 'autofocus', 'is', 'slot'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|#)/i,
  RETURN_DOM_FRAGMENT: true,
}

const PICTURE = /^data:image\/(?:png|jpeg|gif|webp);base64,[a-z0-9+/=\s]*$/i

const purifier = createPurifier(window)

purifier.addHook('uponSanitizeAttribute', (node, data) => {
  if (data.attrName === 'class') data.attrValue = data.attrValue.split(/\s+/).filter(isOurs).join(' ')
  if (data.attrName === 'src') data.keepAttr = node.nodeName === 'IMG' && PICTURE.test(data.attrValue)
})

purifier.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName === 'A' && node.hasAttribute('href')) {
    node.setAttribute('target', '_blank')
    node.setAttribute('rel', 'noopener noreferrer nofollow')
  }
  if (node.nodeName === 'IMG' && !node.hasAttribute('src')) node.remove()
})

/** Classes that our own rendering of markdown uses; a stranger's could take the look of our buttons. */
function isOurs(name: string): boolean {
  return /^(?:math(?:-display)?|language-[\w+-]+|task|tok-[\w-]+)$/.test(name)
}

/** Returns what is harmless of some HTML. */
export function sanitized(html: string): DocumentFragment {
  // Of a document made of frames there is nothing left at all.
  return (purifier.sanitize(html, RULES) as unknown as DocumentFragment | null) ?? document.createDocumentFragment()
}
