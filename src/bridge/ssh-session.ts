import { readFileSync } from 'node:fs'
import type { Link } from './host-state.js'

/** The address of this system by which the ssh session came in that bay runs in; null when there is none. */
export function sshAddress(): string | null {
  const own = serverAddress(process.env['SSH_CONNECTION'])
  if (own !== null) return own
  // sudo takes the variable away; the shell before it still has it.
  for (let pid = process.ppid, steps = 0; pid > 1 && steps < 64; steps += 1) {
    const address = serverAddress(environmentOf(pid))
    if (address !== null) return address
    pid = parentOf(pid)
  }
  return null
}

/** The one of these devices that has the address. A link-local one says by itself which it is. */
export function carrierOf(links: readonly Link[], address: string): Link | undefined {
  const [plain = '', zone] = address.replace(/^::ffff:(?=\d+\.)/, '').split('%')
  return links.find((each) => (zone === undefined || each.name === zone) && each.addresses.some(({ local }) => local === plain))
}

/** `client port server port` */
function serverAddress(connection: string | undefined): string | null {
  return connection?.split(' ')[2] ?? null
}

function environmentOf(pid: number): string | undefined {
  const entry = read(`/proc/${pid}/environ`).split('\0').find((each) => each.startsWith('SSH_CONNECTION='))
  return entry?.slice('SSH_CONNECTION='.length)
}

/** The second field after the name, which may hold anything. */
function parentOf(pid: number): number {
  const status = read(`/proc/${pid}/stat`)
  return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1] ?? 0)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
