import { putSource } from '../../xml/domain-disks.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { all, attr, child, upsert } from '../../xml/tree.js'
import { readVolume, type VolumeDescription } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { snapshotCreate, snapshotXml } from '../flags.js'
import type { Merge } from './commit-layer.js'
import { unlessGone } from './gone.js'

/** Lets a machine's other snapshots find in a new place, and in the format that it has there, what they keep. */
export async function moveReferences(
  connection: Connection, domain: Domain, { layer, base }: Omit<Merge, 'target'>, { but }: { but: string },
): Promise<void> {
  const format = formatOfBase(connection, { layer, base })
  using snapshots = domain.snapshots()
  for (const snapshot of snapshots) {
    if (snapshot.name() === but) continue
    const root = parse(snapshot.xml(snapshotXml.secure))
    const moved = ['domain', 'inactiveDomain'].map((name) => move(child(root, name), { layer, base, format }))
    if (!moved.includes(true)) continue
    const flags = snapshotCreate.redefine | (snapshot.isCurrent() ? snapshotCreate.current : 0)
    using _again = await domain.createSnapshot(serialize(root), flags)
  }
}

/** Lets a machine's document name what a layer was merged into. Whether it named the layer. */
export function move(domain: XmlElement | undefined, { layer, base, format }: Omit<Merge, 'target'> & { format: string }): boolean {
  const disks = all(domain, 'devices/disk').filter((disk) => attr(child(disk, 'source'), 'file') === layer)
  for (const disk of disks) {
    putSource(disk, base)
    upsert(disk, 'driver', { type: format })
  }
  return disks.length > 0
}

/** What the layer says of it: libvirt's look into a raw one would trust what a guest may have written there. */
export function formatOfBase(connection: Connection, { layer, base }: Omit<Merge, 'target'>): string {
  return unlessGone(() => readAt(connection, layer).backing?.format, failure.noVolume) ?? readAt(connection, base).format ?? 'raw'
}

function readAt(connection: Connection, path: string): VolumeDescription {
  using volume = connection.volumeByPath(path)
  return readVolume(volume.xml())
}
