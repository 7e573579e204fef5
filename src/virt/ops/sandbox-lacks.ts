import { failure, VirtError } from '../errors.js'

/**
 * A call that the host's driver does not have, in plain words: libvirt itself only names its function. Every other
 * error comes back as it is.
 */
export function plainly(error: unknown, host: { shared: boolean }): unknown {
  if (!(error instanceof VirtError) || !error.is(failure.noSupport)) return error
  const functionName = /\bvir[A-Z]\w+/.exec(error.message)?.[0] ?? error.call
  const what = lacks.find(([calls]) => calls.test(functionName))?.[1] ?? 'no such thing'
  const [who, hints] = host.shared ? ["this host's driver", []] : ['the embedded host', ['use a host with a daemon, such as -c qemu:///system']]
  return error.restated(`${who} has ${what} (${functionName})`, hints)
}

/** What is missing, by the function that says so. */
const lacks: [calls: RegExp, what: string][] = [
  [/^virNWFilter|NWFilters|NWFilterBindings/, 'no network filters'],
  [/DHCPLeases/, 'no leases'],
  [/^virDomain(Attach|Detach|Update)Device/, 'no hot plug'],
  [/^virStorageVol(Upload|Download|Wipe)/, 'volumes without content'],
  [/^virDomain(Open|Screenshot)|^virDomainSendKey/, 'no consoles and screens'],
  [/^virDomainMigrate/, 'no migration'],
  [/^virDomainQemuAgent|^virDomainAgent|^virDomainFS|GuestInfo/, 'no guest agent'],
  [/DomainCapabilities/, 'no domain capabilities'],
]
