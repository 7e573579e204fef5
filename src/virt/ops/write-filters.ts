import { randomUUID } from 'node:crypto'
import { BayError } from '../../errors.js'
import { compileFilter, type Compiled } from '../../firewall/compile.js'
import type { Place } from '../../firewall/faults.js'
import { parentOf, type HostFilters } from '../../firewall/host-filter.js'
import type { FilterRules } from '../../firewall/rule.js'
import { firstDifference } from '../../firewall/same-rules.js'
import { sh } from '../../shell.js'
import { filterElement, readFilter, type FilterDescription } from '../../xml/filter.js'
import { serialize } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { NetworkFilterBinding } from '../filter.js'
import { unlessGone } from './gone.js'
import { interruptible } from './interrupt.js'
import { journalFor } from './journal.js'
import { lockMachines, machinesOf, withLinksDown } from './links-down.js'
import { Rollback } from './rollback.js'
import type { UndoRecord } from './undo.js'

export interface WrittenFilter {
  name: string
  changed: boolean
  said: string
  uuid: string | null
  /** the interfaces that have it, and so have the new rules now */
  interfaces: string[]
}

export interface WriteOptions {
  /** of the file, for messages */
  place: Place
  /** whether filters that are there already may be given other rules */
  replace: boolean
  dryRun: boolean
}

/**
 * Compiles filters and defines them: what others inherit first, each under the UUID that it has, none ever undefined.
 * Machines that run get the new rules at once, with their link down meanwhile. All of them or none: when one is refused, or
 * is not kept as it was written, or an interface is without it afterwards, the old ones are back.
 * @throws UsageError with the line, before anything is changed; BayError `exists`; VirtError
 */
export async function writeFilters(
  connection: Connection, filters: readonly FilterRules[], options: WriteOptions,
): Promise<WrittenFilter[]> {
  const host = readHostFilters(connection)
  const plan = planFilters(filters, host, options)
  if (options.dryRun) return plan.map((step) => outcomeOf(step, { interfaces: [], dryRun: true }))
  const bound = bindingsOf(connection)
  const steps = plan.filter(({ changed }) => changed)
  const isConcerned = (filter: string) => steps.some(({ compiled }) => includes(filter, compiled.spec.name, host))
  const taps = new Set([...bound].flatMap(([tap, filter]) => isConcerned(filter) ? tap : []))
  using _locks = await lockMachines(connection, machinesOf(connection, taps).map(({ name }) => name))
  const machines = machinesOf(connection, taps)
  await interruptible(async (signal) => {
    using journal = journalFor(connection, { command: 'filter create', name: filters.map(({ name }) => name).join(', ') })
    await using rollback = new Rollback(signal, journal)
    await withLinksDown(connection, machines, rollback, async () => {
      for (const step of steps) await write(connection, step, rollback)
    })
    const lost = [...bound].find(([device, filter]) => bindingsOf(connection).get(device) !== filter)
    if (lost) throw new BayError('failed', `the interface ${lost[0]} has lost its filter ${lost[1]}`)
    rollback.keep()
  })
  const all = new Map([...host, ...plan.map((step) => [step.compiled.spec.name, step.description] as const)])
  return plan.map((step) => outcomeOf(step, {
    interfaces: [...bound].flatMap(([device, filter]) => includes(filter, step.compiled.spec.name, all) ? device : []),
    dryRun: false,
  }))
}

/** All filters of the host as libvirt has them. */
export function readHostFilters(connection: Connection): Map<string, FilterDescription> {
  using filters = connection.filters()
  const read = filters.flatMap((filter) => unlessGone(() => readFilter(filter.xml()), failure.noFilter) ?? [])
  return new Map(read.map((filter) => [filter.name, filter]))
}

/** The filter of each interface that has one right now. */
export function bindingsOf(connection: Connection): Map<string, string> {
  using bindings = connection.filterBindings()
  return new Map(bindings.flatMap((each) => unlessGone(() => pairOf(each), failure.noFilterBinding) ?? []))
}

function pairOf(binding: NetworkFilterBinding): [device: string, filter: string][] {
  return [[binding.device(), binding.filterName()]]
}

/** The XML of filters as `writeFilters` would define them. @throws as it */
export function compiledXml(connection: Connection, filters: readonly FilterRules[], place: Place): string[] {
  const plan = planFilters(filters, readHostFilters(connection), { place, replace: true, dryRun: true })
  return plan.map(({ compiled, uuid }) => serialize(filterElement({ ...compiled.spec, uuid })))
}

interface Step {
  compiled: Compiled
  /** of the old one, or one of its own */
  uuid: string
  description: FilterDescription
  isNew: boolean
  changed: boolean
}

function planFilters(filters: readonly FilterRules[], host: HostFilters, { place, replace }: WriteOptions): Step[] {
  const known = new Map(host)
  const steps: Step[] = []
  for (const filter of inOrder(filters)) {
    for (const { name, line } of filter.inherit) {
      if (!known.has(name)) throw place.wrong(line, `${filter.name} inherits ${name}, which does not exist`, 'see what there is: bay filter list')
      refuseLoop(filter, name, known, place)
    }
    const old = host.get(filter.name)
    const compiled = compileFilter(filter, filter.inherit.map(({ name }) => parentOf(name, known)), place)
    const uuid = old?.uuid ?? randomUUID()
    const description = readFilter(serialize(filterElement({ ...compiled.spec, uuid })))
    const changed = !old || firstDifference(description, old) !== null
    if (old && changed && !replace) {
      throw new BayError('exists', `there is a filter ${filter.name} already, with other rules`, { hints: ['--replace gives it these', sh`bay filter show ${filter.name}`] })
    }
    known.set(filter.name, description)
    steps.push({ compiled, uuid, description, isNew: !old, changed })
  }
  refuseOutdated(steps, host, known, place)
  return steps
}

/** What others inherit comes first; there are no loops (rule-file.ts). */
function inOrder(filters: readonly FilterRules[]): FilterRules[] {
  const byName = new Map(filters.map((filter) => [filter.name, filter]))
  const done = new Set<FilterRules>()
  const visit = (filter: FilterRules): void => {
    if (done.has(filter)) return
    for (const { name } of filter.inherit) {
      const parent = byName.get(name)
      if (parent) visit(parent)
    }
    done.add(filter)
  }
  for (const filter of filters) visit(filter)
  return [...done]
}

/** A filter of the file may inherit one of the host that includes it. */
function refuseLoop(filter: FilterRules, parent: string, known: HostFilters, place: Place): void {
  if (includes(parent, filter.name, known)) throw place.wrong(filter.line, `${filter.name} inherits ${parent}, which includes ${filter.name}`)
}

/** Whether a filter is the other one or includes it. */
function includes(name: string, other: string, known: HostFilters, seen: readonly string[] = []): boolean {
  if (name === other) return true
  if (seen.includes(name)) return false
  return known.get(name)?.references.some(({ filter }) => includes(filter, other, known, [...seen, name])) ?? false
}

/** Who inherits is compiled for the depth and the default of what it inherits: when they change it must be written anew too. */
function refuseOutdated(steps: readonly Step[], host: HostFilters, known: HostFilters, place: Place): void {
  const written = new Set(steps.map(({ compiled }) => compiled.spec.name))
  for (const { compiled: { spec: { name }, depth, default: now } } of steps) {
    const before = parentOf(name, host)
    const asBefore = before.depth === depth && before.default?.in === now.in && before.default.out === now.out
    if (before.default === null || asBefore) continue
    const isHeir = (other: string) => other !== name && parentOf(other, known).depth !== null && includes(other, name, known)
    const heirs = [...host.keys()].filter((other) => !written.has(other) && isHeir(other))
    if (heirs.length > 0) throw place.wrong(null, `${heirs.join(', ')} inherits ${name}, whose default or own inheritance changes`, 'write them in the same file')
  }
}

async function write(connection: Connection, step: Step, rollback: Rollback): Promise<void> {
  const { compiled: { spec }, uuid, description, isNew } = step
  const { name } = spec
  const xml = serialize(filterElement({ ...spec, uuid }))
  // libvirt's schema has no state for IPv6, although libvirt has.
  const schema = !spec.rules.some(({ protocol = '', attributes }) => /v6$/.test(protocol) && attributes?.['state'] !== undefined)
  const record: UndoRecord = isNew
    ? { kind: 'filter', uuid, name }
    : { kind: 'filter-replaced', uuid, name, xml: xmlOf(connection, uuid) }
  await rollback.make(connection, record, () => { connection.defineFilter(xml, { schema })[Symbol.dispose]() })
  const difference = firstDifference(description, readFilter(xmlOf(connection, uuid)))
  if (difference !== null) throw new BayError('failed', `libvirt has made something else of the filter ${name}: ${difference}`)
}

function xmlOf(connection: Connection, uuid: string): string {
  using filter = connection.filterByUuid(uuid)
  return filter.xml()
}

function outcomeOf(
  { compiled, uuid, isNew, changed, description }: Step, { interfaces, dryRun }: { interfaces: string[], dryRun: boolean },
): WrittenFilter {
  const done = isNew ? 'created' : 'replaced'
  const said = !changed ? 'has these rules already' : dryRun ? `would be ${done}` : done
  const count = description.rules.filter(({ comment }) => !comment?.startsWith('bay:')).length
  return { name: compiled.spec.name, changed, said: `${said} (${count} rules${interfaces.length > 0 ? `, in force on ${interfaces.join(', ')}` : ''})`, uuid: dryRun && isNew ? null : uuid, interfaces }
}
