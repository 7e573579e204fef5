import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { UsageError } from '../errors.js'

/** A SHA-256 sum as 64 small letters and digits. @throws UsageError */
export function parseSha256(text: string, what = '--sha256'): string {
  const sum = text.trim().toLowerCase()
  if (sumPattern.test(sum)) return sum
  const kind = /^[0-9a-f]+$/.test(sum) ? kinds[sum.length] : undefined
  throw new UsageError(kind ? `${what} is a ${kind} sum` : `${what} is no SHA-256 sum`, 'it has 64 hexadecimal digits: sha256sum FILE')
}

/**
 * The sum of the file `name` out of a list as sha256sum writes it, or as BSD does (`SHA256 (name) = …`), signed or not; or
 * out of a file that holds one sum and nothing else.
 * @throws UsageError when there is none, or several that differ
 */
export function findChecksum(list: string, name: string): string {
  const lines = list.split(/\r?\n/).map((line) => line.trim())
  const [only = ''] = lines.filter((line) => line !== '')
  if (sumPattern.test(only.toLowerCase()) && lines.filter((line) => line !== '').length === 1) return only.toLowerCase()
  const entries = lines.flatMap((line) => readLine(line) ?? []).filter((each) => baseName(each.name) === name)
  const sums = [...new Set(entries.filter(({ kind }) => kind === 'SHA-256').map(({ sum }) => sum))]
  const [sum] = sums
  if (sum !== undefined && sums.length === 1) return sum
  if (sums.length > 1) throw new UsageError(`the checksums have ${sums.length} different ones for ${name}`, 'give the right one: --sha256 HEX')
  const [other] = entries
  if (other) throw new UsageError(`the checksums have a ${other.kind} sum for ${name}, and bay checks SHA-256`, 'give that one: --sha256 HEX')
  throw new UsageError(`the checksums have none for ${name}`, 'give it: --sha256 HEX')
}

/** The SHA-256 sum of a file, in hexadecimal. @throws what reading it throws; the signal's reason */
export async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    signal?.throwIfAborted()
    hash.update(piece as Buffer)
  }
  return hash.digest('hex')
}

const sumPattern = /^[0-9a-f]{64}$/
const kinds: Record<number, string> = { 32: 'MD5', 40: 'SHA-1', 56: 'SHA-224', 64: 'SHA-256', 96: 'SHA-384', 128: 'SHA-512' }

/** sha256sum begins a line with a backslash when it has escaped the name, which no image needs. */
function readLine(line: string): { kind: string, sum: string, name: string } | undefined {
  const [, sum, name] = /^([0-9a-f]{32,128}) [ *]?(.+)$/i.exec(line) ?? []
  if (sum !== undefined && name !== undefined) return entry(kinds[sum.length], sum, name)
  const [, kind = '', bsdName, bsdSum] = /^([A-Z0-9-]+) ?\((.+)\) ?= ?([0-9a-f]{32,128})$/i.exec(line) ?? []
  if (bsdName === undefined || bsdSum === undefined) return undefined
  const spelt = kind.toUpperCase().replace(/^SHA-?(\d+)$/, 'SHA-$1')
  return spelt === 'SHA-256' && bsdSum.length !== 64 ? undefined : entry(spelt, bsdSum, bsdName)
}

function entry(kind: string | undefined, sum: string, name: string): { kind: string, sum: string, name: string } | undefined {
  return kind === undefined ? undefined : { kind, sum: sum.toLowerCase(), name }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
