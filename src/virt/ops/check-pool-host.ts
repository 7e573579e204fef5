import { BayError } from '../../errors.js'
import { readPoolTypes, type PoolAuth, type PoolSpec } from '../../xml/pool.js'
import type { Connection } from '../connection.js'
import { failure, VirtError } from '../errors.js'
import { secretUsage } from '../flags.js'
import { unlessGone } from './gone.js'

/** @throws BayError `failed` when the host's libvirt has no part for pools of that type; a driver that does not tell is let pass */
export function refuseLackingBackend(connection: Connection, type: string): void {
  const capabilities = unlessGone(() => connection.poolCapabilities(), failure.noSupport)
  if (capabilities === null || readPoolTypes(capabilities).has(type)) return
  throw new BayError('failed', `the host's libvirt has no part for pools of type ${type}`, { hints: installing(type) })
}

/** Debian has these types in packages of their own, and the others in libvirt-daemon; Fedora has one for each. */
function installing(type: string): string[] {
  const own = `libvirt-daemon-driver-storage-${['dir', 'fs', 'netfs'].includes(type) ? 'core' : type}`
  const debian = ['gluster', 'iscsi-direct', 'rbd', 'zfs'].includes(type) ? own : 'libvirt-daemon'
  return [`on that host, with Debian: apt install ${debian}`, `on that host, with Fedora: dnf install ${own}`, 'then: systemctl restart libvirtd']
}

/** @throws VirtError `not-found` when the host has no such secret; a driver without secrets is let pass */
export function refuseMissingSecret(connection: Connection, { auth }: Pick<PoolSpec, 'auth'>): void {
  if (auth === undefined) return
  try {
    using _secret = lookUp(connection, auth)
  } catch (error) {
    if (!(error instanceof VirtError) || error.is(failure.noSupport)) return
    if (error.code !== 'not-found') throw error
    const said = 'uuid' in auth.secret ? `with the UUID ${auth.secret.uuid}` : `for the ${kindOf(auth)} use "${auth.secret.usage}"`
    throw error.restated(`the host has no secret ${said}`, ['virsh secret-list', 'virsh secret-define FILE, then virsh secret-set-value UUID --file FILE'])
  }
}

function lookUp(connection: Connection, auth: PoolAuth) {
  const { secret } = auth
  return 'uuid' in secret ? connection.secretByUuid(secret.uuid) : connection.secretByUsage(secretUsage[kindOf(auth)], secret.usage)
}

function kindOf({ type }: PoolAuth): 'ceph' | 'iscsi' {
  return type === 'ceph' ? 'ceph' : 'iscsi'
}
