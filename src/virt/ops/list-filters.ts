import { readDomain } from '../../xml/domain-description.js'
import { readFilter, type FilterReference, type FilterRuleDescription } from '../../xml/filter.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { NetworkFilter } from '../filter.js'
import { unlessGone } from './gone.js'
import { readMachines } from './machine-xml.js'

/** A row of `filter list`. */
export interface FilterRow {
  name: string
  uuid: string
  /** `root`, or a protocol's own such as `arp` or `ipv4` */
  chain: string
  priority: number | null
  /** the filters that it includes */
  references: readonly FilterReference[]
}

export interface FilterDetails extends FilterRow {
  rules: FilterRuleDescription[]
  /** the interfaces that name it, running or not */
  usedBy: FilterUser[]
  /** the filters that include it */
  referencedBy: string[]
}

export interface FilterUser {
  vm: string
  mac: string | null
}

/** All network filters of a host. */
export function listFilters(connection: Connection): FilterRow[] {
  using filters = connection.filters()
  return filters.flatMap((filter) => unlessGone(() => rowOf(filter), failure.noFilter) ?? [])
}

/** One filter, and what depends on it: all machines and all filters are looked at. */
export function describeFilter(connection: Connection, filter: NetworkFilter): FilterDetails {
  const row = rowOf(filter)
  const { rules } = readFilter(filter.xml())
  return { ...row, rules, usedBy: usersOf(connection, row.name), referencedBy: referencing(connection, row.name) }
}

/** Whether an interface of a machine, running or not, or another filter names it. */
export function isFilterUsed(connection: Connection, name: string): boolean {
  return referencing(connection, name).length > 0 || usersOf(connection, name).length > 0
}

/** The machines' interfaces that name a filter, as they run or as they will start. */
function usersOf(connection: Connection, filter: string): FilterUser[] {
  return readMachines(connection, { running: false }).flatMap(({ name, xmls }) => {
    const nics = xmls.flatMap((xml) => readDomain(xml).nics).filter((nic) => nic.filter === filter)
    return [...new Set(nics.map(({ mac }) => mac))].map((mac) => ({ vm: name, mac }))
  })
}

function referencing(connection: Connection, name: string): string[] {
  return listFilters(connection).filter(({ references }) => references.some(({ filter }) => filter === name)).map((row) => row.name)
}

function rowOf(filter: NetworkFilter): FilterRow {
  const { name, chain, priority, references } = readFilter(filter.xml())
  return { name, uuid: filter.uuid(), chain, priority, references }
}
