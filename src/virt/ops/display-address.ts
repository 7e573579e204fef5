import { shellWord } from '../../shell.js'
import type { GraphicsDescription } from '../../xml/domain-device-descriptions.js'

/** Where the host is, as seen from here. */
export interface HostPlace {
  /** the connection's URI, as libvirt gives it */
  uri: string
  hostname: string
  /** whether its addresses are this machine's */
  local: boolean
}

/** How to reach one display; what it does not have is null. */
export interface VmDisplay {
  /** `vnc`, `spice`, `sdl` … */
  type: string
  /** the host's address that it listens on */
  host: string | null
  port: number | null
  tlsPort: number | null
  socket: string | null
  /** for a viewer, on this machine or at this machine's end of the tunnel */
  uri: string | null
  /** the command that brings the display to the machine on which it is run; null when the display can be reached without */
  tunnel: string | null
}

/** The address of a display, and the way to it. */
export function displayAddress({ type, host, port, tlsPort, socket }: GraphicsDescription, place: HostPlace): VmDisplay {
  const listens = { type, host, port, tlsPort, socket }
  if (socket !== null && place.local) return { ...listens, uri: `${type}+unix://${encodeURI(socket)}`, tunnel: null }
  if (socket !== null) return { ...listens, uri: viewerUri(type, '127.0.0.1', usual, null), tunnel: tunnel(place, [[`${usual}`, socket]]) }
  const ports = [port, tlsPort].filter((each) => each !== null)
  if (host === null || ports.length === 0) return { ...listens, uri: null, tunnel: null }
  const within = isAny(host) ? host.includes(':') ? '::1' : '127.0.0.1' : host
  const open = isAny(host) && !place.local ? remoteName(place) : within
  return {
    ...listens, uri: viewerUri(type, open, port, tlsPort),
    // From elsewhere: to a listener on loopback there is no other way, and to a remote one it is the encrypted way.
    tunnel: isLoopback(host) || !place.local ? tunnel(place, ports.map((each) => [`${each}`, `${bracketed(within)}:${each}`])) : null,
  }
}

/** The port here of what is a socket there. */
const usual = 5900

function viewerUri(type: string, host: string, port: number | null, tlsPort: number | null): string {
  const authority = port === null ? bracketed(host) : `${bracketed(host)}:${port}`
  return `${type}://${authority}${tlsPort === null ? '' : `?tls-port=${tlsPort}`}`
}

/** ssh's -L, from the same port or path here (https://man.openbsd.org/ssh#L). */
function tunnel({ uri, hostname, local }: HostPlace, ends: readonly (readonly [here: string, there: string])[]): string {
  const to = local ? { name: hostname, port: null } : sshTarget(uri)
  const words = ['ssh', '-N', ...ends.flatMap(([here, there]) => ['-L', `${here}:${there}`]), ...to.port === null ? [] : ['-p', to.port], '--', to.name]
  return words.map(shellWord).join(' ')
}

/** The user and the host of `qemu+ssh://user@host:2222/system`; the port only if it is ssh's. */
function sshTarget(uri: string): { name: string, port: string | null } {
  const [, transport = '', user = '', host = '', port] = /^\w+(?:\+(\w+))?:\/\/(?:([^@/]*)@)?(\[[^\]]*\]|[^:/?]*)(?::(\d+))?/.exec(uri) ?? []
  const ssh = transport === 'ssh' || transport.startsWith('libssh')
  const name = host.replace(/^\[(.*)\]$/, '$1')
  return { name: ssh && user !== '' ? `${user}@${name}` : name, port: ssh ? port ?? null : null }
}

function remoteName({ uri }: HostPlace): string {
  const { name } = sshTarget(uri)
  return name.slice(name.indexOf('@') + 1)
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1' || host === 'localhost'
}
