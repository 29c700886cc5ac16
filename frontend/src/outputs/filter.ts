// What somebody types above a column, read into a filter of the service.

export interface Filter {
  column: string
  op: string
  value?: unknown
}

const FORM = /^(==|=|!=|<=|>=|<|>|\^)\s*(.*)$/

/** Reads `> 5`, `= x`, `^beginning`, `null`, `!null`; other text is what the cell contains. */
export function filterOf(column: string, dtype: string, text: string): Filter | undefined {
  const typed = text.trim()
  if (typed === '') return undefined
  if (/^null$/i.test(typed)) return { column, op: 'isnull' }
  if (/^!\s*null$/i.test(typed)) return { column, op: 'notnull' }
  const form = FORM.exec(typed)
  const numeric = /^(u?int|float|complex)/i.test(dtype)
  if (form === null) return numeric && isNumber(typed) ? { column, op: '==', value: Number(typed) } : { column, op: 'contains', value: typed }
  const [, mark, value] = form
  if (value === '') return undefined
  if (mark === '^') return { column, op: 'startswith', value }
  return { column, op: mark === '=' ? '==' : mark!, value: valueOf(dtype, value!, numeric) }
}

function valueOf(dtype: string, text: string, numeric: boolean): unknown {
  if (numeric && isNumber(text)) return Number(text)
  if (/^bool/i.test(dtype) && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  return text
}

function isNumber(text: string): boolean {
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)
}
