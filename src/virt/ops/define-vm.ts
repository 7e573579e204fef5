import { UsageError } from '../../errors.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { child, textOf, upsert } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import { VirtError } from '../errors.js'
import { domainXml } from '../flags.js'

export interface VmDefinition {
  name: string
  root: XmlElement
}

/** Reads a machine's XML. @throws UsageError that names the file and what is wrong in it */
export function planDefinition(xml: string, file: string): VmDefinition {
  const root = parseFile(xml, file)
  const name = textOf(child(root, 'name'))
  if (root.name !== 'domain') throw new UsageError(`${file} holds a <${root.name}>, not a <domain>`)
  if (!name) throw new UsageError(`${file} has no <name>`)
  return { name, root }
}

function parseFile(xml: string, file: string): XmlElement {
  try {
    return parse(xml)
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${file}: ${error.message}`, ...error.hints)
    throw error
  }
}

/**
 * Defines it, or redefines the machine of that name: under its own UUID and without undefining it first, for that would
 * lose NVRAM, autostart and snapshots.
 */
export function defineVm(
  connection: Connection, { name, root }: VmDefinition, { dryRun }: { dryRun: boolean },
): { changed: boolean, said: string, uuid: string | null } {
  const before = storedXml(connection, name)
  if (before && !child(root, 'uuid')) upsert(root, 'uuid', {}, before.uuid)
  if (dryRun) return { changed: true, said: before ? 'would be redefined' : 'would be defined', uuid: before?.uuid ?? null }
  using domain = connection.defineDomain(serialize(root))
  const changed = before?.xml !== domain.xml(domainXml.inactive | domainXml.secure)
  return { changed, said: before ? changed ? 'redefined' : 'unchanged' : 'defined', uuid: domain.uuid() }
}

function storedXml(connection: Connection, name: string): { uuid: string, xml: string } | undefined {
  try {
    using domain = connection.domain(name)
    // A dry run's connection may not see passwords, and compares nothing.
    return { uuid: domain.uuid(), xml: secureXml(domain) }
  } catch (error) {
    if (error instanceof VirtError && error.code === 'not-found') return undefined
    throw error
  }
}

function secureXml(domain: { xml: (flags: number) => string }): string {
  try {
    return domain.xml(domainXml.inactive | domainXml.secure)
  } catch (error) {
    if (error instanceof VirtError && error.code === 'not-allowed') return ''
    throw error
  }
}
