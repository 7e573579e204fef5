import { evaluate } from '../../firewall/evaluate.js'
import { familyOf, install, isEthernet, type FilterText, type Installed } from '../../firewall/installed.js'
import { ethertypes, type Packet } from '../../firewall/packet.js'
import { parse } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import { unseenByRules } from './bridge-filter.js'
import { filteredNics, filterTexts, installNic, type FilteredNic } from './filter-model.js'
import { isPreset } from './gc-filters.js'
import { readMachines } from './machine-xml.js'
import { isOwnHost } from './own-host.js'
import { bindingsOf } from './write-filters.js'

export interface AuditFinding {
  code: 'no-filter' | 'dangling' | 'fail-open' | 'no-ipv6' | 'accepts-all' | 'no-effect' | 'binding' | 'bridge-nf' | 'unused'
  vm: string | null
  mac: string | null
  filter: string | null
  text: string
  fix: string
}

export interface FilterReport {
  findings: AuditFinding[]
  /** what was not looked at, and why */
  notes: string[]
}

/** What lets through more than it seems to, on all machines and in all filters of a host. */
export function auditFilters(connection: Connection): FilterReport {
  const texts = filterTexts(connection)
  const bound = bindingsOf(connection)
  const used = new Set<string>()
  const onNics = readMachines(connection, { running: false }).flatMap(({ name, running, xmls }) => xmls.flatMap((xml, index) => {
    const live = running && index === 0
    return filteredNics(parse(xml)).flatMap((nic) => {
      if (nic.filter !== null) used.add(nic.filter)
      return auditNic(name, nic, texts, live ? bound : null)
    })
  }))
  const inFilters = [...texts].flatMap(([name, text]) => auditFilter(name, text, texts))
  const inUse = included(new Set([...used, ...bound.values()]), texts)
  const own = isOwnHost(connection)
  return {
    findings: [...own ? unseen(inUse, texts) : [], ...unique(onNics), ...inFilters, ...unusedFilters(inUse, texts)],
    notes: own ? [] : [notSeen],
  }
}

const notSeen = 'whether iptables sees what bridges pass on (net.bridge.bridge-nf-call-iptables) was not looked at: only the host itself can tell; '
  + 'run bay filter audit there too'

/** What filters in use say of IP, and this system never asks. */
function unseen(inUse: ReadonlySet<string>, texts: ReadonlyMap<string, FilterText>): AuditFinding[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const isMoot = (name: string) => texts.get(name)?.entries.some((entry) => !('filter' in entry) && !isEthernet(entry) && familyOf(entry) === family)
    const moot = [...inUse].filter(isMoot)
    const why = moot.length === 0 ? null : unseenByRules(family)
    if (why === null) return []
    const text = `the rules for ${family === 'ipv4' ? 'IPv4' : 'IPv6'} of ${moot.join(', ')} do nothing on bridges: ${why.text}`
    return [{ code: 'bridge-nf', vm: null, mac: null, filter: null, text, fix: why.fix }]
  })
}

type Finding = Omit<AuditFinding, 'vm' | 'mac' | 'filter'>

/** `bound`: the filters in force by tap; null for a machine that is off. */
function auditNic(
  vm: string, nic: FilteredNic, texts: ReadonlyMap<string, FilterText>, bound: ReadonlyMap<string, string> | null,
): AuditFinding[] {
  const { filter, mac, tap } = nic
  const about = (finding: Finding): AuditFinding => ({ vm, mac, filter, ...finding })
  const found: AuditFinding[] = []
  const inForce = bound === null || tap === null ? filter : bound.get(tap) ?? null
  if (inForce !== filter) found.push(about({ code: 'binding', text: `in force is ${inForce ?? 'nothing'}, not ${filter ?? 'nothing'}`, fix: `bay vm reboot ${vm}` }))
  if (filter === null) return [...found, about({ code: 'no-filter', text: 'it sends and receives everything', fix: `bay filter apply FILTER ${vm} --nic ${mac}` })]
  const installed = installNic({ ...nic, addresses: nic.addresses.length > 0 ? nic.addresses : ['192.0.2.1'] }, texts)
  for (const missing of installed.dangling) found.push(about({ code: 'dangling', text: `the filter ${missing} does not exist, or includes itself`, fix: `bay filter create ${missing}` }))
  if (installed.dangling.size > 0) return found
  const [four, six] = [opened(installed, 'ipv4'), opened(installed, 'ipv6')]
  if (four) found.push(about({ code: 'fail-open', text: 'what no rule decides comes in', fix: `a rule at the end that drops: bay filter explain ${vm}` }))
  else if (six) found.push(about({ code: 'no-ipv6', text: 'it guards IPv4, and every connection over IPv6 comes in', fix: 'rules for IPv6: bay filter create covers both families' }))
  return found
}

/** Whether a connection comes in that no rule can be about: of a protocol that nobody has, to an odd port. */
function opened(installed: Installed, family: 'ipv4' | 'ipv6'): boolean {
  const packet: Packet = {
    direction: 'in', path: 'bridged', sourceMac: '02:00:00:00:00:01', destinationMac: '52:54:00:00:00:01', ethertype: ethertypes[family] ?? 0, arp: null,
    state: 'new', reply: false,
    ip: {
      family, source: family === 'ipv4' ? 0xc6336401n : 0x20010db8n << 96n, destination: family === 'ipv4' ? 0xc0000201n : (0x20010db8n << 96n) + 1n,
      protocol: 6, sourcePort: 45_678, port: 9, icmpType: null, icmpCode: null,
    },
  }
  const { verdict, layer } = evaluate(installed, packet)
  // Who accepts it by a rule of its own means it.
  return verdict === 'accept' && layer !== 'ip'
}

function auditFilter(name: string, text: FilterText, texts: ReadonlyMap<string, FilterText>): AuditFinding[] {
  const about = (finding: Finding): AuditFinding => ({ vm: null, mac: null, filter: name, ...finding })
  const found = [...install(name, texts, new Map()).dangling].map((missing) =>
    about({ code: 'dangling', text: `it includes ${missing}, which does not exist or includes it`, fix: `bay filter create ${missing}` }))
  let number = 0
  for (const entry of text.entries) {
    if ('filter' in entry) continue
    number += 1
    const { protocol, action, direction, attributes, comment } = entry
    const bare = Object.keys(attributes).length === 0
    if (bare && action === 'accept' && (protocol === 'all' || protocol === 'all-ipv6') && direction !== 'out' && !comment?.startsWith('bay:')) {
      found.push(about({ code: 'accepts-all', text: `rule ${number} lets everything in: libvirt takes the ports off a rule for all protocols`, fix: `bay filter show ${name}` }))
    }
    if (direction === 'inout' && (protocol === 'icmp' || protocol === 'icmpv6') && attributes['type'] !== undefined) {
      found.push(about({ code: 'no-effect', text: `rule ${number} is about a type of ${protocol} in both directions: libvirt makes no rule of it`, fix: 'two rules, one in and one out' }))
    }
  }
  return found
}

function unusedFilters(inUse: ReadonlySet<string>, texts: ReadonlyMap<string, FilterText>): AuditFinding[] {
  return [...texts.keys()].filter((name) => !inUse.has(name) && !isPreset(name)).map((name) => ({
    code: 'unused', vm: null, mac: null, filter: name, text: 'no interface and no filter in use has it', fix: `bay filter delete ${name}`,
  }))
}

/** These filters and all that they include. */
function included(names: ReadonlySet<string>, texts: ReadonlyMap<string, FilterText>): Set<string> {
  const found = new Set<string>()
  const visit = (name: string): void => {
    if (found.has(name)) return
    found.add(name)
    for (const entry of texts.get(name)?.entries ?? []) if ('filter' in entry) visit(entry.filter)
  }
  for (const name of names) visit(name)
  return found
}

/** A machine says most things twice: as it runs, and as it will start. */
function unique(findings: readonly AuditFinding[]): AuditFinding[] {
  return [...new Map(findings.map((each) => [JSON.stringify(each), each])).values()]
}
