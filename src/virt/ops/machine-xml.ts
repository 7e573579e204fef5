import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { domainXml, listDomains } from '../flags.js'
import { unlessGone } from './gone.js'

/** A machine's documents, to learn what it uses: as it runs, and as it will start the next time. */
export interface MachineXml {
  name: string
  running: boolean
  /** the live one first, when it runs */
  xmls: string[]
}

/** The documents of all machines, or of those that run, by name. */
export function readMachines(connection: Connection, which: { running: boolean }): MachineXml[] {
  return unsorted(connection, which).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
}

function unsorted(connection: Connection, { running }: { running: boolean }): MachineXml[] {
  using active = connection.domains(listDomains.active)
  const names = new Set(active.map((domain) => domain.name()))
  if (running) return active.flatMap((domain) => read(domain, true) ?? [])
  using every = connection.domains()
  return every.flatMap((domain) => read(domain, names.has(domain.name())) ?? [])
}

/** A machine may be gone since the list was read. */
function read(domain: Domain, running: boolean): MachineXml | null {
  return unlessGone(() => ({
    name: domain.name(), running, xmls: [...running ? [domain.xml()] : [], domain.xml(domainXml.inactive)],
  }), failure.noDomain)
}
