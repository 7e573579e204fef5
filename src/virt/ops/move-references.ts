import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { all, attr, child } from '../../xml/tree.js'
import type { Domain } from '../domain.js'
import { snapshotCreate, snapshotXml } from '../flags.js'

/** Lets a machine's other snapshots find in a new place what they keep. */
export async function moveReferences(domain: Domain, from: string, to: string, { but }: { but: string }): Promise<void> {
  using snapshots = domain.snapshots()
  for (const snapshot of snapshots) {
    if (snapshot.name() === but) continue
    const root = parse(snapshot.xml(snapshotXml.secure))
    const moved = ['domain', 'inactiveDomain'].map((name) => move(child(root, name), from, to))
    if (!moved.includes(true)) continue
    const flags = snapshotCreate.redefine | (snapshot.isCurrent() ? snapshotCreate.current : 0)
    using _again = await domain.createSnapshot(serialize(root), flags)
  }
}

function move(domain: XmlElement | undefined, from: string, to: string): boolean {
  const sources = all(domain, 'devices/disk').flatMap((disk) => child(disk, 'source') ?? []).filter((source) => attr(source, 'file') === from)
  for (const source of sources) source.attributes['file'] = to
  return sources.length > 0
}
