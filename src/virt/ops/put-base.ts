import { putSource } from '../../xml/domain-disks.js'
import { all, attr, child, upsert } from '../../xml/tree.js'
import { readVolume, type VolumeDescription } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { changeDefinition } from './change-definition.js'
import type { Merge } from './commit-layer.js'
import { unlessGone } from './gone.js'

/** Lets a machine that is off go on with the file that a layer was merged into, in the format that it had for the layer. */
export function putBase(connection: Connection, domain: Domain, { base, layer }: Omit<Merge, 'target'>, command: string): void {
  const format = formatBelow(connection, layer) ?? readAt(connection, base).format
  changeDefinition(connection, domain, (root) => {
    for (const disk of all(root, 'devices/disk')) {
      if (attr(child(disk, 'source'), 'file') !== layer) continue
      putSource(disk, base)
      upsert(disk, 'driver', { type: format ?? 'raw' })
    }
  }, { command, dryRun: false })
}

/** What the layer says of it: libvirt's look into a raw one would trust what a guest may have written there. */
function formatBelow(connection: Connection, layer: string): string | null {
  return unlessGone(() => readAt(connection, layer).backing?.format, failure.noVolume) ?? null
}

function readAt(connection: Connection, path: string): VolumeDescription {
  using volume = connection.volumeByPath(path)
  return readVolume(volume.xml())
}
