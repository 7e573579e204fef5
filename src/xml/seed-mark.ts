import { diskElement, freeTarget, putSource } from './domain-disks.js'
import { readBay, writeBay } from './metadata.js'
import type { XmlElement } from './node.js'
import { all, attr, child } from './tree.js'

export interface SeedPlace { pool: string, volume: string }

/** Where a machine's seed for cloud-init is, as its metadata says. */
export interface SeedMark {
  /** null when it has none */
  seed: SeedPlace | null
  /** those that it had before, and that could not be deleted yet */
  before: SeedPlace[]
}

/** Reads the mark out of the attributes of our own element. */
export function readSeedMark(metadata: Record<string, string> | null): SeedMark {
  const [seed] = placesIn(metadata?.['seed'])
  return { seed: seed ?? null, before: placesIn(metadata?.['oldseeds']) }
}

/** Sets the mark in a domain's document; all else that our element says stays. */
export function writeSeedMark(root: XmlElement, { seed, before }: SeedMark): void {
  writeBay(root, {
    ...readBay(root), seed: seed && placeText(seed), oldseeds: before.length === 0 ? null : before.map(placeText).join('//'),
  })
}

/** Makes a domain's document read its seed from the file `path`: on the disk that has it now, or on one more. */
export function putSeed(root: XmlElement, old: SeedPlace | null, path: string): void {
  const disks = all(root, 'devices/disk')
  const disk = old && disks.find((each) => holds(each, old))
  if (disk) putSource(disk, path)
  else addDisk(root, disks, path)
}

export function placeText({ pool, volume }: SeedPlace): string {
  return `${pool}/${volume}`
}

/** No name has a slash, so two of them end a place. */
function placesIn(text: string | undefined): SeedPlace[] {
  return text?.split('//').flatMap((place) => {
    const [pool, volume] = place.split('/')
    return pool && volume ? { pool, volume } : []
  }) ?? []
}

function holds(disk: XmlElement, { pool, volume }: SeedPlace): boolean {
  const source = child(disk, 'source')
  if (!child(disk, 'readonly')) return false
  if (attr(source, 'pool') === pool && attr(source, 'volume') === volume) return true
  return (attr(source, 'file') ?? attr(source, 'dev'))?.split('/').at(-1) === volume
}

/** On virtio and not as a CD-ROM: the kernels of cloud images have no driver for SATA. */
function addDisk(root: XmlElement, disks: readonly XmlElement[], path: string): void {
  const devices = child(root, 'devices')
  if (!devices) return
  const taken = new Set(disks.flatMap((disk) => attr(child(disk, 'target'), 'dev') ?? []))
  const element = diskElement({
    device: 'disk', source: { type: path.startsWith('/dev/') ? 'block' : 'file', path }, format: 'raw', bus: 'virtio',
    target: freeTarget('virtio', taken), readonly: true,
  }, { virt: attr(root, 'type') ?? '' })
  const last = disks.at(-1)
  const at = last ? devices.children.indexOf(last) + 1 : devices.children.length
  devices.children.splice(at, 0, element)
}
