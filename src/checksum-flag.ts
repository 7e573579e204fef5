import * as Flags from '@oclif/core/flags'
import { UsageError } from './errors.js'
import { parseSha256 } from './provision/download-checksums.js'

export interface ChecksumWanted {
  /** whether it is to be computed and shown */
  sum: boolean
  /** what it must be, in hexadecimal; null for whatever it is */
  expected: string | null
}

/** `sha256` to see the sum, `sha256:HEX` to be sure of it. */
export const checksumFlag = Flags.string({
  helpValue: 'sha256[:HEX]', description: 'show the SHA-256 sum of the content; with :HEX fail unless it is that',
})

/** @throws UsageError */
export function parseChecksum(text: string | undefined): ChecksumWanted {
  if (text === undefined) return { sum: false, expected: null }
  const [, hex] = /^sha256(?::(.*))?$/s.exec(text) ?? [null, null]
  if (hex === null) throw new UsageError(`--checksum "${text.slice(0, 80)}" is none`, '--checksum sha256, or --checksum sha256:HEX')
  return { sum: true, expected: hex === undefined ? null : parseSha256(hex, '--checksum') }
}
