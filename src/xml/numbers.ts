import { UsageError } from '../errors.js'
import { attr, textOf } from './tree.js'
import type { XmlElement } from './node.js'

export interface Range { min?: number, max?: number }

/**
 * Checks a number before it goes into XML: libvirtd 9.0 dies of some that it is sent.
 * Gives it back; throws UsageError unless it is a safe whole number in the range (from 0 unless told).
 */
export function whole(value: number, what: string, { min = 0, max = Number.MAX_SAFE_INTEGER }: Range = {}): number {
  if (!Number.isSafeInteger(value)) throw new UsageError(`${what} must be a whole number, not ${value}`)
  if (value < min || value > max) throw new UsageError(`${what} must be ${describe(min, max)}, not ${value}`)
  return value
}

/** Bytes as KiB. Throws UsageError unless they are a multiple of 1024. */
export function kibibytes(bytes: number, what: string): number {
  if (whole(bytes, what) % 1024 !== 0) throw new UsageError(`${what} must be a multiple of 1 KiB, not ${bytes} bytes`)
  return bytes / 1024
}

/**
 * An element's size in bytes, by its `unit` as libvirt reads it: `KiB` and `K` are 1024, `KB` is 1000, case does not
 * count (https://libvirt.org/formatdomain.html#memory-allocation). Null when there is no element or no number in it.
 */
export function bytesOf(element: XmlElement | undefined, defaultUnit: 'KiB' | 'bytes'): number | null {
  const digits = /^\s*([0-9]+)\s*$/.exec(textOf(element) ?? '')?.[1]
  const factor = unitFactor(attr(element, 'unit') ?? defaultUnit)
  return digits === undefined || factor === null ? null : Number(BigInt(digits) * factor)
}

/** A decimal number as libvirt writes it; null when there is none. */
export function integer(text: string | undefined): number | null {
  return text !== undefined && /^\s*-?[0-9]+\s*$/.test(text) ? Number(text) : null
}

function unitFactor(unit: string): bigint | null {
  if (/^b(ytes?)?$/i.test(unit)) return 1n
  const match = /^([kmgtpe])(ib|b)?$/i.exec(unit)
  if (!match) return null
  const power = BigInt('kmgtpe'.indexOf((match[1] ?? '').toLowerCase()) + 1)
  return (match[2]?.toLowerCase() === 'b' ? 1000n : 1024n) ** power
}

function describe(min: number, max: number): string {
  return max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `between ${min} and ${max}`
}
