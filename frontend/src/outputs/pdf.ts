// A picture as a PDF of one page, as large as the picture. Written here: a page with one picture needs no library.

/** Pixels as a PDF has them: red, green and blue of each, compressed as zlib does. */
export interface Raster {
  width: number
  height: number
  data: Uint8Array
}

/** So many dots of the picture stand upon one CSS pixel. */
const DENSITY = 3
/** More pixels than this are not drawn for a PDF. */
const MOST_PIXELS = 40_000_000
/** A CSS pixel is 1/96 inch, a point of PDF's is 1/72. */
const POINT = 72 / 96

/** Returns a PDF that shows a picture at a size in points. */
export function pdfOf({ width, height, data }: Raster, pageWidth: number, pageHeight: number): Uint8Array {
  const drawing = `q ${number(pageWidth)} 0 0 ${number(pageHeight)} 0 0 cm /Figure Do Q`
  const objects: (string | Uint8Array)[][] = [
    ['<< /Type /Catalog /Pages 2 0 R >>'],
    ['<< /Type /Pages /Kids [3 0 R] /Count 1 >>'],
    [`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${number(pageWidth)} ${number(pageHeight)}] /Resources << /XObject << /Figure 5 0 R >> >> /Contents 4 0 R >>`],
    [`<< /Length ${drawing.length} >>\nstream\n${drawing}\nendstream`],
    [
      `<< /Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode /Length ${data.length} >>\nstream\n`,
      data,
      '\nendstream',
    ],
  ]
  const parts: Uint8Array[] = []
  let length = 0
  const write = (part: string | Uint8Array) => {
    const bytes = typeof part === 'string' ? Uint8Array.from(part, (letter) => letter.charCodeAt(0)) : part
    parts.push(bytes)
    length += bytes.length
  }
  // Four bytes beyond ASCII say that this is no text.
  write('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n')
  const places = objects.map((object, index) => {
    const place = length
    write(`${index + 1} 0 obj\n`)
    object.forEach(write)
    write('\nendobj\n')
    return place
  })
  const table = length
  write(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`)
  for (const place of places) write(`${String(place).padStart(10, '0')} 00000 n \n`)
  write(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`)
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function number(value: number): string {
  return String(Number(value.toFixed(2)))
}

/** Draws what an address shows, on white, and returns it as a PDF. What is drawn from lines is drawn finely. */
export async function pdfOfPicture(address: string): Promise<Blob> {
  const image = new Image()
  image.src = address
  await image.decode()
  const vector = address.startsWith('data:image/svg')
  const most = Math.sqrt(MOST_PIXELS / (image.naturalWidth * image.naturalHeight))
  const scale = Math.min(vector ? DENSITY : 1, most)
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale))
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale))
  const context = canvas.getContext('2d')!
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(image, 0, 0, canvas.width, canvas.height)
  const { data: pixels } = context.getImageData(0, 0, canvas.width, canvas.height)
  const colours = new Uint8Array((pixels.length / 4) * 3)
  for (let from = 0, to = 0; from < pixels.length; from += 4) {
    colours[to++] = pixels[from]!
    colours[to++] = pixels[from + 1]!
    colours[to++] = pixels[from + 2]!
  }
  const packed = new Blob([colours]).stream().pipeThrough(new CompressionStream('deflate'))
  const data = new Uint8Array(await new Response(packed).arrayBuffer())
  const page = pdfOf({ width: canvas.width, height: canvas.height, data }, image.naturalWidth * POINT, image.naturalHeight * POINT)
  return new Blob([page as BlobPart], { type: 'application/pdf' })
}
