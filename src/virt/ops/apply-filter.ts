import { BayError, UsageError } from '../../errors.js'
import { parentOf, type HostFilters } from '../../firewall/host-filter.js'
import { filterReferenceElement, type FilterParameter, type FilterReference } from '../../xml/filter.js'
import { described, isSameDevice } from '../../xml/machine-devices.js'
import { el, serialize, type XmlElement } from '../../xml/node.js'
import { attr, child, children } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { affect } from '../flags.js'
import { changeDefinition } from './change-definition.js'
import { documentsOf } from './device-places.js'
import { combined, combinedName, defineCombined, removeCombined } from './combined-filter.js'
import { journalFor } from './journal.js'
import { Rollback } from './rollback.js'
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
 * between: one filter is exchanged for another with the link down. Whoever calls has the machine's name for itself.
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
  const [liveNic, storedNic] = [live, config].map((root) => root === null ? undefined : find(root, nic))
  const now = [liveNic, storedNic].flatMap((each) => each ? [referenceIn(each)] : [])
  const filters = wantedOf(membersOf(now[0] ?? null, mac, host), change)
  refuseDefaults(filters, host)
  const target = targetOf(filters, mac, now[0]?.parameters ?? [], change)
  const isCombined = target !== null && target.filter === combinedName(mac)
  const rebuilt = isCombined && !sameMembers(host, target.filter, filters)
  const moved = now.some((each) => !sameReference(each, target))
  const result: AppliedFilters = { changed: rebuilt || moved, mac, filters, filter: target?.filter ?? null, live: places.live }
  if (change.dryRun || !result.changed) return result
  using journal = journalFor(connection, { command: change.command, name: domain.name() })
  await using rollback = new Rollback(change.signal, journal)
  if (rebuilt) await defineCombined(connection, combined(mac, filters), host.get(target.filter), rollback)
  if (liveNic && !sameReference(referenceIn(liveNic), target)) await exchange(domain, liveNic, target, rollback)
  if (places.config && moved) {
    const { before } = changeDefinition(connection, domain, (root) => {
      const stored = find(root, nic)
      if (stored) setReference(stored, target)
    }, { command: change.command, dryRun: false })
    await rollback.step(() => undefined, () => ({
      leaves: `the definition of ${domain.name()} with its new filter`, removeBy: `bay undo ${domain.name()}`,
      undo: () => { connection.defineDomain(before)[Symbol.dispose]() },
    }))
  }
  verify(connection, domain, nic, target)
  rollback.keep()
  removeCombined(connection, combinedName(mac), { unless: isCombined })
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

function find(root: XmlElement, nic: XmlElement): XmlElement | undefined {
  return children(child(root, 'devices'), 'interface').find((each) => isSameDevice(each, nic))
}

function referenceIn(nic: XmlElement): FilterReference | null {
  const reference = child(nic, 'filterref')
  if (!reference) return null
  const parameters = children(reference, 'parameter').map((each) => ({ name: attr(each, 'name') ?? '', value: attr(each, 'value') ?? '' }))
  return { filter: attr(reference, 'filter') ?? '', parameters }
}

function membersOf(reference: FilterReference | null, mac: string, host: HostFilters): string[] {
  if (reference === null) return []
  if (reference.filter !== combinedName(mac)) return [reference.filter]
  return host.get(reference.filter)?.references.map(({ filter }) => filter) ?? []
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

function sameReference(one: FilterReference | null, other: FilterReference | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function setReference(nic: XmlElement, target: FilterReference | null): void {
  const at = nic.children.findIndex((node) => node.type === 'element' && node.name === 'filterref')
  const made = target ? [filterReferenceElement(target)] : []
  nic.children.splice(at < 0 ? nic.children.length : at, at < 0 ? 0 : 1, ...made)
}

/** libvirt takes the old rules away before it makes the new ones: meanwhile the link is down, so that nothing passes. */
async function exchange(domain: Domain, nic: XmlElement, target: FilterReference | null, rollback: Rollback): Promise<void> {
  const changed = structuredClone(nic)
  setReference(changed, target)
  const guard = referenceIn(nic) !== null && target !== null
  const ways = guard ? [withLinkDown(nic), withLinkDown(changed), changed] : [changed]
  let before = serialize(nic)
  for (const each of ways) {
    const [old, xml] = [before, serialize(each)]
    await rollback.step(() => domain.updateDevice(xml, affect.live), () => ({
      leaves: `the interface ${described(nic).mac} of ${domain.name()} with another filter`, removeBy: `bay vm show ${domain.name()}`,
      undo: () => domain.updateDevice(old, affect.live),
    }))
    before = xml
  }
}

function withLinkDown(nic: XmlElement): XmlElement {
  const down = structuredClone(nic)
  down.children = [...down.children.filter((node) => node.type !== 'element' || node.name !== 'link'), el('link', { state: 'down' })]
  return down
}

/** What libvirt says is in force, not what we asked for. */
function verify(connection: Connection, domain: Domain, nic: XmlElement, target: FilterReference | null): void {
  const { live, config } = documentsOf(domain, { live: domain.isActive(), config: domain.isPersistent() })
  for (const root of [live, config]) {
    const there = root === null ? undefined : find(root, nic)
    if (there && !sameReference(referenceIn(there), target)) throw new BayError('failed', `${domain.name()} did not keep its filter ${target?.filter ?? ''}`)
  }
  const tap = live && described(find(live, nic) ?? nic).target
  const bound = typeof tap === 'string' ? bindingsOf(connection).get(tap) : undefined
  if (live && typeof tap === 'string' && bound !== target?.filter) throw new BayError('failed', `the interface ${tap} has the filter ${bound ?? 'none'}, not ${target?.filter ?? 'none'}`)
}
