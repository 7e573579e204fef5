import { failure, VirtError } from '../errors.js'

/**
 * The error of a call that the host's driver does not have, in plain words: libvirt only names its function. Every
 * other error comes back as it is.
 */
export function plainly(error: Error, host: { shared: boolean }): Error {
  if (!(error instanceof VirtError) || !error.is(failure.noSupport)) return error
  const functionName = /\bvir[A-Z]\w+/.exec(error.message)?.[0] ?? error.call
  const what = lacks.find(([calls]) => calls.test(functionName))?.[1] ?? 'cannot do this'
  return host.shared
    ? error.restated(`this host's driver ${what} (${functionName})`)
    : error.restated(`the embedded host ${what} (${functionName})`, ['a host with a daemon has it: -c qemu:///system'])
}

/** What is missing, by the function that says so. */
const lacks: [calls: RegExp, what: string][] = [
  [/NWFilter/, 'has no network filters'],
  [/DHCPLeases/, 'has no leases'],
  [/^virDomain(Attach|Detach|Update)Device/, 'has no hot plug'],
  [/^virStorageVol(Upload|Download|Wipe)/, 'keeps no content of volumes'],
  [/^virDomainQemuAgent/, 'has no guests that could answer'],
  [/^virDomainOpen(Console|Graphics|Channel)/, 'has no consoles'],
  [/^virDomainMigrate/, 'has no migration'],
  [/DomainCapabilities/, 'does not tell what its machines may have'],
]
