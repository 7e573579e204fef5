import { readDomain } from '../../xml/domain-description.js'
import type { Connection } from '../connection.js'
import { ok, type Finding } from './check-host-finding.js'
import { checkDefinition } from './check-network-definitions.js'
import { checkLeftBridges, checkOnHost, type RunningPort } from './check-network-host.js'
import { whatIsTaken } from './free-network.js'
import { hostNetworking } from './host-networking.js'
import type { NetworkRow } from './list-networks.js'
import { readMachines } from './machine-xml.js'
import { NetworkFixes } from './network-fixes.js'
import { isOwnHost } from './own-host.js'

export interface NetworkReport {
  findings: Finding[]
  /** what was not looked at, and why */
  notes: string[]
}

/** Looks for what breaks networks in practice, and changes nothing. `names` are those to be checked; all are compared with. */
export function checkNetworks(connection: Connection, names: readonly string[] | null): NetworkReport {
  const fixes = new NetworkFixes(whatIsTaken(connection))
  const all = [...fixes.taken.networks].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  const wanted = names === null ? all : all.filter(({ name }) => names.includes(name))
  if (!isOwnHost(connection)) {
    return { findings: wanted.flatMap((network) => orOk(network, checkDefinition(network, fixes))), notes: [leftOut] }
  }
  const host = hostNetworking()
  const ports = runningPorts(connection)
  const check = (network: NetworkRow) => [...checkDefinition(network, fixes), ...checkOnHost(network, { host, ports, fixes })]
  const findings = wanted.flatMap((network) => orOk(network, check(network)))
  return {
    findings: [...findings, ...names === null ? checkLeftBridges(all, host) : []],
    notes: host.firewall.filter === null ? [`the firewall was not looked at: ${host.firewall.why}`] : [],
  }
}

const leftOut = 'forwarding, the firewall, dnsmasq, bridges and routes were not looked at: only the host itself can see them; '
  + 'run bay net check there too'

function orOk(network: NetworkRow, findings: Finding[]): Finding[] {
  return findings.length > 0 ? findings : [ok('network', `the network ${network.name}: nothing wrong was found`)]
}

function runningPorts(connection: Connection): RunningPort[] {
  return readMachines(connection, { running: true }).flatMap(({ name, xmls: [live = ''] }) => readDomain(live).nics
    .flatMap(({ type, source, tap }) => type === 'network' && source !== null && tap !== null ? [{ network: source, machine: name, tap }] : []))
}
