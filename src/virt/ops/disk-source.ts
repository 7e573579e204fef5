import { BayError, UsageError } from '../../errors.js'
import type { DiskSource, DiskSpec } from '../../xml/domain-disks.js'
import { parse } from '../../xml/node.js'
import { child, path as pathIn } from '../../xml/tree.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { StorageVolume } from '../volume.js'
import { unlessGone } from './gone.js'
import { volumeNamed } from './plan-image.js'
import type { VolumePlace } from './volume-use.js'

/** What a disk is made from. */
export interface FoundSource extends Pick<DiskSpec, 'format' | 'encryption'> {
  source: DiskSource
  /** null for a file that is in no pool */
  volume: VolumePlace | null
  /** all that a machine's document may call it */
  names: string[]
}

/**
 * A volume as POOL/NAME, or a path on the host. The format is what libvirt says of the volume, unless it is to be raw; of a file
 * that it does not know, what was said, for looking into it would trust what a guest may have written.
 * @throws UsageError, VirtError `not-found`
 */
export function diskSource(connection: Connection, text: string, format: string | undefined): FoundSource {
  using volume = text.startsWith('/') ? volumeAt(connection, text) : volumeNamed(connection, text) ?? noVolume(text)
  if (volume) return fromVolume(connection, volume, format)
  if (!text.startsWith('/')) throw new UsageError(`${text} is neither POOL/NAME nor a whole path on the host`, 'bay vol list')
  const block = text.startsWith('/dev/')
  const known = format ?? (block ? 'raw' : undefined)
  if (known === undefined) {
    throw new UsageError(`${text} is in no pool, so nobody knows its format`, '--format raw or qcow2', 'or put it into a pool: bay pool list')
  }
  return { source: { type: block ? 'block' : 'file', path: text }, format: known, volume: null, names: [text] }
}

function fromVolume(connection: Connection, volume: StorageVolume, asked: string | undefined): FoundSource {
  const xml = volume.xml()
  const { type, format: said, path: told } = readVolume(xml)
  const path = told ?? volume.path()
  using pool = connection.poolOf(volume)
  const place = { pool: pool.name(), name: volume.name(), path }
  // A disc's image is as raw as can be, and so are block devices, whatever their partition's type is.
  const known = type === 'block' || said === 'iso' ? 'raw' : said ?? 'raw'
  // A raw volume is taken for whatever its guest has written at its beginning: as raw it harms nobody.
  const format = asked === 'raw' ? asked : known
  if (asked !== undefined && asked !== format) throw new UsageError(`--format ${asked}: libvirt says that ${place.pool}/${place.name} is ${format}`, 'leave out --format')
  const names = [path, `${place.pool}/${place.name}`]
  const encryption = child(pathIn(parse(xml), 'target'), 'encryption')
  if (type === 'network') return { source: { type: 'volume', pool: place.pool, volume: place.name }, format, volume: place, names, encryption }
  return { source: { type: type === 'block' ? 'block' : 'file', path }, format, volume: place, names, encryption }
}

function volumeAt(connection: Connection, path: string): StorageVolume | null {
  return unlessGone(() => connection.volumeByPath(path), failure.noVolume)
}

function noVolume(text: string): never {
  throw new BayError('not-found', `there is no volume ${text}`, { hints: ['name it as POOL/NAME: bay vol list', 'or give the whole path on the host'] })
}
