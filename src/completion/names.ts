import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { namesOf } from '../find.js'
import type { Connection } from '../virt/connection.js'
import { imageNames } from '../virt/ops/image-name.js'
import { exitWithin } from '../virt/exit.js'
import { openHost } from '../virt/ops/open-host.js'
import type { NamesWanted } from './candidates.js'

/**
 * The names of what is on the host, as far as they can be had by `deadline` (performance.now()) and without a question.
 * @throws whatever opening and listing throws
 */
export async function liveNames({ kind, uri }: NamesWanted, deadline: number): Promise<string[]> {
  const host = uri ?? (process.env['LIBVIRT_DEFAULT_URI'] || null)
  if (mayAsk(host)) return []
  await using opened = await openHost(quiet(host), { readOnly: true, timeout: Math.max(deadline - performance.now(), 1) })
  // From here on this thread waits for the host's answers, and no timer of its own would come.
  exitWithin(Math.max(deadline - performance.now(), 0) + grace)
  if (kind === 'image') return imageNames(opened.connection)
  return kind === 'vol' ? volumes(opened.connection, deadline) : namesOf[kind](opened.connection)
}

/** For printing what came at the last moment (ms). */
const grace = 100

function volumes(connection: Connection, deadline: number): string[] {
  using pools = connection.pools()
  return pools.filter((pool) => pool.isActive()).flatMap((pool) => {
    if (performance.now() > deadline) return []
    using list = pool.volumes()
    const name = pool.name()
    return list.map((volume) => `${name}/${volume.name()}`)
  })
}

/** ssh would ask for a password in the middle of the line, unless told that there is nobody. https://libvirt.org/uri.html#ssh-transport */
function quiet(uri: string | null): string | null {
  return uri !== null && /^\w+\+ssh:/.test(uri) && !/[?&]no_tty=/.test(uri) ? `${uri}${uri.includes('?') ? '&' : '?'}no_tty=1` : uri
}

/** An alias, or libvirt's own choice, may stand for a host that is reached by ssh, and there no_tty cannot be said. */
function mayAsk(uri: string | null): boolean {
  if (uri !== null && (uri.includes('://') || /^sandbox(:|$)/.test(uri))) return false
  const folder = process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config')
  return ['/etc/libvirt/libvirt.conf', join(folder, 'libvirt', 'libvirt.conf')].some((file) => /^[^#\n]*\+(ssh|libssh2?):/m.test(read(file)))
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
