import { parse, serialize, type XmlElement } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { domainXml } from '../flags.js'
import { recordChange, type Recorded } from './history.js'

export interface DefinitionChange {
  changed: boolean
  /** the stored XML as it was, and as it is or, in a dry run, would be sent; both with their passwords */
  before: string
  after: string
}

export interface ChangeOptions {
  /** what the history says of it, such as `vm set` */
  command: string
  dryRun: boolean
}

/**
 * Changes a machine's stored definition by editing what libvirt stores of it: the inactive XML with its passwords, so that
 * nothing is lost that the edit does not touch, redefined under the same UUID and never undefined, which would lose NVRAM,
 * snapshots and autostart. What was replaced goes into the history first. Whoever calls has the machine's name for itself.
 * An edit that changes nothing calls nothing. What runs goes on as it is.
 * @throws VirtError when libvirt refuses it, and then nothing has changed; whatever `edit` throws
 */
export function changeDefinition(
  connection: Connection, domain: Domain, edit: (root: XmlElement) => void, { command, dryRun }: ChangeOptions,
): DefinitionChange {
  const before = storedDefinition(domain)
  const root = parse(before)
  const asRead = serialize(root)
  edit(root)
  const after = serialize(root)
  if (after === asRead) return { changed: false, before, after: before }
  if (dryRun) return { changed: true, before, after }
  using now = redefine(connection, domain, after, { command, before })
  return { changed: true, before, after: storedDefinition(now) }
}

/** Replaces a machine's stored definition by a whole document with its own UUID. @throws VirtError when libvirt refuses it */
export function redefine(connection: Connection, domain: Domain, xml: string, recorded: Recorded): Domain {
  using record = recordChange(connection, domain, recorded)
  const now = connection.defineDomain(xml)
  record.keep(storedDefinition(now))
  return now
}

/** As it is kept, with its passwords; a read-only connection, as of a dry run, may not see those. */
export function storedDefinition(domain: Domain): string {
  try {
    return domain.xml(domainXml.inactive | domainXml.secure)
  } catch (error) {
    if (error instanceof VirtError && error.code === 'not-allowed') return domain.xml(domainXml.inactive)
    throw error
  }
}
