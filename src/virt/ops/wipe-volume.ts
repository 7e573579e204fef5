import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import { volumeWipe } from '../flags.js'
import type { StorageVolume } from '../volume.js'
import { refuseNeeded } from './needed-volume.js'
import { whilePoolIsBusy } from './retry.js'
import { VolumeUse, type VolumePlace } from './volume-use.js'

/** https://libvirt.org/html/libvirt-libvirt-storage.html#virStorageVolWipeAlgorithm */
export const wipeAlgorithms = [
  'zero', 'trim', 'random', 'nnsa', 'dod', 'bsi', 'gutmann', 'schneier', 'pfitzner7', 'pfitzner33',
] as const satisfies (keyof typeof volumeWipe)[]

export interface WipeOptions {
  algorithm: (typeof wipeAlgorithms)[number]
  dryRun: boolean
}

/** Overwrites a volume that nobody needs. @throws BayError `wrong-state`, which names who does; VirtError */
export async function wipeVolume(
  connection: Connection, volume: StorageVolume, place: VolumePlace, { algorithm, dryRun }: WipeOptions,
): Promise<{ changed: true, said: string, algorithm: string }> {
  refuseNeeded(place, VolumeUse.read(connection), { machine: (name) => sh`bay vm delete --keep-disks ${name}`, layers: (names) => sh`bay vol delete ${names}` })
  if (!dryRun) await whilePoolIsBusy(() => volume.wipe(volumeWipe[algorithm]))
  return { changed: true, said: `${dryRun ? 'would be ' : ''}overwritten (${algorithm})`, algorithm }
}
