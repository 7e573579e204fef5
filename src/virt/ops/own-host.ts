import { homedir, hostname } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Connection } from '../connection.js'
import { isInProcess } from './in-process.js'

/**
 * Whether the host is the very system that this program runs on, so that its devices, routes and folders can be looked at
 * here. A local socket alone does not say so: it may be mounted into a container, which has a name of its own.
 */
export function isOwnHost(connection: Connection): boolean {
  if (!connection.isLocal() || isInProcess(connection.uri())) return false
  return shortName(connection.hostname()) === shortName(hostname())
}

/** Where libvirt keeps what belongs to its machines but is no volume: saved memory, UEFI variables. For our own host. */
export function qemuFolder(connection: Connection): string {
  if (new URL(connection.uri()).pathname !== '/session') return '/var/lib/libvirt/qemu'
  const config = process.env['XDG_CONFIG_HOME'] ?? ''
  return join(isAbsolute(config) ? config : join(homedir(), '.config'), 'libvirt/qemu')
}

/** One of the two may have its domain with it. */
function shortName(name: string): string {
  return name.split('.')[0]?.toLowerCase() ?? ''
}
