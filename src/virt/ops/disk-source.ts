import { BayError, UsageError } from '../../errors.js'
import { devicesOf } from '../../xml/machine-devices.js'
import type { DiskSource, DiskSpec } from '../../xml/domain-disks.js'
import { parse } from '../../xml/node.js'
import { child, path as pathIn } from '../../xml/tree.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { failure, VirtError } from '../errors.js'
import { domainXml } from '../flags.js'
import type { StorageVolume } from '../volume.js'
import { unlessGone } from './gone.js'
import { volumeNamed } from './plan-image.js'
import { VolumeUse, type VolumePlace } from './volume-use.js'

/** What a disk is made from. */
export interface FoundSource extends Pick<DiskSpec, 'format' | 'encryption'> {
  source: DiskSource
  /** null for a file that is in no pool */
  volume: VolumePlace | null
  /** all that a machine's document may call it */
  names: string[]
}

/**
 * A volume as POOL/NAME, or a path on the host. The format is what libvirt says of the volume; of a file that it does not know,
 * what was said, for looking into it would trust what a guest may have written.
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

/**
 * Refuses what another machine writes, or would be spoilt for if this one wrote it.
 * @throws BayError `wrong-state`, which names who uses it
 */
export function refuseUsed(
  connection: Connection, { volume, source, names }: FoundSource,
  { readonly, shareable }: { readonly: boolean, shareable: boolean },
): void {
  if (shareable) return
  const place = volume ?? { pool: '', name: '', path: source.type === 'volume' ? '' : source.path }
  const use = VolumeUse.read(connection)
  const layers = use.layersOver(place)
  if (layers.length > 0 && !readonly) {
    throw new BayError('wrong-state', `volumes are layers over ${place.path}, and would be spoilt if it were written: ${layers.join(', ')}`, {
      hints: ['--readonly', 'or attach a layer of its own: bay vol create POOL/NAME --backing'],
    })
  }
  const machines = use.machinesOn(place).filter((name) => !readonly || writes(connection, name, names))
  if (machines.length === 0) return
  throw new BayError('wrong-state', `other machines use ${place.path}: ${machines.join(', ')}`, {
    hints: [...readonly ? [] : ['--readonly, when they only read it too'], '--shareable, when its file system is made for that'],
  })
}

function fromVolume(connection: Connection, volume: StorageVolume, asked: string | undefined): FoundSource {
  const xml = volume.xml()
  const { type, format: said, path: told } = readVolume(xml)
  const path = told ?? volume.path()
  using pool = connection.poolOf(volume)
  const place = { pool: pool.name(), name: volume.name(), path }
  // A disc's image is as raw as can be, and so are block devices, whatever their partition's type is.
  const format = type === 'block' || said === 'iso' ? 'raw' : said ?? 'raw'
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

/** Whether a machine has it as a disk that it may write. */
function writes(connection: Connection, machine: string, names: readonly string[]): boolean {
  try {
    using domain = connection.domain(machine)
    return [domain.xml(), domain.xml(domainXml.inactive)].some((xml) => devicesOf(parse(xml)).some(({ element, source }) =>
      source !== null && names.includes(source) && child(element, 'readonly') === undefined))
  } catch (error) {
    if (error instanceof VirtError && error.code === 'not-found') return false
    throw error
  }
}
