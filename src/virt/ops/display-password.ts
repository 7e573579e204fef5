import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import { graphicsOf, readAccess, withAccess, type DisplayAccess } from '../../xml/domain-graphics.js'
import { serialize, type XmlElement } from '../../xml/node.js'
import { attr } from '../../xml/tree.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { affect, domainXml } from '../flags.js'
import { noDisplay } from './display-vm.js'
import { Rollback } from './rollback.js'

/** Which password is meant: the one that counts now, the one that counts from the next start on, or both. */
export interface PasswordScope { live: boolean, stored: boolean }

/** The longest password of each kind of display that takes one: VNC's own limit, and SPICE's. */
const longest: Record<string, number> = { vnc: 8, spice: 60 }

/**
 * How long a password for all displays of this machine may be.
 * @throws BayError `not-found` when it has no display, `wrong-state` when it is off or none of them takes a password
 */
export function longestPassword(domain: Domain, scope: PasswordScope): number {
  refuseState(domain, scope)
  return Math.min(...placesOf(scope).flatMap((where) => limitsOf(domain, where)))
}

export interface SetPasswordOptions {
  dryRun: boolean
  /** the last step, such as to tell the password to somebody; when it fails, the old password is back */
  last: () => Promise<void>
  signal?: AbortSignal
}

/**
 * Sets the password of all displays of a machine, or removes it (null). Nothing else of the displays changes. When a part
 * of it fails, all of it is undone.
 * @throws UsageError for a password that the display would cut, BayError `wrong-state`
 */
export async function setPassword(
  domain: Domain, access: DisplayAccess | null, scope: PasswordScope, { dryRun, last, signal }: SetPasswordOptions,
): Promise<{ changed: boolean }> {
  const limit = longestPassword(domain, scope)
  if (access) checkPassword(access.password, limit)
  if (!access && scope.live) throw cannotRemove(domain.name())
  // A connection that only looks is not told the passwords that there are.
  if (dryRun) return { changed: true }
  const changes = placesOf(scope).flatMap((where) => changesOf(domain, access, where))
  await using rollback = new Rollback(signal)
  for (const { before, after, where } of changes) {
    await rollback.step(() => update(domain, after, where), () => ({
      leaves: `the new password of ${domain.name()}'s ${typeOf(after)} display`,
      removeBy: sh`bay vm display --rotate --password-to FILE ${domain.name()}`,
      undo: () => update(domain, before, where),
    }))
  }
  await last()
  rollback.keep()
  return { changed: changes.length > 0 }
}

type Place = keyof typeof affect

function placesOf({ live, stored }: PasswordScope): Place[] {
  return [...live ? ['live' as const] : [], ...stored ? ['config' as const] : []]
}

function limitsOf(domain: Domain, where: Place): number[] {
  const types = graphicsOf(domain.xml(flagsFor(where))).map(typeOf)
  if (types.length === 0) throw noDisplay(domain.name(), where === 'config' ? { from: ' from its next start on' } : {})
  const limits = types.flatMap((type) => longest[type] ?? [])
  if (limits.length > 0) return limits
  throw new BayError('wrong-state', `the display of ${domain.name()} takes no password: it is ${types.join(', ')}`)
}

/** virDomainXMLFlags of the running or the stored machine. */
function flagsFor(where: Place): number {
  return where === 'live' ? 0 : domainXml.inactive
}

interface Change { before: XmlElement, after: XmlElement, where: Place }

/** From the XML with its secrets, or the password of a display that is not meant would be lost. */
function changesOf(domain: Domain, access: DisplayAccess | null, where: Place): Change[] {
  return graphicsOf(domain.xml(domainXml.secure | flagsFor(where)))
    .filter((each) => typeOf(each) in longest && !isSame(readAccess(each), access))
    .map((before) => ({ before, after: withAccess(before, access), where }))
}

function isSame(now: DisplayAccess | null, wanted: DisplayAccess | null): boolean {
  return now?.password === wanted?.password && (now?.validTo ?? null) === null && (wanted?.validTo ?? null) === null
}

/** https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainUpdateDeviceFlags */
function update(domain: Domain, graphics: XmlElement, where: Place): void {
  try {
    domain.updateDevice(serialize(graphics), affect[where])
  } catch (error) {
    if (error instanceof VirtError && where === 'live' && /set_password|set password/i.test(error.message)) throw cannotSet(domain.name(), error)
    throw error
  }
}

function refuseState(domain: Domain, { live, stored }: PasswordScope): void {
  const name = domain.name()
  if (live && !domain.isActive()) {
    throw new BayError('wrong-state', `${name} is off`, { hints: ['--next-start sets the password that it starts with', sh`bay vm start ${name}`] })
  }
  if (stored && !domain.isPersistent()) {
    throw new BayError('wrong-state', `${name} is transient: nothing of it is stored`, { hints: ['leave out --persist and --next-start'] })
  }
}

function checkPassword(password: string, limit: number): void {
  if (password.length > limit) {
    const hint = limit === longest['vnc'] ? 'VNC has no longer ones' : 'give a shorter one'
    throw new UsageError(`the password has ${password.length} characters, and the display takes at most ${limit}`, hint)
  }
  if (!/^[\x21-\x7e]+$/.test(password)) throw new UsageError('the password has blanks or characters that are not ASCII', 'viewers would send something else')
}

/** QEMU decides when it starts whether a display asks for a password; libvirt takes the removal and QEMU keeps the old one. */
function cannotRemove(name: string): BayError {
  return new BayError('wrong-state', `${name} runs, and keeps its display's password until it is off`, {
    hints: ['--next-start removes the password that it starts with', '--rotate --password-to FILE shuts out whoever knows the old one'],
  })
}

function cannotSet(name: string, cause: VirtError): BayError {
  return new BayError('wrong-state', `${name} was started without a password for its display, and takes none until it is off`, {
    hints: ['--next-start sets the password that it starts with', sh`then bay vm stop ${name} && bay vm start ${name}`], cause,
  })
}

function typeOf(graphics: XmlElement): string {
  return attr(graphics, 'type') ?? ''
}
