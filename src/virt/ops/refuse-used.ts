import { BayError } from '../../errors.js'
import { devicesOf } from '../../xml/machine-devices.js'
import { parse, type XmlElement } from '../../xml/node.js'
import { child } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { domainXml } from '../flags.js'
import type { FoundSource } from './disk-source.js'
import { unlessGone } from './gone.js'
import { VolumeUse } from './volume-use.js'

export interface WantedUse { readonly: boolean, shareable: boolean }

/**
 * Refuses what another machine writes, or would be spoilt for if this one wrote it. Several may write one raw disk when all of them
 * have it as shareable; what is below a layer, and a format with tables of its own such as qcow2, cannot be shared by any flag.
 * @throws BayError `wrong-state`, which names who uses it
 */
export function refuseUsed(
  connection: Connection, { volume, source, names, format }: FoundSource, { readonly, shareable }: WantedUse,
): void {
  const place = volume ?? { pool: '', name: '', path: source.type === 'volume' ? '' : source.path }
  const use = VolumeUse.read(connection)
  const layers = use.layersOver(place)
  if (layers.length > 0 && !readonly) {
    throw new BayError('wrong-state', `volumes are layers over ${place.path}, and would be spoilt if it were written: ${layers.join(', ')}`, {
      hints: ['--readonly', 'or attach a layer of its own: bay vol create POOL/NAME --backing'],
    })
  }
  const users = use.machinesOn(place).map((name) => ({ name, disks: disksOf(connection, name, names) }))
  const others = readonly ? users.filter(({ disks }) => disks.some((disk) => !child(disk, 'readonly'))) : users
  const apart = shareable && format === 'raw' ? others.filter(({ disks }) => disks.length === 0 || !disks.every(mayShare)) : others
  if (apart.length === 0) return
  throw new BayError('wrong-state', `other machines use ${place.path}: ${apart.map(({ name }) => name).join(', ')}`, {
    hints: [...readonly ? [] : ['--readonly, when they only read it too'], sharing({ shareable, format }, apart[0]?.name ?? '')],
  })
}

/** Who only reads it is in nobody's way. */
function mayShare(disk: XmlElement): boolean {
  return child(disk, 'shareable') !== undefined || child(disk, 'readonly') !== undefined
}

function sharing({ shareable, format }: { shareable: boolean, format: string }, other: string): string {
  if (format !== 'raw') return `only a raw disk can be shared, and this one is ${format}`
  return shareable ? `${other} must have it as shareable too: detach it there, and attach it with --shareable` : '--shareable, when its file system is made for that'
}

/** A machine's disks with that source, as it runs and as it will start; none of it when it has a layer over it, or is gone. */
function disksOf(connection: Connection, machine: string, names: readonly string[]): XmlElement[] {
  const found = unlessGone(() => {
    using domain = connection.domain(machine)
    return [domain.xml(), domain.xml(domainXml.inactive)].flatMap((xml) => devicesOf(parse(xml)))
  }, failure.noDomain)
  return (found ?? []).filter(({ source }) => source !== null && names.includes(source)).map(({ element }) => element)
}
