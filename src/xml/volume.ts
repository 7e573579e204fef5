import { el, parse } from './node.js'
import type { XmlElement } from './node.js'
import { bytesOf, whole } from './numbers.js'
import { attr, child, path, textOf } from './tree.js'

export interface VolumeSpec {
  name: string
  /** Bytes. */
  capacity: number
  /** Bytes to take at once; 0 for raw unless told, as libvirt would fill the file; left to libvirt for others. */
  allocation?: number
  /** `qcow2`, `raw` … */
  format: string
  /** What it is a layer over; its format is never guessed. */
  backing?: { path: string, format: string }
  /** The UUID of the secret with the passphrase of LUKS. */
  secret?: string
}

export interface VolumeDescription {
  name: string
  /** libvirt's identity of it, most often the path. */
  key: string | null
  path: string | null
  /** `file`, `block`, `dir`, `network` … */
  type: string | null
  format: string | null
  /** Bytes. */
  capacity: number | null
  allocation: number | null
  /** Bytes of the content, as of the file; null where libvirt does not tell. */
  physical: number | null
  backing: { path: string, format: string | null } | null
  /** How it is encrypted, and the UUID of the secret with its passphrase, where libvirt has one. */
  encryption: { format: string, secret: string | null } | null
  /** When its content or its owner last changed, in milliseconds since 1970; null where libvirt does not tell. */
  modified: number | null
}

/**
 * A storage `<volume>` (https://libvirt.org/formatstorage.html#storage-volume-xml).
 * Throws UsageError for sizes that are no whole number of bytes.
 */
export function volumeElement(spec: VolumeSpec): XmlElement {
  const allocation = spec.allocation ?? (spec.format === 'raw' ? 0 : undefined)
  return el('volume', {},
    el('name', {}, spec.name),
    el('capacity', { unit: 'bytes' }, whole(spec.capacity, 'the capacity')),
    allocation !== undefined && el('allocation', { unit: 'bytes' }, whole(allocation, 'the allocation')),
    el('target', {},
      el('format', { type: spec.format }),
      // Without it libvirt makes the format of 2008.
      spec.format === 'qcow2' && el('compat', {}, '1.1'),
      spec.secret && el('encryption', { format: 'luks' }, el('secret', { type: 'passphrase', uuid: spec.secret })),
    ),
    spec.backing && el('backingStore', {},
      el('path', {}, spec.backing.path),
      el('format', { type: spec.backing.format }),
    ),
  )
}

/** What a volume's XML says. Throws UsageError for what is no XML. */
export function readVolume(xml: string): VolumeDescription {
  const root = parse(xml)
  return {
    name: textOf(child(root, 'name')) ?? '',
    key: textOf(child(root, 'key')) ?? null,
    path: textOf(path(root, 'target/path')) ?? null,
    type: attr(root, 'type') ?? null,
    format: attr(path(root, 'target/format'), 'type') ?? null,
    capacity: bytesOf(child(root, 'capacity'), 'bytes'),
    allocation: bytesOf(child(root, 'allocation'), 'bytes'),
    physical: bytesOf(child(root, 'physical'), 'bytes'),
    backing: readBacking(child(root, 'backingStore')),
    encryption: readEncryption(path(root, 'target/encryption')),
    modified: readTime(path(root, 'target/timestamps')),
  }
}

/** Seconds, with a fraction after a point. */
function readTime(timestamps: XmlElement | undefined): number | null {
  const seconds = ['mtime', 'ctime'].map((name) => Number.parseFloat(textOf(child(timestamps, name)) ?? '')).filter((each) => !Number.isNaN(each))
  return seconds.length === 0 ? null : Math.max(...seconds) * 1000
}

function readEncryption(encryption: XmlElement | undefined): VolumeDescription['encryption'] {
  return encryption ? { format: attr(encryption, 'format') ?? 'default', secret: attr(child(encryption, 'secret'), 'uuid') ?? null } : null
}

/** libvirt writes an empty <backingStore/> for a layer over nothing. */
function readBacking(backing: XmlElement | undefined): VolumeDescription['backing'] {
  const file = textOf(child(backing, 'path'))
  return file ? { path: file, format: attr(child(backing, 'format'), 'type') ?? null } : null
}
