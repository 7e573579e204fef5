import type { DomainDescription } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { listDomains } from '../flags.js'
import { agentAddresses } from './agent-addresses.js'
import { unlessGone } from './gone.js'
import { leasesByMac } from './leases-by-mac.js'
import { runningMachines, type HostMachine } from './running-machines.js'
import { cardsWithout, knownAddresses, ofCards, runningMachine, type KnownAddress } from './vm-addresses.js'

/** Opens a connection that may ask guest agents, for whoever looks may not; null when that is not allowed, or there are none. */
export type OpenForAgents = () => Promise<Connection | null>

/** Addresses by the UUIDs of machines. */
type Known = Map<string, KnownAddress[]>

interface Ask { openForAgents: OpenForAgents, inTime: () => boolean }

export interface HostAddresses {
  known: Known
  /** the names of those that were not asked one by one, for lack of time */
  unasked: string[]
}

/** How long (ms) machines without a lease are asked one by one. */
const patience = 3000

/** The addresses of all running machines of a host: leases in a fixed number of calls, for the others ARP tables and agents. */
export async function hostAddresses(connection: Connection, openForAgents: OpenForAgents): Promise<HostAddresses> {
  const until = performance.now() + patience
  const inTime = () => performance.now() < until
  using domains = connection.domains(listDomains.active)
  const leases = domains.length === 0 ? new Map<string, never[]>() : leasesByMac(connection)
  const machines = runningMachines(connection, domains, leases, { reads: inTime })
  const known: Known = new Map(machines.map((machine) => (
    [machine.uuid, knownAddresses(inTime() ? machine : { ...machine, arp: null }, leases)]
  )))
  const deaf = await askAgents(machines.filter((machine) => isSilent(machine, known)), known, { openForAgents, inTime })
  return { known, unasked: [...machines.filter(({ agent }) => agent === null), ...deaf].map(({ name }) => name) }
}

/** The same of one running machine. */
export async function vmAddresses(
  connection: Connection, domain: Domain, { nics, agentChannel }: DomainDescription, openForAgents: OpenForAgents,
): Promise<KnownAddress[]> {
  if (nics.length === 0) return []
  const identity = { name: domain.name(), uuid: domain.uuid() }
  const machine = { ...runningMachine(domain, nics), ...identity, agent: agentChannel.connected ?? false }
  const known: Known = new Map([[machine.uuid, knownAddresses(machine, leasesByMac(connection))]])
  await askAgents([machine].filter((each) => isSilent(each, known)), known, { openForAgents, inTime: () => true })
  return known.get(machine.uuid) ?? []
}

function isSilent(machine: HostMachine, known: Known): boolean {
  return machine.agent === true && cardsWithout(machine, known.get(machine.uuid) ?? []).length > 0
}

/** Adds what agents tell of cards without an address; gives those not asked: after one that does not answer, no other is. */
async function askAgents(machines: readonly HostMachine[], known: Known, { openForAgents, inTime }: Ask): Promise<HostMachine[]> {
  const writable = machines.length === 0 ? null : await openForAgents()
  if (writable === null) return []
  for (const [at, machine] of machines.entries()) {
    if (!inTime()) return machines.slice(at)
    using domain = unlessGone(() => writable.domainByUuid(machine.uuid), failure.noDomain)
    const told = domain && await agentAddresses(domain)
    const before = known.get(machine.uuid) ?? []
    if (told) known.set(machine.uuid, [...before, ...ofCards(told, cardsWithout(machine, before), 'agent')])
    else if (domain) return machines.slice(at)
  }
  return []
}
