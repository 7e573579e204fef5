import { UsageError } from './errors.js'

/**
 * Bytes of a size with a unit: `512M`, `1.5GiB` (powers of 1024), `2GB`, `500kB` (of 1000), `1024B`.
 * A fraction of a byte is dropped. `what` names the value in the message.
 * @throws UsageError for a bare number, another spelling, zero, and more than 2^53-1 bytes.
 */
export function parseSize(text: string, what = 'size'): number {
  const [, whole, fraction = '', unit] = sizePattern.exec(text) ?? []
  const factor = sizeFactor(unit)
  if (whole === undefined || factor === undefined) throw badSize(text, what)
  if (factor === 1n && fraction !== '') throw new UsageError(`${what} ${quote(text)}: there are no parts of a byte`)
  const bytes = BigInt(whole + fraction) * factor / 10n ** BigInt(fraction.length)
  if (bytes === 0n) throw new UsageError(`${what} ${quote(text)} must be more than zero`)
  if (bytes > maxBytes) throw new UsageError(`${what} ${quote(text)} is too large`, 'sizes end just below 8P')
  return Number(bytes)
}

/** A size for people, in powers of 1024 with at most one decimal: `512M`, `1.5G`, `0B`; `-` for what is no number. */
export function formatSize(bytes: number): string {
  if (!Number.isFinite(bytes)) return '-'
  if (bytes < 0) return `-${formatSize(-bytes)}`
  let power = 0
  let value = bytes
  // 1023.96 would print as 1024: it belongs to the next unit.
  while (oneDecimal(value) >= 1024 && power < letters.length) {
    value /= 1024
    power += 1
  }
  return `${oneDecimal(value)}${power === 0 ? 'B' : letters[power - 1] ?? ''}`
}

/**
 * Milliseconds of a duration: `90s`, `2m`, `1h30m`, `500ms`, `1d`; whole numbers, largest unit first.
 * @throws UsageError for a bare number, another spelling, zero, and more than 7 days.
 */
export function parseDuration(text: string, what = 'duration'): number {
  const parts = durationPattern.exec(text)?.slice(1)
  if (text === '' || !parts) throw badDuration(text, what)
  const total = parts.reduce((sum, part, index) => sum + Number(part ?? 0) * (durationFactors[index] ?? 0), 0)
  if (total === 0) throw new UsageError(`${what} ${quote(text)} must be more than zero`)
  if (total > maxDuration) throw new UsageError(`${what} ${quote(text)} is too long`, 'at most 7d')
  return total
}

/** Seconds for people, in the two largest units: `3d4h`, `5m12s`, `42s`, `350ms`; `-` for what is no number. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-'
  if (seconds < 0) return `-${formatDuration(-seconds)}`
  if (seconds > 0 && seconds < 1) return `${Math.floor(seconds * 1000)}ms`
  const [days, hours, minutes, rest] = splitSeconds(Math.floor(seconds))
  if (days > 0) return pair(days, 'd', hours, 'h')
  if (hours > 0) return pair(hours, 'h', minutes, 'm')
  if (minutes > 0) return pair(minutes, 'm', rest, 's')
  return `${rest}s`
}

const letters = ['K', 'M', 'G', 'T', 'P', 'E']
const sizePattern = /^(\d{1,20})(?:\.(\d{1,20}))?([A-Za-z]{1,3})$/
const maxBytes = BigInt(Number.MAX_SAFE_INTEGER)
const durationPattern = /^(?:(\d{1,12})d)?(?:(\d{1,12})h)?(?:(\d{1,12})m)?(?:(\d{1,12})s)?(?:(\d{1,12})ms)?$/
const durationFactors = [86_400_000, 3_600_000, 60_000, 1000, 1]
const maxDuration = 7 * 86_400_000

/** The bytes of one unit; undefined when it is not spelt as it must be. */
function sizeFactor(unit: string | undefined): bigint | undefined {
  if (unit === undefined) return undefined
  if (unit === 'B') return 1n
  if (unit === 'kB') return 1000n
  const power = letters.indexOf(unit.charAt(0)) + 1
  if (power === 0) return undefined
  const rest = unit.slice(1)
  if (rest === '' || rest === 'iB') return 1024n ** BigInt(power)
  return rest === 'B' ? 1000n ** BigInt(power) : undefined
}

function badSize(text: string, what: string): UsageError {
  if (/^(0{1,20}|-\d.*)$/.test(text)) return new UsageError(`${what} ${quote(text)} must be more than zero`)
  if (/^\d{1,20}$/.test(text)) {
    return new UsageError(`${what} ${quote(text)} has no unit`, `write ${withUnits(text)}`)
  }
  if (/^\d{1,20}\.\d+$/.test(text)) {
    return new UsageError(`${what} ${quote(text)} has no unit`, `write ${text}M or ${text}G`)
  }
  const upper = text.trim().replaceAll(/\s/g, '').toUpperCase().replace(/IB$/, 'iB')
  const [, whole, , unit] = sizePattern.exec(upper) ?? []
  const hint = whole !== undefined && sizeFactor(unit) !== undefined ? `write ${upper}` : 'write it as 512M, 2G, 1.5GiB or 20GB'
  return new UsageError(`${what} ${quote(text)} is not a size`, hint)
}

/** Two spellings that a person may have meant: `2048` as `2048M or 2G`. */
function withUnits(digits: string): string {
  const number = Number(digits)
  const whole = number > 0 && number % 1024 === 0
  return whole ? `${digits}M or ${number / 1024}G` : `${digits}M or ${digits}G`
}

function badDuration(text: string, what: string): UsageError {
  if (/^\d{1,12}$/.test(text)) {
    return new UsageError(`${what} ${quote(text)} has no unit`, `write ${text}s or ${text}m`)
  }
  if (/^-\d/.test(text)) return new UsageError(`${what} ${quote(text)} must be more than zero`)
  return new UsageError(`${what} ${quote(text)} is not a duration`, 'write it as 90s, 2m, 1h30m or 500ms')
}

/** The text in quotes, cut short: an error line should stay a line. */
function quote(text: string): string {
  return `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`
}

function oneDecimal(value: number): number {
  return Math.round(value * 10) / 10
}

function splitSeconds(seconds: number): [number, number, number, number] {
  return [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
}

function pair(major: number, majorUnit: string, minor: number, minorUnit: string): string {
  return minor === 0 ? `${major}${majorUnit}` : `${major}${majorUnit}${minor}${minorUnit}`
}
