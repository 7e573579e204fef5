import { userDataOfClone } from '../../provision/cloud-init/clone-user-data.js'
import { hostnameFor, type CloudInitFiles } from '../../provision/cloud-init/files.js'
import { writeYaml, yamlMap } from '../../provision/cloud-init/yaml.js'
import { readIsoFile } from '../../provision/iso-file.js'
import { BayError } from '../../errors.js'
import { placeText, type SeedPlace } from '../../xml/seed-mark.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { largestSeed } from './seed-volume.js'

/**
 * What the source's cloud-init was told, for its clone: a new instance, so that cloud-init begins anew, with a hostname of its
 * own. The address of the source stays the source's.
 * @throws BayError `failed` when the seed cannot be read
 */
export function seedOfClone(
  connection: Connection, seed: SeedPlace, { name, uuid }: { name: string, uuid: string },
): CloudInitFiles {
  using pool = connection.pool(seed.pool)
  using volume = pool.volume(seed.volume)
  const { capacity } = readVolume(volume.xml())
  const content = capacity === null || capacity > largestSeed ? undefined : readIsoFile(volume.read(capacity), 'user-data')
  if (!content) throw new BayError('failed', `${placeText(seed)} is no seed that can be read`)
  const userData = content.toString()
  const hostname = hostnameFor(name)
  return {
    userData: userDataOfClone(userData, hostname) ?? userData,
    metaData: writeYaml(yamlMap({ 'instance-id': uuid, 'local-hostname': hostname })),
    networkConfig: null,
  }
}
