import type { StorageVolume } from '../volume.js'
import { refuseNeeded } from './needed-volume.js'
import { whilePoolIsBusy } from './retry.js'
import type { VolumePlace, VolumeUse } from './volume-use.js'

/** Deletes a volume with its data. @throws BayError wrong-state, which names the machines or volumes that need it */
export async function deleteVolume(
  volume: StorageVolume, place: VolumePlace, use: VolumeUse, { dryRun }: { dryRun: boolean },
): Promise<{ changed: true, said: string, path: string }> {
  refuseNeeded(place, use, { machines: 'delete the machine with its disks: bay vm delete', layers: 'delete them first: bay vol delete' })
  if (!dryRun) await whilePoolIsBusy(() => volume.delete())
  use.forget(place)
  return { changed: true, said: dryRun ? 'would be deleted' : 'deleted', path: place.path }
}
