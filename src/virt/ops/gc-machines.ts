import { BayError } from '../../errors.js'
import { readDomain } from '../../xml/domain-description.js'
import { readMentions, type Mentions } from '../../xml/mentions.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { domainXml, listDomains } from '../flags.js'
import { unlessGone } from './gone.js'

/** What all machines of a host name: as they run, as they will start, as they were saved, and in their snapshots. */
export interface MachinesUse extends Mentions {
  names: Set<string>
  /** disks that may lie on something which is named nowhere: only of machines that run libvirt tells the layers */
  loose: Set<string>
  /** machines that cannot be read, with the reason */
  unread: string[]
}

/** Reads every document of every machine. */
export function readMachinesUse(connection: Connection): MachinesUse {
  const use: MachinesUse = { ...readMentions(), names: new Set(), loose: new Set(), unread: [] }
  const listed = (flag: number) => namesOf(connection, flag)
  const [active, saved, snapshots] = [listed(listDomains.active), listed(listDomains.managedSave), listed(listDomains.hasSnapshot)]
  using domains = connection.domains()
  for (const domain of domains) {
    const name = domain.name()
    use.names.add(name)
    try {
      const more = [...saved.has(name) ? savedXml(domain) : [], ...snapshots.has(name) ? snapshotXmls(domain) : []]
      addTo(use, documents(domain, active.has(name)), more)
    } catch (error) {
      if (!(error instanceof BayError) || error.code === 'cannot-connect') throw error
      use.unread.push(`the machine ${name}: ${error.message}`)
    }
  }
  return use
}

interface Documents {
  running: boolean
  xmls: string[]
}

/** A machine may be gone since the list was read. */
function documents(domain: Domain, running: boolean): Documents {
  const live = running ? unlessGone(() => domain.xml(), failure.noDomain) : null
  const stored = unlessGone(() => domain.xml(domainXml.inactive), failure.noDomain)
  return { running, xmls: [live, stored].flatMap((xml) => xml ?? []) }
}

/** The machine as it was saved may have disks that were attached for that run only. */
function savedXml(domain: Domain): string[] {
  const xml = unlessGone(() => domain.savedXml(), failure.noDomain, failure.noSupport, failure.operationInvalid)
  return xml === null ? [] : [xml]
}

function snapshotXmls(domain: Domain): string[] {
  using snapshots = unlessGone(() => domain.snapshots(), failure.noDomain, failure.noSupport)
  return (snapshots ?? []).flatMap((snapshot) => unlessGone(() => snapshot.xml(), failure.noSnapshot) ?? [])
}

function addTo(use: MachinesUse, { running, xmls }: Documents, more: readonly string[]): void {
  const found = readMentions(...xmls, ...more)
  for (const key of ['paths', 'volumes', 'macs', 'filters'] as const) for (const each of found[key]) use[key].add(each)
  if (running) return
  const disks = xmls.flatMap((xml) => readDomain(xml).disks).filter(({ device, format }) => device === 'disk' && format !== 'raw')
  for (const { path } of disks) if (path?.startsWith('/')) use.loose.add(path)
}

function namesOf(connection: Connection, flag: number): Set<string> {
  using domains = connection.domains(flag)
  return new Set(domains.map((domain) => domain.name()))
}
