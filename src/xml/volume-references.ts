import { parse } from './node.js'
import type { XmlElement } from './node.js'
import { all, attr, child, children, path, textOf } from './tree.js'

/** What of the host's storage a machine uses. */
export interface VolumeReferences {
  /** Files and block devices: disks with all that lies below them, and what the machine boots from. */
  files: string[]
  /** Disks that name a volume of a pool instead of its path. */
  volumes: { pool: string, volume: string }[]
}

/** The files that a snapshot keeps the disks and the memory in, of the XML of a `<domainsnapshot>`. */
export function readSnapshotFiles(xml: string): string[] {
  const root = parse(xml)
  const sources = ['domain', 'inactiveDomain'].flatMap((name) => all(root, `${name}/devices/disk`).filter((disk) => !child(disk, 'readonly')).flatMap(layersOf))
  return [...sources.flatMap((source) => attr(source, 'file') ?? attr(source, 'dev') ?? []), attr(child(root, 'memory'), 'file') ?? []].flat()
}

/** What storage a domain's XML names (https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms). */
export function readVolumeReferences(xml: string): VolumeReferences {
  const root = parse(xml)
  const sources = all(root, 'devices/disk').flatMap(layersOf)
  return {
    files: [...sources.flatMap((source) => attr(source, 'file') ?? attr(source, 'dev') ?? []), ...bootFiles(child(root, 'os'))],
    volumes: sources.flatMap((source) => {
      const [pool, volume] = [attr(source, 'pool'), attr(source, 'volume')]
      return pool === undefined || volume === undefined ? [] : [{ pool, volume }]
    }),
  }
}

/** The source of a disk, of the layers below it, and of what it is being copied to. */
function layersOf(disk: XmlElement): XmlElement[] {
  const deeper = [...children(disk, 'backingStore'), ...children(disk, 'mirror')]
  return [...children(disk, 'source'), ...deeper.flatMap(layersOf)]
}

function bootFiles(os: XmlElement | undefined): string[] {
  const texts = ['kernel', 'initrd', 'dtb', 'loader', 'nvram'].map((name) => textOf(child(os, name))?.trim())
  return [...texts, attr(path(os, 'nvram/source'), 'file')].flatMap((text) => text || [])
}
