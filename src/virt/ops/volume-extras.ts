import { UsageError } from '../../errors.js'
import type { Secret } from '../../provision/password.js'
import { volumeCreate } from '../flags.js'

export const preallocations = ['off', 'metadata', 'falloc', 'full'] as const
export type Preallocation = typeof preallocations[number]

/** What libvirt is told: it takes `metadata` for all of the room too, when that is asked for at once. */
export function preallocated(
  { format, capacity }: { format: string, capacity: number }, how: Preallocation,
): { allocation: number | undefined, flags: number } {
  if (how === 'off') return { allocation: undefined, flags: 0 }
  return { allocation: how === 'metadata' ? 0 : capacity, flags: format === 'qcow2' ? volumeCreate.preallocate : 0 }
}

/** @throws UsageError for what the format or the pool cannot have */
export function refuseExtras(
  { preallocation = 'off', passphrase }: { preallocation?: Preallocation, passphrase?: Secret }, format: string, { holdsFiles, layer }: { holdsFiles: boolean, layer: boolean },
): void {
  if (passphrase && format !== 'qcow2') throw new UsageError('--encrypt is for qcow2 volumes in pools of files', 'leave out --format, or choose another pool')
  if (passphrase && layer) throw new UsageError('a layer over another volume is not encrypted: what it lies over would lie open', 'leave out --encrypt')
  if (preallocation === 'off') return
  if (!holdsFiles) throw new UsageError('a volume on devices has all its room at once', 'leave out --preallocation')
  if (layer) throw new UsageError('a layer takes its room as it is written', 'leave out --preallocation')
  if (preallocation === 'metadata' && format === 'raw') throw new UsageError('a raw volume has no metadata', '--preallocation falloc or full')
  if (preallocation === 'full' && format === 'qcow2') {
    throw new UsageError('libvirt makes no qcow2 volume that is written full', '--preallocation falloc takes the room as well', 'or --format raw')
  }
}
