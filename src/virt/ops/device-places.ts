import { BayError } from '../../errors.js'
import { parse, type XmlElement } from '../../xml/node.js'
import type { Domain } from '../domain.js'
import { storedDefinition } from './change-definition.js'

/** Where a change of devices goes: into the machine as it runs, and into what it starts with. */
export interface Places { live: boolean, config: boolean }

/** A machine's documents; null for the one that it does not have, or that is not meant. */
export interface Documents { live: XmlElement | null, config: XmlElement | null }

/**
 * Both where there are both; what is off or without a definition has only one.
 * @throws BayError `wrong-state` for --next-start of a machine that has none
 */
export function placesOf(domain: Domain, { nextStart }: { nextStart: boolean }): Places {
  const [live, config] = [domain.isActive(), domain.isPersistent()]
  if (nextStart && !config) {
    throw new BayError('wrong-state', `${domain.name()} is transient: it has no next start`, { hints: ['leave out --next-start'] })
  }
  return { live: live && !nextStart, config }
}

export function documentsOf(domain: Domain, { live, config }: Places): Documents {
  return { live: live ? parse(domain.xml()) : null, config: config ? parse(storedDefinition(domain)) : null }
}

/** All documents that the machine has, those that are not meant too: what is taken in one of them is taken. */
export function allDocuments(domain: Domain): XmlElement[] {
  const { live, config } = documentsOf(domain, { live: domain.isActive(), config: domain.isPersistent() })
  return [live, config].flatMap((each) => each ?? [])
}
