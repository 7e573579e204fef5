import { evaluate } from '../../firewall/evaluate.js'
import { familyOf, install, isEthernet, type FilterText, type Installed } from '../../firewall/installed.js'
import { ethertypes, type Packet } from '../../firewall/packet.js'
import { sh } from '../../shell.js'
import { parse } from '../../xml/node.js'
import { filteredNics, installNic, type FilteredNic } from './filter-model.js'
import { closing, memberOf } from './filter-fixes.js'
import { isPreset } from './gc-filters.js'
import type { MachineXml } from './machine-xml.js'

export interface AuditFinding {
  code: 'no-filter' | 'dangling' | 'fail-open' | 'no-ipv6' | 'accepts-all' | 'no-effect' | 'binding' | 'bridge-nf' | 'unused'
  vm: string | null
  mac: string | null
  filter: string | null
  text: string
  fix: string
}

/** What is known of a host. */
export interface FilteredHost {
  filters: ReadonlyMap<string, FilterText>
  machines: readonly MachineXml[]
  /** the filters in force by tap */
  bound: ReadonlyMap<string, string>
  /** why the rules of a family see nothing of what bridges pass on; null where they do, and where nobody can tell */
  unseen: (family: 'ipv4' | 'ipv6') => { text: string, fix: string } | null
}

/** What lets through more than it seems to: first of the whole host, then of its machines, then of its filters. */
export function judgeFilters({ filters, machines, bound, unseen }: FilteredHost): AuditFinding[] {
  const nics = machines.flatMap(({ name, running, xmls }) => xmls.flatMap((xml, index) =>
    filteredNics(parse(xml)).map((nic) => ({ vm: name, nic, live: running && index === 0, first: index === 0 }))))
  const running = nics.filter(({ live }) => live)
  const stored = new Map<string, FilteredNic>(nics.flatMap(({ vm, nic, first }) => first ? [] : [[keyOf(vm, nic), nic]]))
  const inUse = included(new Set([...nics.flatMap(({ nic }) => nic.filter ?? []), ...bound.values()]), filters)
  return [
    ...unseenRules(inUse, filters, unseen),
    ...unique(nics.flatMap(({ vm, nic, live }) => judgeNic(vm, nic, filters, live ? bound : null))),
    ...running.flatMap(({ vm, nic }) => untilStart(vm, nic, stored.get(keyOf(vm, nic)))),
    ...[...filters].flatMap(([name, text]) => judgeFilter(name, text, filters)),
    ...unusedFilters(inUse, filters),
  ]
}

/** What filters in use say of IP, and this system never asks. */
function unseenRules(inUse: ReadonlySet<string>, texts: ReadonlyMap<string, FilterText>, unseen: FilteredHost['unseen']): AuditFinding[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const isMoot = (name: string) => texts.get(name)?.entries.some((entry) => !('filter' in entry) && !isEthernet(entry) && familyOf(entry) === family)
    const moot = [...inUse].filter(isMoot)
    const why = moot.length === 0 ? null : unseen(family)
    if (why === null) return []
    const text = `the rules for ${family === 'ipv4' ? 'IPv4' : 'IPv6'} of ${moot.join(', ')} do nothing on bridges: ${why.text}`
    return [{ code: 'bridge-nf', vm: null, mac: null, filter: null, text, fix: why.fix }]
  })
}

function keyOf(vm: string, { mac }: FilteredNic): string {
  return `${mac} ${vm}`
}

type Finding = Omit<AuditFinding, 'vm' | 'mac' | 'filter'>

/** `bound`: the filters in force by tap; null for a machine that is off. */
function judgeNic(
  vm: string, nic: FilteredNic, texts: ReadonlyMap<string, FilterText>, bound: ReadonlyMap<string, string> | null,
): AuditFinding[] {
  const { filter, mac, tap } = nic
  const about = (finding: Finding): AuditFinding => ({ vm, mac, filter, ...finding })
  const found: AuditFinding[] = []
  const inForce = bound === null || tap === null ? filter : bound.get(tap) ?? null
  if (inForce !== filter) {
    const fix = filter === null ? sh`bay vm stop ${vm} && bay vm start ${vm}` : sh`bay filter apply --nic=${mac} ${memberOf(filter, texts)} ${vm}`
    found.push(about({ code: 'binding', text: `in force is ${inForce ?? 'nothing'}, not ${filter ?? 'nothing'}`, fix }))
  }
  if (filter === null) return [...found, about({ code: 'no-filter', text: 'it sends and receives everything', fix: sh`bay filter apply --nic=${mac} FILTER ${vm}` })]
  const installed = installNic({ ...nic, addresses: nic.addresses.length > 0 ? nic.addresses : ['192.0.2.1'] }, texts)
  for (const missing of installed.dangling) found.push(about({ code: 'dangling', text: `the filter ${missing} does not exist, or includes itself`, fix: sh`bay filter create -f FILE ${missing}` }))
  if (installed.dangling.size > 0) return found
  const [four, six] = [opened(installed, 'ipv4'), opened(installed, 'ipv6')]
  if (four) found.push(about({ code: 'fail-open', text: 'what no rule decides comes in', fix: closing(vm, nic, texts) }))
  else if (six) found.push(about({ code: 'no-ipv6', text: 'it guards IPv4, and every connection over IPv6 comes in', fix: closing(vm, nic, texts) }))
  return found
}

/** What a machine that runs loses or gets by its next start; that one of them has no filter is told already. */
function untilStart(vm: string, live: FilteredNic, stored: FilteredNic | undefined): AuditFinding[] {
  if (live.filter === null || !stored?.filter || live.filter === stored.filter) return []
  return [{
    code: 'binding', vm, mac: live.mac, filter: stored.filter, text: `in force is ${live.filter}, and ${stored.filter} from the next start on`,
    fix: sh`bay filter apply --only --nic=${live.mac} ${stored.filter} ${vm}`,
  }]
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

function judgeFilter(name: string, text: FilterText, texts: ReadonlyMap<string, FilterText>): AuditFinding[] {
  const about = (finding: Finding): AuditFinding => ({ vm: null, mac: null, filter: name, ...finding })
  const found = [...install(name, texts, new Map()).dangling].map((missing) =>
    about({ code: 'dangling', text: `it includes ${missing}, which does not exist or includes it`, fix: sh`bay filter create -f FILE ${missing}` }))
  let number = 0
  for (const entry of text.entries) {
    if ('filter' in entry) continue
    number += 1
    const { protocol, action, direction, attributes, comment } = entry
    const bare = Object.keys(attributes).length === 0
    if (bare && action === 'accept' && (protocol === 'all' || protocol === 'all-ipv6') && direction !== 'out' && !comment?.startsWith('bay:')) {
      found.push(about({ code: 'accepts-all', text: `rule ${number} lets everything in: libvirt takes the ports off a rule for all protocols`, fix: sh`give it to tcp and udp, which keep their ports: bay filter show ${name}` }))
    }
    if (direction === 'inout' && (protocol === 'icmp' || protocol === 'icmpv6') && attributes['type'] !== undefined) {
      found.push(about({ code: 'no-effect', text: `rule ${number} is about a type of ${protocol} in both directions: libvirt makes no rule of it`, fix: 'two rules, one in and one out' }))
    }
  }
  return found
}

function unusedFilters(inUse: ReadonlySet<string>, texts: ReadonlyMap<string, FilterText>): AuditFinding[] {
  const unused = [...texts.keys()].filter((name) => !inUse.has(name) && !isPreset(name))
  // Who includes another one goes first.
  const above = new Map<string, number>()
  for (const name of unused) for (const each of included(new Set([name]), texts)) above.set(each, (above.get(each) ?? 0) + 1)
  return unused.sort((a, b) => (above.get(a) ?? 0) - (above.get(b) ?? 0)).map((name) => ({
    code: 'unused', vm: null, mac: null, filter: name, text: 'no interface and no filter in use has it', fix: sh`bay filter delete ${name}`,
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
