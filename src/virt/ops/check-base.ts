import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { readDomain } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { domainXml } from '../flags.js'
import { unlessGone } from './gone.js'
import { VolumeUse } from './volume-use.js'

/** What lies below layers, read once, at the first machine that asks, for all that one run starts. */
export class Bases {
  #layers: VolumeUse | undefined

  /**
   * Refuses to let a machine write to a disk that another machine's disk is a layer over, such as that of a linked clone: every
   * byte that changes below breaks what lies above. @throws BayError `wrong-state`
   */
  refuse(connection: Connection, domain: Domain): void {
    const own = writtenBy(connection, domain)
    if (own.length === 0) return
    this.#layers ??= VolumeUse.layers(connection)
    if (this.#layers.isBelow(own)) refuseBelow(connection, domain.name(), own)
  }
}

function writtenBy(connection: Connection, domain: Domain): string[] {
  const { disks } = readDomain(domain.xml(domainXml.inactive))
  return disks.filter(({ device, readonly }) => device === 'disk' && !readonly).flatMap(({ path, pool, volume }) => {
    if (pool === null || volume === null) return path ?? []
    return unlessGone(() => {
      using held = connection.pool(pool)
      using found = held.volume(volume)
      return found.path()
    }, failure.noPool, failure.noVolume, failure.operationInvalid) ?? []
  })
}

function refuseBelow(connection: Connection, name: string, own: readonly string[]): void {
  const use = VolumeUse.read(connection)
  const others = new Set(own.flatMap((path) => use.machinesOver(path)).filter((other) => other !== name))
  if (others.size === 0) return
  throw new BayError('wrong-state', `the disks of ${[...others].join(', ')} are layers over a disk of ${name}, and would break when it is written`, {
    hints: [sh`a machine of its own instead: bay vm clone ${name} NEW`, sh`or delete them: bay vm delete ${[...others]}`],
  })
}
