import { existsSync } from 'node:fs'
import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import { qemuFolder } from './own-host.js'
import { hasMachine } from './unless-made.js'

/** @throws BayError `exists` when there is a machine of that name, running or not */
export function refuseTakenName(connection: Connection, name: string): void {
  if (!hasMachine(connection, name)) return
  throw new BayError('exists', `there is a machine ${name} already`, { hints: [sh`bay vm show ${name}`, 'give another name, or --if-missing'] })
}

/**
 * What an earlier machine of that name left in libvirt's own folders. libvirt takes it for the new machine's: it starts with
 * the variables of the old one's firmware, or not at all, from the memory that the old one was saved with.
 * Only for the host that this program runs on. @throws BayError `exists`
 */
export function refuseLeftFiles(connection: Connection, name: string, { uefi }: { uefi: boolean }): void {
  const folder = qemuFolder(connection)
  const files = [`save/${name}.save`, ...uefi ? [`nvram/${name}_VARS.fd`, `nvram/${name}_VARS.qcow2`] : []]
  const left = files.map((file) => `${folder}/${file}`).filter((file) => existsSync(file))
  if (left.length === 0) return
  throw new BayError('exists', `an earlier machine ${name} left ${left.join(', ')}, which libvirt would take for the new one's`, {
    hints: [...left.map((file) => sh`rm ${file}`), 'give the machine another name'],
  })
}
