// Formulas, drawn by KaTeX; loaded when the first one is shown.

import katex from 'katex'
import 'katex/dist/katex.min.css'

/** Draws the formula that stands as text in an element. Nothing in it may link, load or style. */
export function drawFormula(element: HTMLElement): void {
  katex.render(element.textContent ?? '', element, {
    displayMode: element.classList.contains('math-display'),
    throwOnError: false,
    trust: false,
    strict: 'ignore',
    maxExpand: 200,
    maxSize: 20,
  })
}
