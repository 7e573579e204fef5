import * as Flags from '@oclif/core/flags'
import { UsageError } from './errors.js'
import { changeFlags } from './flags.js'
import { checkName } from './names.js'
import { diskFormats, machineLimits } from './provision/machine-limits.js'
import { parseSize } from './units.js'
import type { AttachedDevice } from './virt/ops/attach-devices.js'
import type { NewDiskVolume } from './virt/ops/attach-disk.js'

/** What every change of a machine's devices takes. */
export const deviceFlags = {
  ...changeFlags,
  'next-start': Flags.boolean({ description: 'only what the machine starts with the next time; as it runs it stays as it is' }),
}

const sizeForm = '20G[,pool=P][,format=qcow2|raw][,name=V]'

/** `20G,pool=fast,format=raw,name=data.img`. @throws UsageError that names the part that is wrong */
export function parseNewVolume(text: string): NewDiskVolume {
  const [size = '', ...rest] = text.split(',')
  const options = new Map(rest.map((part): [string, string] => {
    const [, key = '', value = ''] = /^(pool|format|name)=(.+)$/.exec(part) ?? []
    if (key === '') throw new UsageError(`--size ${text}: what is "${part}"?`, sizeForm)
    return [key, value]
  }))
  if (options.size < rest.length) throw new UsageError(`--size ${text}: something is given twice`)
  const format = diskFormats.find((each) => each === options.get('format'))
  if (options.has('format') && !format) throw new UsageError(`--size ${text}: format is one of ${diskFormats.join(', ')}`)
  const bytes = parseSize(size, '--size')
  const { max, step } = machineLimits.disk
  if (bytes > max) throw new UsageError(`--size ${text}: that is more than a disk can have`, 'at most 2P')
  const name = options.get('name')
  return { size: Math.ceil(bytes / step) * step, pool: options.get('pool'), format, name: name === undefined ? undefined : checkName('vol', name) }
}

/** `in=10M,out=100Mbit`: bytes a second with the units of sizes, or bits with kbit, Mbit and Gbit. @throws UsageError */
export function parseBandwidth(text: string): { in?: number, out?: number } {
  const limits: { in?: number, out?: number } = {}
  for (const part of text.split(',')) {
    const [, direction, rate = ''] = /^(in|out)=(.+)$/.exec(part) ?? []
    if (direction !== 'in' && direction !== 'out') throw new UsageError(`--bandwidth ${text}: what is "${part}"?`, 'in=10M,out=100Mbit')
    if (limits[direction] !== undefined) throw new UsageError(`--bandwidth ${text}: ${direction} is given twice`)
    limits[direction] = bytesPerSecond(rate)
    if (limits[direction] < 1000) throw new UsageError(`--bandwidth ${part}: at least 1kB a second`)
  }
  return limits
}

function bytesPerSecond(text: string): number {
  const [, digits, letter = ''] = /^([0-9]{1,9})([kMG])bit$/.exec(text) ?? []
  if (digits === undefined) return parseSize(text, '--bandwidth')
  return Number(digits) * 1000 ** ('kMG'.indexOf(letter) + 1) / 8
}

/** What an outcome says of where the machine has a device. */
export function saidWhere({ where }: AttachedDevice): string {
  if (where.live) return where.config ? 'now and at every start' : 'until the machine is off'
  return 'from the next start on'
}

/** What an outcome says of devices of the host. */
export function saidOfDevices(
  { changed, devices }: { changed: boolean, devices: readonly AttachedDevice[] }, { dryRun }: { dryRun: boolean },
): string {
  const what = devices.map(({ source }) => source).join(', ')
  if (dryRun && changed) return `would get ${what}`
  const [first] = devices
  return `${changed ? 'has' : 'has already'} ${what}, ${first ? saidWhere(first) : ''}`
}
