import { putSource } from '../../xml/domain-disks.js'
import { all, attr, child, upsert } from '../../xml/tree.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { changeDefinition } from './change-definition.js'
import type { Merge } from './commit-layer.js'

/** Lets a machine that is off go on with the file that a layer was merged into, whatever format that has. */
export function putBase(connection: Connection, domain: Domain, { base, layer }: Omit<Merge, 'target'>, command: string): void {
  using volume = connection.volumeByPath(base)
  const { format } = readVolume(volume.xml())
  changeDefinition(connection, domain, (root) => {
    for (const disk of all(root, 'devices/disk')) {
      if (attr(child(disk, 'source'), 'file') !== layer) continue
      putSource(disk, base)
      upsert(disk, 'driver', { type: format ?? 'raw' })
    }
  }, { command, dryRun: false })
}
