import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from './state-folder.js'

/** What this system does with a block device or with a part of it; null when it does nothing. */
export type DeviceUse = { mounted: string } | { swap: true } | { held: string }

/** Whether there is such a block device here. */
export function deviceKind(path: string): 'block' | 'other' | 'missing' {
  try {
    return statSync(path).isBlockDevice() ? 'block' : 'other'
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'missing'
    throw error
  }
}

/** Of the device and its partitions. */
export function usesOfDevice(path: string): DeviceUse[] {
  const numbers = numbersOf(path)
  const parts = [numbers, ...partitionsOf(numbers)]
  const swaps = swapNumbers()
  return parts.flatMap((part) => [
    ...mountsOf(part).map((mounted) => ({ mounted })), ...swaps.includes(part) ? [{ swap: true as const }] : [],
    ...holdersOf(part).map((held) => ({ held })),
  ])
}

/** `major:minor`, as the kernel writes them (makedev(3)). */
function numbersOf(path: string): string {
  const { rdev } = statSync(path, { bigint: true })
  const major = (rdev >> 8n) & 0xfffn | (rdev >> 32n) & ~0xfffn
  const minor = rdev & 0xffn | (rdev >> 12n) & ~0xffn
  return `${major}:${minor & 0xffffffffn}`
}

function partitionsOf(numbers: string): string[] {
  const folder = join('/sys/dev/block', numbers)
  return names(folder).filter((name) => existsSync(join(folder, name, 'partition')))
    .map((name) => readFileSync(join(folder, name, 'dev'), 'utf8').trim())
}

/** Volume groups, RAID and encryption hold the devices that they are on. */
function holdersOf(numbers: string): string[] {
  return names(join('/sys/dev/block', numbers, 'holders'))
}

/** https://docs.kernel.org/filesystems/proc.html: the third field is the device, the fifth the place. */
function mountsOf(numbers: string): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map((line) => line.split(' '))
    .filter((fields) => fields[2] === numbers)
    .map((fields) => (fields[4] ?? '').replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
}

function swapNumbers(): string[] {
  const lines = existsSync('/proc/swaps') ? readFileSync('/proc/swaps', 'utf8').split('\n').slice(1) : []
  return lines.map((line) => line.split(/\s/)[0] ?? '').filter((path) => path.startsWith('/') && deviceKind(path) === 'block').map(numbersOf)
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}
