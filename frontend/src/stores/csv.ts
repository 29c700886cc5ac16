// Reading CSV as RFC 4180 has it, with the separator guessed. Pure.

export interface Table {
  header: string[]
  rows: string[][]
  /** There was more. */
  cut: boolean
}

/** Reads at most so many rows. */
export function parseCsv(text: string, mostRows = 5000): Table {
  const separator = guess(text)
  const records: string[][] = []
  let record: string[] = []
  let field = ''
  let quoted = false
  let cut = false
  const endField = () => {
    record.push(field)
    field = ''
  }
  const endRecord = () => {
    endField()
    if (record.length > 1 || record[0] !== '') records.push(record)
    record = []
  }
  for (let index = 0; index < text.length; index++) {
    const sign = text[index] ?? ''
    if (quoted) {
      if (sign !== '"') field += sign
      else if (text[index + 1] === '"') {
        field += '"'
        index++
      } else quoted = false
    } else if (sign === '"' && field === '') quoted = true
    else if (sign === separator) endField()
    else if (sign === '\n') {
      endRecord()
      if (records.length > mostRows) {
        cut = index < text.length - 1
        break
      }
    } else if (sign !== '\r' && !(sign === '\uFEFF' && index === 0)) field += sign
  }
  if (!cut && (field !== '' || record.length > 0)) endRecord()
  const [header = [], ...rows] = records
  return { header, rows, cut }
}

function guess(text: string): string {
  const first = text.slice(0, text.indexOf('\n') + 1 || undefined)
  const count = (sign: string) => first.split(sign).length
  return ['\t', ';', ','].reduce((best, sign) => (count(sign) > count(best) ? sign : best), ',')
}
