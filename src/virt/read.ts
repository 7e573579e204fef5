import { readText } from './raw/memory.js'

/** Small results that libvirt puts into memory of ours: https://libvirt.org/html/libvirt-libvirt-host.html */

const uuidTextSize = 37

// One for all: a list of ten thousand would leave as many behind.
const uuidPlace = Buffer.alloc(uuidTextSize)

/** A UUID as text, such as `6695eb01-f6a4-8304-79aa-97f2502e193f`. */
export function uuidText(fill: (place: Buffer) => void): string {
  fill(uuidPlace)
  return uuidPlace.toString('latin1', 0, uuidTextSize - 1)
}

/** One C int. */
export function intFrom(fill: (place: Buffer) => void): number {
  const place = Buffer.alloc(4)
  fill(place)
  return place.readInt32LE(0)
}

/** One C unsigned long, as a number: exact up to 2^53. */
export function longFrom(fill: (place: Buffer) => void): number {
  const place = Buffer.alloc(8)
  fill(place)
  return Number(place.readBigUInt64LE(0))
}

/** A text that belongs to a struct which libvirt frees. */
export function textAt(struct: Buffer, offset: number): string | null {
  return readText(struct.readBigUInt64LE(offset))
}
