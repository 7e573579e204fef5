import type { Place } from '../../firewall/faults.js'
import { changedTraffic, type ChangedTraffic } from '../../firewall/probes.js'
import type { FilterRules } from '../../firewall/rule.js'
import { parse } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import { filteredNics, filterTexts, installNic, textOf } from './filter-model.js'
import { readMachines } from './machine-xml.js'
import { compiledXml } from './write-filters.js'

export interface TrafficRow extends ChangedTraffic { vm: string, mac: string }

/** What would change for the machines that use a filter, if it and the others of its file were written. @throws as writeFilters */
export function diffFilter(connection: Connection, filters: readonly FilterRules[], name: string, place: Place): TrafficRow[] {
  const before = filterTexts(connection)
  const after = new Map([...before, ...compiledXml(connection, filters, place).map(textOf)])
  return readMachines(connection, { running: false }).flatMap(({ name: vm, xmls }) => filteredNics(parse(xmls[0] ?? '')).flatMap((nic) => {
    if (nic.filter === null || !uses(nic.filter, name, before)) return []
    const known = { ...nic, addresses: nic.addresses.length > 0 ? nic.addresses : ['192.0.2.5'] }
    const changed = changedTraffic(installNic(known, before), installNic(known, after), known)
    return changed.map((traffic) => ({ vm, mac: nic.mac, ...traffic }))
  }))
}

function uses(filter: string, name: string, texts: ReturnType<typeof filterTexts>, seen: readonly string[] = []): boolean {
  if (filter === name) return true
  if (seen.includes(filter)) return false
  return texts.get(filter)?.entries.some((entry) => 'filter' in entry && uses(entry.filter, name, texts, [...seen, filter])) ?? false
}
