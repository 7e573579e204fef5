import { BayError, UsageError } from '../../errors.js'
import { parentOf, type HostFilters } from '../../firewall/host-filter.js'
import type { FilterParameter, FilterReference } from '../../xml/filter.js'
import { described } from '../../xml/machine-devices.js'
import { serialize, type XmlElement } from '../../xml/node.js'
import { attr, child, children } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { affect } from '../flags.js'
import { changeDefinition, storedDefinition } from './change-definition.js'
import { documentsOf } from './device-places.js'
import { combined, combinedName, defineCombined, removeUnused } from './combined-filter.js'
import { generatedOf, isGenerated } from './generated-filter.js'
import { journalFor } from './journal.js'
import { referenceIn, sameNic, sameReference, setReference, waysAnew, waysTo } from './nic-filter.js'
import { Rollback } from './rollback.js'
import type { UndoRecord } from './undo.js'
import { bindingsOf, readHostFilters } from './write-filters.js'

export interface FilterChange {
  /** what is put on, or taken off; none takes off all */
  names: readonly string[]
  /** put on and take off what else is there; take off */
  how: 'add' | 'only' | 'remove'
  /** of the interface; undefined for the only one */
  mac?: string
  /** values for variables; those of the same name that are there go */
  parameters: readonly FilterParameter[]
  command: string
  dryRun: boolean
  signal?: AbortSignal
}

export interface AppliedFilters {
  changed: boolean
  mac: string
  /** what is in force, as it was asked for */
  filters: string[]
  /** what the interface names: the one, or the generated one that includes all of them */
  filter: string | null
  live: boolean
}

/**
 * Puts filters on an interface, or takes them off, as it runs and as it will start, and changes nothing else of it. libvirt
 * takes one filter an interface: several are included by one that is generated for it. The interface is never without rules in
 * between: one filter is exchanged for another with the link down. One that the running machine names, but that is not in force,
 * comes into force. Whoever calls has the machine's name for itself.
 * @throws UsageError, BayError `not-found` when there is no such filter or interface, VirtError; then all is as it was
 */
export async function changeFilters(connection: Connection, domain: Domain, change: FilterChange): Promise<AppliedFilters> {
  const places = { live: domain.isActive(), config: domain.isPersistent() }
  const { live, config } = documentsOf(domain, places)
  const nic = chosenNic(domain.name(), live ?? config, change.mac)
  const host = readHostFilters(connection)
  const missing = change.how === 'remove' ? undefined : change.names.find((name) => !host.has(name))
  if (missing !== undefined) throw new BayError('not-found', `there is no filter named ${missing}`, { hints: ['see what there is: bay filter list'] })
  const mac = described(nic).mac ?? ''
  const [liveNic, storedNic] = [live, config].map((root) => root === null ? undefined : sameNic(root, nic))
  const now = [liveNic, storedNic].flatMap((each) => each ? [referenceIn(each)] : [])
  const filters = wantedOf(membersOf(now[0] ?? null, host), change)
  refuseDefaults(filters, host)
  const target = targetOf(filters, mac, now[0]?.parameters ?? [], change)
  const isCombined = target !== null && target.filter === combinedName(mac)
  const rebuilt = isCombined && !sameMembers(host, target.filter, filters)
  const moved = now.some((each) => !sameReference(each, target))
  const isLost = liveNic !== undefined && target !== null && !isInForce(connection, liveNic)
  const changed = rebuilt || moved || isLost
  const result: AppliedFilters = { changed, mac, filters, filter: target?.filter ?? null, live: places.live }
  if (change.dryRun || !changed) return result
  using journal = journalFor(connection, { command: change.command, name: domain.name() })
  await using rollback = new Rollback(change.signal, journal)
  const generated = generatedOf(connection, [combinedName(mac), ...now.flatMap((each) => each?.filter ?? [])])
  if (rebuilt) await defineCombined(connection, combined(mac, filters), host.get(target.filter), rollback)
  if (liveNic && (isLost || !sameReference(referenceIn(liveNic), target))) {
    await exchange(connection, domain, liveNic, { target, isLost, rollback })
  }
  if (storedNic && !sameReference(referenceIn(storedNic), target)) {
    const before = storedDefinition(domain)
    await rollback.make(connection, recordOf(domain, 'stored-nic', storedNic), () => changeDefinition(connection, domain, (root) => {
      const stored = sameNic(root, nic)
      if (stored) setReference(stored, target)
    }, { command: change.command, dryRun: false }), () => { connection.defineDomain(before)[Symbol.dispose]() })
  }
  verify(connection, domain, nic, target)
  await removeUnused(connection, generated, rollback)
  rollback.keep()
  return result
}

function chosenNic(name: string, root: XmlElement | null, mac: string | undefined): XmlElement {
  const all = children(child(root ?? undefined, 'devices'), 'interface')
  const macs = all.flatMap((each) => described(each).mac ?? [])
  if (mac !== undefined) {
    const found = all.find((each) => described(each).mac === mac.toLowerCase())
    if (!found) throw new BayError('not-found', `${name} has no interface ${mac}`, { hints: macs.map((each) => `--nic ${each}`) })
    return filterable(name, found)
  }
  const [only, ...more] = all
  if (!only) throw new BayError('wrong-state', `${name} has no network interface`)
  if (more.length > 0) throw new UsageError(`${name} has ${all.length} interfaces`, ...macs.map((each) => `--nic ${each}`))
  return filterable(name, only)
}

/** libvirt takes a filter on the others too, and enforces nothing. */
function filterable(name: string, nic: XmlElement): XmlElement {
  const type = attr(nic, 'type') ?? ''
  if (['network', 'bridge', 'ethernet'].includes(type)) return nic
  throw new UsageError(`the interface ${described(nic).mac} of ${name} is of type ${type}, which libvirt does not filter`)
}

/** A copy of a machine may name what was generated for the other one. */
function membersOf(reference: FilterReference | null, host: HostFilters): string[] {
  if (reference === null) return []
  const filter = host.get(reference.filter)
  return filter && isGenerated(filter) ? filter.references.map((each) => each.filter) : [reference.filter]
}

function wantedOf(members: readonly string[], { names, how }: FilterChange): string[] {
  if (how === 'only') return [...new Set(names)]
  if (how === 'add') return [...new Set([...members, ...names])]
  return names.length === 0 ? [] : members.filter((each) => !names.includes(each))
}

/** The end of one would let through what another one is to drop. */
function refuseDefaults(filters: readonly string[], host: HostFilters): void {
  const known = filters.flatMap((name) => {
    const chosen = parentOf(name, host).default
    return chosen ? [{ name, said: `in ${chosen.in}, out ${chosen.out}` }] : []
  })
  const other = known.find(({ said }) => said !== known[0]?.said)
  if (other && known[0]) throw new UsageError(`${known[0].name} and ${other.name} have different defaults: ${known[0].said}; ${other.said}`, '--only takes the others off')
}

function targetOf(
  filters: readonly string[], mac: string, has: readonly FilterParameter[], { parameters }: FilterChange,
): FilterReference | null {
  const [only, ...more] = filters
  if (only === undefined) return null
  const kept = has.filter(({ name }) => !parameters.some((given) => given.name === name))
  return { filter: more.length === 0 ? only : combinedName(mac), parameters: [...kept, ...parameters] }
}

function sameMembers(host: HostFilters, name: string, filters: readonly string[]): boolean {
  return host.get(name)?.references.map(({ filter }) => filter).join() === filters.join()
}

/** One of several updates may be refused when others are made: whatever was, is undone. */
async function exchange(
  connection: Connection, domain: Domain, nic: XmlElement,
  { target, isLost, rollback }: { target: FilterReference | null, isLost: boolean, rollback: Rollback },
): Promise<void> {
  const wanted = structuredClone(nic)
  setReference(wanted, target)
  const update = (each: XmlElement) => domain.updateDevice(serialize(each), affect.live)
  const [first, ...rest] = isLost ? waysAnew(wanted, nic) : waysTo(wanted, nic)
  if (!first) return
  await rollback.make(connection, recordOf(domain, 'running-nic', nic), () => update(first))
  for (const each of rest) update(each)
}

function recordOf(domain: Domain, kind: 'running-nic' | 'stored-nic', nic: XmlElement): UndoRecord {
  return { kind, uuid: domain.uuid(), name: domain.name(), nic: serialize(nic) }
}

/** Whether libvirt has what the interface says in force; of one that says nothing of its device nobody can tell. */
function isInForce(connection: Connection, nic: XmlElement): boolean {
  const { target } = described(nic)
  return target === null || bindingsOf(connection).get(target) === referenceIn(nic)?.filter
}

/** What libvirt says is in force, not what we asked for. */
function verify(connection: Connection, domain: Domain, nic: XmlElement, target: FilterReference | null): void {
  const { live, config } = documentsOf(domain, { live: domain.isActive(), config: domain.isPersistent() })
  for (const root of [live, config]) {
    const there = root === null ? undefined : sameNic(root, nic)
    if (there && !sameReference(referenceIn(there), target)) throw new BayError('failed', `${domain.name()} did not keep its filter ${target?.filter ?? ''}`)
  }
  const tap = live && described(sameNic(live, nic) ?? nic).target
  const bound = typeof tap === 'string' ? bindingsOf(connection).get(tap) : undefined
  if (live && typeof tap === 'string' && bound !== target?.filter) throw new BayError('failed', `the interface ${tap} has the filter ${bound ?? 'none'}, not ${target?.filter ?? 'none'}`)
}
