import { BayError } from '../../errors.js'
import type { StorageVolume } from '../volume.js'
import { whilePoolIsBusy } from './retry.js'
import type { VolumePlace, VolumeUse } from './volume-use.js'

/** Deletes a volume with its data. @throws BayError wrong-state, which names the machines or volumes that need it */
export async function deleteVolume(
  volume: StorageVolume, place: VolumePlace, use: VolumeUse, { dryRun }: { dryRun: boolean },
): Promise<{ changed: true, said: string, path: string }> {
  refuseNeeded(place, use)
  if (!dryRun) await whilePoolIsBusy(() => volume.delete())
  use.forget(place)
  return { changed: true, said: dryRun ? 'would be deleted' : 'deleted', path: place.path }
}

function refuseNeeded(place: VolumePlace, use: VolumeUse): void {
  const machines = use.machinesOn(place)
  if (machines.length > 0) {
    throw new BayError('wrong-state', `machines use the volume ${place.pool}/${place.name}: ${machines.join(', ')}`, {
      hints: [`delete the machine with its disks: bay vm delete ${machines[0]}`],
    })
  }
  const layers = use.layersOver(place)
  if (layers.length > 0) {
    throw new BayError('wrong-state', `volumes are layers over ${place.pool}/${place.name}: ${layers.join(', ')}`, {
      hints: [`delete them first: bay vol delete ${layers.join(' ')}`],
    })
  }
}
