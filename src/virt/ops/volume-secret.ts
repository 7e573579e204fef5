import { BayError } from '../../errors.js'
import { readVolumeSecret } from '../../xml/secret.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { failure, VirtError } from '../errors.js'
import { secretUsage } from '../flags.js'
import type { Secret } from '../secret.js'
import type { StorageVolume } from '../volume.js'
import { unlessGone } from './gone.js'

/** What a secret that bay made says of itself. */
export const secretMark = 'bay: the passphrase of the volume '

/** Deletes a volume, and then the passphrase that bay made for it; never one that somebody else made. */
export function removeVolume(connection: Connection, volume: StorageVolume): void {
  using secret = ownSecret(connection, volume)
  volume.delete()
  secret?.undefine()
}

/** The secrets that bay made, each with the path of its volume. Nothing of a driver without secrets. */
export function ownSecrets(connection: Connection): { uuid: string, name: string, path: string }[] {
  using secrets = unlessGone(() => connection.secrets(), failure.noSupport)
  return (secrets ?? []).flatMap((secret) => {
    const found = readVolumeSecret(unlessGone(() => secret.xml(), failure.noSecret) ?? '<secret/>')
    if (!found?.description.startsWith(secretMark)) return []
    return [{ uuid: found.uuid, name: found.description.slice(secretMark.length), path: found.volume }]
  })
}

/** @throws BayError `wrong-state`: libvirt would make a copy that lies open, or one that nobody can read */
export function refuseEncrypted(volume: StorageVolume, name: string): void {
  if (readVolume(volume.xml()).encryption === null) return
  throw new BayError('wrong-state', `${name} is encrypted, and is neither copied nor laid under another volume`, {
    hints: ['bay vol download takes its bytes as they are, encrypted'],
  })
}

/** A volume that cannot be read any more goes without its secret; bay gc finds that. */
function ownSecret(connection: Connection, volume: StorageVolume): Secret | null {
  const path = encryptedPath(volume)
  const secret = path === null ? null : secretFor(connection, path)
  if (secret === null || readVolumeSecret(secret.xml())?.description.startsWith(secretMark)) return secret
  secret[Symbol.dispose]()
  return null
}

function encryptedPath(volume: StorageVolume): string | null {
  try {
    const { encryption, path } = readVolume(volume.xml())
    return encryption === null ? null : path
  } catch (error) {
    if (error instanceof VirtError) return null
    throw error
  }
}

/** The secret that is for the volume of a path, whoever made it. */
export function secretFor(connection: Connection, path: string): Secret | null {
  return unlessGone(() => connection.secretByUsage(secretUsage.volume, path), failure.noSecret)
}
