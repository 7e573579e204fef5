import { expect } from 'chai'
import fc from 'fast-check'
import { parseAddress } from '../../../src/firewall/addresses.js'
import { compileFilter } from '../../../src/firewall/compile.js'
import { evaluate, evaluateConnection } from '../../../src/firewall/evaluate.js'
import { Place } from '../../../src/firewall/faults.js'
import { parentOf } from '../../../src/firewall/host-filter.js'
import { install, type Installed } from '../../../src/firewall/installed.js'
import type { Packet } from '../../../src/firewall/packet.js'
import { readRuleFile } from '../../../src/firewall/rule-file.js'
import { rulesOfFlags } from '../../../src/firewall/rule-short.js'
import { blank, type FilterRules } from '../../../src/firewall/rule.js'
import { filterElement, readFilter, readFilterEntries, type FilterDescription } from '../../../src/xml/filter.js'
import { serialize } from '../../../src/xml/node.js'
import { filters, openings, said } from './random-rules.js'

const guest = { ipv4: '10.0.0.50', ipv6: '2001:db8::50' } as const
const ethertypes = { ipv4: 0x800, ipv6: 0x86dd, arp: 0x806, lldp: 0x88cc } as const
const number = (text: string) => parseAddress(text)?.value ?? 0n

/** Filters, what is inherited first, as libvirt has them; the last one is the interface's. */
function compiled(list: readonly FilterRules[]): { installed: Installed, descriptions: Map<string, FilterDescription> } {
  const descriptions = new Map<string, FilterDescription>()
  const texts = new Map(list.map((filter) => {
    const parents = filter.inherit.map(({ name }) => parentOf(name, descriptions))
    const xml = serialize(filterElement(compileFilter(filter, parents, new Place('f')).spec))
    const { chain, priority } = readFilter(xml)
    descriptions.set(filter.name, readFilter(xml))
    return [filter.name, { chain, priority, entries: readFilterEntries(xml) }]
  }))
  return { installed: install(list.at(-1)?.name ?? '', texts, new Map()), descriptions }
}
const ofFile = async (text: string) => compiled(await readRuleFile(text, { where: 'f', name: 'f' }))

/** `in tcp 10.0.0.9:40000>22 new`, or with `reply` at the end; `in icmp 10.0.0.9 8`; `in arp 10.0.0.9 10.0.0.50`; `in lldp`. */
function packetOf(text: string): Packet {
  const [way, protocol = '', first = '', ...rest] = text.split(' ')
  const [peer = '', ports = ''] = first.includes('[') ? first.slice(1).split(']:') : /\..*:/.test(first) ? first.split(':') : [first]
  const family = peer.includes(':') ? 'ipv6' : 'ipv4'
  const direction = way === 'out' ? 'out' : 'in'
  const [own, other] = [number(guest[family]), number(peer)]
  const macs = ['02:00:00:00:00:01', '52:54:00:00:00:05']
  const [sourceMac = '', destinationMac = ''] = direction === 'in' ? macs : macs.toReversed()
  const base = { direction, path: 'bridged', sourceMac, destinationMac, arp: null, ip: null, reply: rest.includes('reply') } as const
  if (protocol === 'lldp') return { ...base, ethertype: ethertypes.lldp, state: 'untracked' }
  if (protocol === 'arp') {
    const arp = { opcode: 1, senderMac: sourceMac, senderIp: other, targetMac: '00:00:00:00:00:00', targetIp: number(rest[0] ?? '') }
    return { ...base, ethertype: ethertypes.arp, state: 'untracked', arp }
  }
  const [from, to] = ports === '' ? [null, null] : ports.split('>').map(Number)
  const state = (['new', 'established', 'related', 'invalid', 'untracked'] as const).find((each) => rest.includes(each)) ?? 'new'
  return {
    ...base, ethertype: ethertypes[family], state,
    ip: {
      family, protocol: { tcp: 6, udp: 17, sctp: 132, icmp: family === 'ipv4' ? 1 : 58 }[protocol] ?? 0,
      source: direction === 'in' ? other : own, destination: direction === 'in' ? own : other,
      sourcePort: from ?? null, port: to ?? null, icmpType: protocol === 'icmp' ? Number(rest[0]) : null, icmpCode: protocol === 'icmp' ? 0 : null,
    },
  }
}

const cases: [what: string, file: string, accepts: string[], drops: string[]][] = [
  ['a state is about packets of its direction', 'needs: none\nrules: [{service: http, state: new}, {direction: out, protocol: udp, state: [established, related]}]',
    ['in tcp 10.0.0.9:40000>80 new', 'in tcp [fd00::9]:40000>80 new', 'out udp 10.0.0.9:53>40000 established reply', 'out udp 10.0.0.9:53>40000 related'],
    ['in tcp 10.0.0.9:40000>80 established', 'in tcp 10.0.0.9:40000>80 invalid', 'out tcp 10.0.0.9:80>40000 established reply', 'out udp 10.0.0.9:53>40000 new']],
  ['addresses are of their own family only', 'needs: none\nrules: [{service: ssh, from: [10.0.0.0/30, "fd00::/64"]}, {service: http, from: 10.0.0.5-10.0.0.9}]',
    ['in tcp 10.0.0.3:40000>22', 'in tcp [fd00::ffff:ffff:ffff:ffff]:40000>22', 'in tcp 10.0.0.9:40000>80', 'in tcp 10.0.0.5:40000>80'],
    ['in tcp 10.0.0.4:40000>22', 'in tcp [fd00:0:0:1::]:40000>22', 'in tcp 10.0.0.10:40000>80', 'in tcp 10.0.0.4:40000>80', 'in tcp [fd00::9]:40000>80']],
  ['sets are in sets, services are of several protocols, ports go up to their last', 'sets: {a: [10.1.0.0/16, b], b: 10.2.0.5, web: [80, 8000-8002]}\nneeds: none\nrules: [{service: dns, from: a}, {protocol: tcp, ports: [web, 65535]}]',
    ['in udp 10.1.255.255:40000>53', 'in tcp 10.2.0.5:40000>53', 'in tcp 192.0.2.1:40000>8002', 'in tcp 192.0.2.1:40000>65535', 'in tcp 192.0.2.1:40000>80'],
    ['in udp 10.2.0.6:40000>53', 'in tcp 10.3.0.0:40000>53', 'in tcp 192.0.2.1:40000>8003', 'in tcp 192.0.2.1:40000>65534', 'in udp 192.0.2.1:40000>80']],
  ['both directions are two rules, and ports where it comes from none where it goes', 'needs: none\nrules: [{direction: both, service: ntp}, {protocol: tcp, source-ports: 20, ports: 1024-65535}]',
    ['in udp 10.0.0.9:40000>123', 'out udp 10.0.0.9:40000>123', 'in tcp 10.0.0.9:20>1024'],
    ['in udp 10.0.0.9:123>40000', 'in tcp 10.0.0.9:21>1024', 'in tcp 10.0.0.9:20>1023', 'out tcp 10.0.0.9:20>1024']],
  ['ARP has addresses of its own', 'needs: none\nrules: [{protocol: arp, from: 10.0.0.9}, {protocol: arp, to: 10.0.0.60}]',
    ['in arp 10.0.0.9 10.0.0.50', 'in arp 10.0.0.8 10.0.0.60'],
    ['in arp 10.0.0.8 10.0.0.50', 'out arp 10.0.0.8 10.0.0.50', 'in lldp']],
  ['other types of ICMP need no connection', 'needs: none\nrules: [{protocol: icmp, type: time-exceeded}, {protocol: icmpv6, type: [router-advertisement, 200]}]',
    ['in icmp 10.0.0.9 11 invalid', 'in icmp 10.0.0.9 11 new', 'in icmp fd00::9 134 untracked', 'in icmp fd00::9 200 untracked'],
    ['in icmp 10.0.0.9 12', 'out icmp 10.0.0.9 11', 'in icmp fd00::9 133 untracked', 'in icmp fd00::9 11 untracked']],
  ['what a guest needs, whatever its rules say; a rule of its own about DNS comes first', 'rules: [{action: drop, priority: 1}, {action: drop, direction: out, priority: 1, service: dns, to: 10.0.0.0/24}]',
    ['in arp 10.0.0.9 10.0.0.50', 'out arp 10.0.0.50 10.0.0.9', 'out udp 255.255.255.255:68>67', 'in udp 10.0.0.9:67>68', 'in icmp fd00::9 135 untracked',
      'in icmp fd00::9 136 untracked', 'in icmp fd00::9 134 untracked', 'out icmp fd00::9 135 untracked', 'out icmp fd00::9 136 untracked',
      'in icmp 10.0.0.9 3 related', 'out icmp 10.0.0.9 3 related', 'in icmp fd00::9 2 untracked', 'out udp 192.0.2.1:40000>53', 'out tcp [fd00::9]:40000>53'],
    ['out udp 10.0.0.9:40000>53', 'in udp 10.0.0.9:68>67', 'in icmp 10.0.0.9 3 new', 'in icmp 10.0.0.9 8', 'in lldp', 'out lldp', 'in icmp fd00::9 133 untracked']],
  ['none of its needs, none of it', 'needs: none',
    [],
    ['in arp 10.0.0.9 10.0.0.50', 'out udp 255.255.255.255:68>67', 'in udp 10.0.0.9:67>68', 'in icmp fd00::9 135 untracked', 'in icmp 10.0.0.9 3 related', 'out udp 192.0.2.1:40000>53']],
  ['what is inherited comes after', 'filters: [{name: base, needs: [arp], rules: [{action: drop, service: http}, ssh]}, {name: web, inherit: base, rules: [http, {action: drop, service: ssh, from: 10.0.0.9}]}]',
    ['in tcp 10.0.0.9:40000>80', 'in tcp 10.0.0.8:40000>22', 'in arp 10.0.0.9 10.0.0.50', 'out udp 255.255.255.255:68>67'],
    ['in tcp 10.0.0.9:40000>22', 'in lldp']],
]

describe('rules in a file', () => {
  for (const [what, file, accepts, drops] of cases) {
    it(what, async () => {
      const { installed } = await ofFile(file)
      const verdicts = (list: readonly string[]) => list.map((text) => `${evaluate(installed, packetOf(text)).verdict} ${text}`)
      expect(verdicts(accepts)).to.deep.equal(accepts.map((text) => `accept ${text}`))
      expect(verdicts(drops)).to.deep.equal(drops.map((text) => `drop ${text}`))
    })
  }

  it('mean the same as flags', () => {
    const rules = rulesOfFlags({ 'allow': ['https'], 'allow-from': ['10.0.0.0/30:ssh'], 'allow-to': ['2001:db8::/32:tcp/25'] }, blank)
    const { installed } = compiled([{ name: 'f', line: null, inherit: [], default: null, needs: [], rules }])
    const accepts = ['in tcp [fd00::9]:40000>443', 'in tcp 10.0.0.3:40000>22', 'out tcp [2001:db8::9]:40000>25']
    const drops = ['out tcp 10.0.0.9:40000>443', 'in tcp 10.0.0.4:40000>22', 'in tcp [2001:db8::9]:40000>25', 'out tcp [2001:db9::9]:40000>25']
    expect([...accepts, ...drops].map((text) => evaluate(installed, packetOf(text)).verdict).join()).to.equal('accept,accept,accept,drop,drop,drop,drop')
  })

  it('say what is inherited once, but how it ends each on its own', async () => {
    const { descriptions } = await ofFile('filters: [{name: base, needs: [arp, dhcp]}, {name: web, inherit: base, needs: [arp, dns], rules: [http]}]')
    const { rules = [] } = descriptions.get('web') ?? {}
    expect(new Set(rules.flatMap(({ comment }) => comment ?? []))).to.have.all.keys('bay:need dns', 'bay:default in=drop out=drop')
    expect(rules.at(-1)).to.deep.include({ action: 'drop', direction: 'inout', protocol: 'mac', attributes: {} })
  })

  it('that are inherited do with any connection what the rule language says', () => {
    const plain = filters.map((filter) => ({ ...filter, rules: filter.rules.map((rule) => ({ ...rule, priority: null })) }))
    fc.assert(fc.property(plain, plain, fc.array(openings, { minLength: 1, maxLength: 12 }), (own, base, packets) => {
      const heir: FilterRules = { ...base, name: 'heir', inherit: [{ name: base.name, line: null }], rules: own.rules }
      const { installed } = compiled([base, heir])
      const levels = { ...heir, rules: [...own.rules, ...base.rules] }
      for (const packet of packets) expect(evaluateConnection(installed, packet).verdict).to.equal(said(levels, packet))
    }), { numRuns: Number(process.env['BAY_TEST_LONG'] ? 3000 : 200) })
  })
})
