import { BayError, UsageError } from '../../errors.js'
import { install, noRules, type FilterText, type Installed } from '../../firewall/installed.js'
import { variablesOf } from '../../firewall/variables.js'
import { readDomain } from '../../xml/domain-description.js'
import { readFilter, readFilterEntries, type FilterParameter } from '../../xml/filter.js'
import { described } from '../../xml/machine-devices.js'
import { parse, type XmlElement } from '../../xml/node.js'
import { attr, child, children } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { storedDefinition } from './change-definition.js'
import { unlessGone } from './gone.js'
import { addressesByMac } from './vm-addresses.js'

export interface FilteredNic {
  mac: string
  tap: string | null
  /** null without a filter */
  filter: string | null
  parameters: readonly FilterParameter[]
  /** what the guest is known to have there; the values of $IP when there is no parameter */
  addresses: string[]
}

export interface GuestModel { nic: FilteredNic, installed: Installed }

/** All filters of a host, with their rules in order. */
export function filterTexts(connection: Connection): Map<string, FilterText> {
  using filters = connection.filters()
  return new Map(filters.flatMap((filter) => unlessGone(() => [textOf(filter.xml())], failure.noFilter) ?? []))
}

export function textOf(xml: string): [name: string, text: FilterText] {
  const { name, chain, priority } = readFilter(xml)
  return [name, { chain, priority, entries: readFilterEntries(xml) }]
}

/** The interfaces of a machine in a document. */
export function filteredNics(root: XmlElement): FilteredNic[] {
  return children(child(root, 'devices'), 'interface').map((element) => {
    const { mac, target } = described(element)
    const reference = child(element, 'filterref')
    const parameters = children(reference, 'parameter').map((each) => ({ name: attr(each, 'name') ?? '', value: attr(each, 'value') ?? '' }))
    const addresses = parameters.flatMap(({ name, value }) => name === 'IP' ? value : [])
    return { mac: mac ?? '', tap: target, filter: attr(reference, 'filter') ?? null, parameters, addresses }
  })
}

/** What libvirt's rules for one interface of a machine are, as it runs, else as it will start. */
export function guestModel(connection: Connection, domain: Domain, { mac }: { mac?: string }): GuestModel {
  const xml = domain.isActive() ? domain.xml() : storedDefinition(domain)
  const nic = chosen(domain.name(), filteredNics(parse(xml)), mac)
  const learned = domain.isActive() ? addressesByMac(connection, domain, readDomain(xml).nics).get(nic.mac) ?? [] : []
  const addresses = [...new Set([...nic.addresses, ...learned.map(({ address }) => address)])]
  return { nic: { ...nic, addresses }, installed: installNic({ ...nic, addresses }, filterTexts(connection)) }
}

/** The rules of an interface; it has none without a filter. */
export function installNic({ filter, parameters, mac, addresses }: FilteredNic, texts: ReadonlyMap<string, FilterText>): Installed {
  const variables = variablesOf(parameters)
  variables.set('MAC', [mac])
  const learned = addresses.filter((address) => !address.includes(':'))
  if (!variables.has('IP') && learned.length > 0) variables.set('IP', learned)
  return filter === null ? noRules() : install(filter, texts, variables)
}

function chosen(name: string, nics: readonly FilteredNic[], mac: string | undefined): FilteredNic {
  const hints = nics.map((each) => `--nic ${each.mac}`)
  const [only, ...more] = mac === undefined ? nics : nics.filter((each) => each.mac === mac.toLowerCase())
  if (!only) throw new BayError('not-found', mac === undefined ? `${name} has no network interface` : `${name} has no interface ${mac}`, { hints })
  if (more.length > 0) throw new UsageError(`${name} has ${nics.length} interfaces`, ...hints)
  return only
}
