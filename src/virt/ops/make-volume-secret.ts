import { randomUUID } from 'node:crypto'
import { BayError } from '../../errors.js'
import type { Secret as Passphrase } from '../../provision/password.js'
import { serialize } from '../../xml/node.js'
import { secretElement } from '../../xml/secret.js'
import type { Connection } from '../connection.js'
import type { Rollback } from './rollback.js'
import { secretFor, secretMark } from './volume-secret.js'

export interface EncryptedVolume {
  /** `POOL/NAME` */
  name: string
  path: string
  passphrase: Passphrase
}

/**
 * Gives libvirt the passphrase of a volume that is about to be made; gives the secret's UUID. libvirt keeps it on the host, where
 * root can read it, and never tells it again.
 * @throws BayError `exists` when there is a secret for that path
 */
export async function makeVolumeSecret(
  connection: Connection, { name, path, passphrase }: EncryptedVolume, rollback: Rollback,
): Promise<string> {
  using old = secretFor(connection, path)
  if (old) throw new BayError('exists', `the host has a secret for ${path} already`, { hints: ['virsh secret-list', `virsh secret-undefine ${old.uuid()}, if no volume needs it`] })
  const uuid = randomUUID()
  const xml = serialize(secretElement({ uuid, description: `${secretMark}${name}`, volume: path }))
  await rollback.make(connection, { kind: 'secret', uuid, name }, () => {
    using secret = connection.defineSecret(xml)
    secret.setValue(Buffer.from(passphrase.reveal()))
  })
  return uuid
}
