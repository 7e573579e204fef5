import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { bayNamespace, readBay, writeBay } from '../../xml/metadata.js'
import { el, parse, serialize } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { affect } from '../flags.js'
import { changeDefinition } from './change-definition.js'
import { unlessGone } from './gone.js'

/** What a machine is guarded against. */
export interface Protection { delete: boolean, stop: boolean }

const names: Record<keyof Protection, string> = { delete: 'protected', stop: 'protected-stop' }

/**
 * Guards a machine, or no longer, in the metadata of its definition and of its run. Whoever calls has its name for itself.
 * @throws VirtError when libvirt refuses it
 */
export function protectVm(
  connection: Connection, domain: Domain, wanted: Protection, { dryRun }: { dryRun: boolean },
): { changed: boolean } {
  const now = readProtection(domain)
  if (now.delete === wanted.delete && now.stop === wanted.stop) return { changed: false }
  if (domain.isPersistent()) {
    changeDefinition(connection, domain, (root) => writeBay(root, withProtection(readBay(root), wanted)), { command: 'vm protect', dryRun })
  }
  if (!dryRun && domain.isActive()) writeLive(domain, wanted)
  return { changed: true }
}

/** What guards it now. */
export function readProtection(domain: Domain): Protection {
  const attributes = readLive(domain)
  return { delete: attributes[names.delete] === 'true', stop: attributes[names.stop] === 'true' }
}

/** @throws BayError `wrong-state` for a machine that is guarded against it */
export function refuseProtected(domain: Domain, from: keyof Protection): void {
  if (!readProtection(domain)[from]) return
  const name = domain.name()
  const off = from === 'stop' ? '--no-stop' : '--off'
  throw new BayError('wrong-state', `${name} is protected against ${from}`, { hints: [sh`bay vm protect ${{ flags: [off] }} ${name}, and then this again`] })
}

/** Of the run, or while it is off of the definition. */
function readLive(domain: Domain): Record<string, string> {
  const xml = unlessGone(() => domain.metadata(bayNamespace), failure.noMetadata, failure.noSupport)
  return xml === null ? {} : parse(xml).attributes
}

function writeLive(domain: Domain, wanted: Protection): void {
  const { xmlns: _xmlns, 'xmlns:bay': _prefixed, ...others } = readLive(domain)
  const attributes = withProtection(others, wanted)
  const element = attributes === null ? null : serialize(el('bay', attributes))
  domain.setMetadata(bayNamespace, 'bay', element, affect.live)
}

function withProtection(attributes: Record<string, string> | null, wanted: Protection): Record<string, string> | null {
  const { [names.delete]: _delete, [names.stop]: _stop, ...others } = attributes ?? {}
  const guards = Object.fromEntries((['delete', 'stop'] as const).flatMap((each) => wanted[each] ? [[names[each], 'true']] : []))
  const all = { ...others, ...guards }
  return Object.keys(all).length === 0 ? null : all
}
