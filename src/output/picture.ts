import { PNG } from 'pngjs'
import { BayError } from '../errors.js'

export interface Picture {
  width: number
  height: number
  /** four bytes a pixel: red, green, blue, and what is ignored */
  data: Buffer
}

/** Reads a PNG, or a PPM of one byte a colour as QEMU writes it. @throws BayError for what is neither */
export function readPicture(bytes: Buffer): Picture {
  if (bytes.toString('latin1', 0, 2) === 'P6') return readPpm(bytes)
  try {
    return PNG.sync.read(bytes)
  } catch (cause) {
    throw new BayError('failed', 'the host gave a picture that cannot be read', { cause })
  }
}

export function toPng({ width, height, data }: Picture): Buffer {
  const png = new PNG({ width, height })
  data.copy(png.data)
  return PNG.sync.write(png, { colorType: 2 })
}

/** https://netpbm.sourceforge.net/doc/ppm.html */
function readPpm(bytes: Buffer): Picture {
  const head = /^P6\s+(?:#[^\n]*\n\s*)*(\d{1,5})\s+(\d{1,5})\s+255\s/.exec(bytes.toString('latin1', 0, 200))
  const [width, height] = [Number(head?.[1]), Number(head?.[2])]
  const from = head?.[0].length ?? 0
  if (!head || bytes.length < from + 3 * width * height) throw new BayError('failed', 'the host gave a picture that cannot be read')
  const data = Buffer.alloc(4 * width * height, 255)
  for (let pixel = 0; pixel < width * height; pixel += 1) bytes.copy(data, 4 * pixel, from + 3 * pixel, from + 3 * pixel + 3)
  return { width, height, data }
}

/** The picture in half blocks, two pixels a character, in 24-bit colour, at most so many columns and lines. */
export function inBlocks(picture: Picture, { columns, lines }: { columns: number, lines: number }): string {
  const scale = Math.max(picture.width / columns, picture.height / (2 * lines), 1)
  const [width, height] = [Math.max(1, Math.floor(picture.width / scale)), Math.max(1, Math.floor(picture.height / scale))]
  const color = (x: number, y: number) => y < height ? average(picture, x * scale, y * scale, scale).join(';') : '0;0;0'
  const line = (y: number) => Array.from({ length: width }, (_, x) => `\u001b[38;2;${color(x, y)};48;2;${color(x, y + 1)}m▀`).join('')
  return Array.from({ length: Math.ceil(height / 2) }, (_, row) => `${line(2 * row)}\u001b[0m\n`).join('')
}

/** The middle colour of the pixels that become one. */
function average({ width, height, data }: Picture, left: number, top: number, size: number): number[] {
  const sums = [0, 0, 0]
  let count = 0
  for (let y = Math.floor(top); y < Math.min(height, Math.max(top + size, Math.floor(top) + 1)); y += 1) {
    for (let x = Math.floor(left); x < Math.min(width, Math.max(left + size, Math.floor(left) + 1)); x += 1) {
      for (const channel of [0, 1, 2]) sums[channel] = (sums[channel] ?? 0) + (data[4 * (y * width + x) + channel] ?? 0)
      count += 1
    }
  }
  return sums.map((sum) => Math.round(sum / Math.max(count, 1)))
}
