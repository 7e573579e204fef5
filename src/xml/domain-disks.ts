import { UsageError } from '../errors.js'
import { el } from './node.js'
import type { XmlElement } from './node.js'
import { upsert } from './tree.js'

export interface DiskPath { type: 'file' | 'block', path: string }
export interface DiskVolume { type: 'volume', pool: string, volume: string }
export type DiskSource = DiskPath | DiskVolume

export interface DiskSpec {
  /** Left out for a CD-ROM drive without a disc. */
  source?: DiskSource
  device: 'disk' | 'cdrom'
  /** `qcow2`, `raw` … never guessed: libvirt 9.0 takes `raw` when it is missing, and probing would trust the guest. */
  format: string
  /** `virtio`, `sata`, `scsi`, `usb`, `ide` … */
  bus: string
  /** `vda`; the first free name of the bus unless given. */
  target?: string
  readonly?: boolean
  bootOrder?: number
  cache?: 'default' | 'none' | 'writeback' | 'writethrough' | 'directsync' | 'unsafe'
  discard?: 'unmap' | 'ignore'
  serial?: string
  /** Others may write it at the same time; their file system must know. */
  shareable?: boolean
  /** The `<encryption>` of the volume that it is. */
  encryption?: XmlElement
}

export interface DiskContext {
  /** The domain's type: the qemu driver is named only where it runs. */
  virt: string
  bootOrder?: number
}

/** A `<disk>` (https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms). Its target must be set. */
export function diskElement(disk: DiskSpec, { virt, bootOrder }: DiskContext): XmlElement {
  if (!disk.source && disk.device === 'disk') throw new UsageError('a disk needs a source')
  const qemu = virt === 'kvm' || virt === 'qemu'
  return el('disk', { type: disk.source?.type ?? 'file', device: disk.device },
    el('driver', { name: qemu ? 'qemu' : null, type: disk.format, cache: disk.cache, discard: disk.discard }),
    disk.source && sourceElement(disk.source, disk.encryption),
    el('target', { dev: disk.target, bus: disk.bus }),
    (disk.readonly ?? disk.device === 'cdrom') && el('readonly', {}),
    disk.shareable && el('shareable', {}),
    disk.serial && el('serial', {}, disk.serial),
    bootOrder !== undefined && el('boot', { order: bootOrder }),
  )
}

/** Gives a disk that is there another file. A logical pool's volumes, among others, are block devices. */
export function putSource(disk: XmlElement, path: string): void {
  const block = path.startsWith('/dev/')
  disk.attributes['type'] = block ? 'block' : 'file'
  upsert(disk, 'source', { file: block ? null : path, dev: block ? path : null, pool: null, volume: null })
}

/** Copies of the disks in which each has a target name of its own; names that are given stay. */
export function withTargets(disks: readonly DiskSpec[]): DiskSpec[] {
  const taken = new Set<string>()
  for (const { target } of disks) {
    if (target === undefined) continue
    if (taken.has(target)) throw new UsageError(`two disks have the target ${target}`)
    taken.add(target)
  }
  return disks.map((disk) => {
    const target = disk.target ?? freeTarget(disk.bus, taken)
    taken.add(target)
    return { ...disk, target }
  })
}

/** The first target name of a bus that is not taken: vda … vdz, vdaa … for virtio. Throws UsageError for an unknown bus. */
export function freeTarget(bus: string, taken: ReadonlySet<string>): string {
  const prefix = Object.hasOwn(prefixes, bus) ? prefixes[bus] : undefined
  if (prefix === undefined) {
    throw new UsageError(`"${bus}" is no disk bus that is known here`, `use one of ${Object.keys(prefixes).join(', ')}`)
  }
  let index = 0
  while (taken.has(prefix + letters(index))) index++
  return prefix + letters(index)
}

/** The first letters are the bus's for libvirt; sata, scsi and usb share one series. */
const prefixes: Record<string, string> = {
  virtio: 'vd', sata: 'sd', scsi: 'sd', usb: 'sd', sd: 'sd', ide: 'hd', fdc: 'fd', xen: 'xvd',
}

/** 0 is a, 25 z, 26 aa. */
function letters(index: number): string {
  const last = String.fromCharCode('a'.charCodeAt(0) + index % 26)
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last
}

function sourceElement(source: DiskSource, encryption?: XmlElement): XmlElement {
  switch (source.type) {
    case 'file': return el('source', { file: source.path }, encryption)
    case 'block': return el('source', { dev: source.path }, encryption)
    case 'volume': return el('source', { pool: source.pool, volume: source.volume }, encryption)
  }
}
