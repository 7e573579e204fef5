import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { readDomain } from '../../xml/domain-description.js'
import type { InstallMark } from '../../xml/install-mark.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { domainXml } from '../flags.js'
import { undo } from './undo.js'

/**
 * Takes away what was only there for the install, secrets among it, and lets the machine start with its host if it shall.
 * Any number of times: what is gone is fine. The mark stays until the machine has been started, for it says what is left to do.
 * @throws BayError `failed`, with nothing changed, when nothing was installed
 */
export async function leaveInstall(connection: Connection, domain: Domain, { volumes, autostart }: InstallMark): Promise<void> {
  refuseEmpty(domain)
  for (const volume of volumes) await undo(connection, { kind: 'volume', ...volume })
  if (autostart && !domain.autostart()) domain.setAutostart(true)
}

/** Less than the smallest system, more than what an empty disk's format takes. */
const least = 1024 * 1024

/** @throws BayError `failed` when nothing was ever written to the system's disk, as far as its host tells */
function refuseEmpty(domain: Domain): void {
  const { name, disks } = readDomain(domain.xml(domainXml.inactive))
  const system = disks.find(({ device }) => device === 'disk')
  if (!system || written(domain, system.target) >= least) return
  throw new BayError('failed', `${name} is off with nothing on its disk: its installer failed`, {
    hints: ['is the disc one of the system that --os says, and has the machine memory enough?', sh`bay vm delete ${name}, and create it again; --graphics vnc shows what the installer says`],
  })
}

function written(domain: Domain, target: string): number {
  try {
    return domain.diskSize(target).allocation
  } catch (error) {
    if (error instanceof VirtError && error.code !== 'cannot-connect') return Infinity
    throw error
  }
}
