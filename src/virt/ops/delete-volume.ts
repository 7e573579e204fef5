import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import type { StorageVolume } from '../volume.js'
import { refuseNeeded } from './needed-volume.js'
import { whilePoolIsBusy } from './retry.js'
import { removeVolume } from './volume-secret.js'
import type { VolumePlace, VolumeUse } from './volume-use.js'

/**
 * Deletes a volume with its data, and the passphrase that bay made for it.
 * @throws BayError wrong-state, which names the machines or volumes that need it
 */
export async function deleteVolume(
  connection: Connection, volume: StorageVolume, place: VolumePlace, use: VolumeUse, { dryRun }: { dryRun: boolean },
): Promise<{ changed: true, said: string, path: string }> {
  refuseNeeded(place, use, {
    machine: (name) => sh`delete the machine with its disks: bay vm delete ${name}`, layers: (names) => sh`delete them first: bay vol delete ${names}`,
  })
  if (!dryRun) await whilePoolIsBusy(() => removeVolume(connection, volume))
  use.forget(place)
  return { changed: true, said: dryRun ? 'would be deleted' : 'deleted', path: place.path }
}
