import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { compileFilter } from '../../../src/firewall/compile.js'
import { Place } from '../../../src/firewall/faults.js'
import { readRuleFile } from '../../../src/firewall/rule-file.js'
import { unseenByRules } from '../../../src/virt/ops/bridge-filter.js'
import { textOf } from '../../../src/virt/ops/filter-model.js'
import { judgeFilters, type AuditFinding, type FilteredHost } from '../../../src/virt/ops/judge-filters.js'
import { filterElement } from '../../../src/xml/filter.js'
import { serialize } from '../../../src/xml/node.js'

const mac = '52:54:00:00:00:05'

/** A machine's interface as libvirt writes it. */
const nic = (filter: string | null, tap: string | null = 'vnet0') => `<domain><devices><interface type="network"><mac address="${mac}"/>${
  tap === null ? '' : `<target dev="${tap}"/>`}${filter === null ? '' : `<filterref filter="${filter}"/>`}</interface></devices></domain>`
const running = (filter: string | null) => ({ name: 'web-1', running: true, xmls: [nic(filter), nic(filter, null)] })

/** What `bay filter create` makes of rules, as libvirt's XML. */
const compiled = async (rules: string) => {
  const [filter] = await readRuleFile(rules, { where: 'rules.yaml' })
  if (!filter) throw new Error('no filter')
  return serialize(filterElement(compileFilter(filter, [], new Place('rules.yaml')).spec))
}
const host = (xmls: readonly string[], more: Partial<FilteredHost>): FilteredHost =>
  ({ filters: new Map(xmls.map(textOf)), machines: [], bound: new Map(), unseen: () => null, ...more })
const finding = (code: AuditFinding['code'], text: string, fix: string, of: Partial<AuditFinding> = {}): AuditFinding =>
  ({ code, vm: null, mac: null, filter: null, text, fix, ...of })
const onNic = { vm: 'web-1', mac, filter: 'web' }

describe('filter audit', () => {
  let web = ''
  before(async () => { web = await compiled('name: web\nrules: [https]') })
  const bound = new Map([['vnet0', 'web']])
  const drop = '<rule action="drop" direction="inout" priority="1000"><all/></rule>'
  const byRules = 'bay filter show -o yaml web > rules.yaml, in it default: drop, and then bay filter create -f rules.yaml --replace'
  const webOf = (content: string) => `<filter name="web">${content}</filter>`
  const tcp = '<rule action="accept" direction="in"><tcp dstportstart="80"/></rule>'

  it('finds nothing on a host where all is well', () => {
    const stopped = { name: 'web-2', running: false, xmls: [nic('web', null)] }
    const preset = '<filter name="no-mac-spoofing" chain="mac"/>'
    expect(judgeFilters(host([web, preset], { machines: [running('web'), stopped], bound }))).to.deep.equal([])
    expect(judgeFilters(host([], {}))).to.deep.equal([])
  })

  it('a machine without a filter, once though it is said twice, with a fix to be pasted', () => {
    const machines = [{ ...running(null), name: 'it\'s' }]
    expect(judgeFilters(host([], { machines }))).to.deep.equal([
      finding('no-filter', 'it sends and receives everything', `bay filter apply --nic=${mac} FILTER 'it'\\''s'`, { vm: 'it\'s', mac }),
    ])
  })

  it('a filter of which only the definition is without, or only the machine as it runs', () => {
    const none = finding('no-filter', 'it sends and receives everything', `bay filter apply --nic=${mac} FILTER web-1`, { vm: 'web-1', mac })
    const machine = (live: string | null, stored: string | null) => [{ name: 'web-1', running: true, xmls: [nic(live), nic(stored, null)] }]
    expect(judgeFilters(host([web], { machines: machine('web', null), bound }))).to.deep.equal([none])
    expect(judgeFilters(host([web], { machines: machine(null, 'web') }))).to.deep.equal([none])
  })

  it('a reference of a machine to nothing', () => {
    expect(judgeFilters(host([], { machines: [running('web')], bound }))).to.deep.equal([
      finding('dangling', 'the filter web does not exist, or includes itself', 'bay filter create -f FILE web', onNic),
    ])
  })

  it('a reference of a filter to nothing, or in a circle', () => {
    const outer = (inner: string) => `<filter name="no-mac-broadcast"><filterref filter="${inner}"/></filter>`
    const dangling = (inner: string) =>
      [finding('dangling', `it includes ${inner}, which does not exist or includes it`, `bay filter create -f FILE ${inner}`, { filter: 'no-mac-broadcast' })]
    expect(judgeFilters(host([outer('gone')], {}))).to.deep.equal(dangling('gone'))
    expect(judgeFilters(host([outer('no-mac-broadcast')], {}))).to.deep.equal(dangling('no-mac-broadcast'))
  })

  it('no drop at the end', () => {
    expect(judgeFilters(host([webOf(tcp)], { machines: [running('web')], bound }))).to.deep.equal([
      finding('fail-open', 'what no rule decides comes in', byRules, onNic),
    ])
  })

  it('no drop at the end of one of libvirt\'s own, or of several, which are left as they are', () => {
    const beside = `one that drops what no rule decides, beside it: bay filter apply --nic=${mac} FILTER web-1`
    const several = '<filter name="bay-525400000005"><filterref filter="allow-arp"/></filter>'
    for (const name of ['allow-arp', 'bay-525400000005']) {
      const [only] = judgeFilters(host([several, `<filter name="allow-arp">${tcp}</filter>`], { machines: [running(name)], bound: new Map([['vnet0', name]]) }))
      expect(only).to.include({ code: 'fail-open', filter: name, fix: beside })
    }
  })

  it('nothing about IPv6', () => {
    expect(judgeFilters(host([webOf(tcp + drop)], { machines: [running('web')], bound }))).to.deep.equal([
      finding('no-ipv6', 'it guards IPv4, and every connection over IPv6 comes in', byRules, onNic),
    ])
    const six = drop.replace('<all/>', '<all-ipv6/>')
    expect(judgeFilters(host([webOf(tcp + drop + six)], { machines: [running('web')], bound }))).to.deep.equal([])
  })

  for (const protocol of ['all', 'all-ipv6']) {
    it(`a rule for ${protocol} that has lost its ports, but none that has an address, goes out or is bay's own`, () => {
      const rule = (direction: string, inside: string) => `<rule action="accept" direction="${direction}"><${protocol}${inside}/></rule>`
      const lost = judgeFilters(host([webOf(`${tcp}${rule('in', '')}`)], { bound }))
      expect(lost).to.deep.equal([finding(
        'accepts-all', 'rule 2 lets everything in: libvirt takes the ports off a rule for all protocols',
        'give it to tcp and udp, which keep their ports: bay filter show web', { filter: 'web' },
      )])
      const meant = [rule('out', ''), rule('in', ' comment="bay:default in=accept out=accept"'), rule('in', ' srcipaddr="10.0.0.1"')]
      expect(judgeFilters(host([webOf(meant.join(''))], { bound }))).to.deep.equal([])
    })
  }

  it('a type of ICMP in both directions', () => {
    const ping = (protocol: string, direction: string) => `<rule action="accept" direction="${direction}"><${protocol} type="8"/></rule>`
    expect(judgeFilters(host([webOf(ping('icmp', 'inout') + ping('icmp', 'in') + ping('icmpv6', 'inout'))], { bound }))).to.deep.equal(
      [['icmp', 1], ['icmpv6', 3]].map(([protocol, number]) => finding(
        'no-effect', `rule ${number} is about a type of ${protocol} in both directions: libvirt makes no rule of it`, 'two rules, one in and one out', { filter: 'web' },
      )),
    )
  })

  it('another filter in force than the machine names, or none', () => {
    const fix = `bay filter apply --nic=${mac} web web-1`
    const machines = [running('web')]
    expect(judgeFilters(host([web], { machines }))).to.deep.equal([finding('binding', 'in force is nothing, not web', fix, onNic)])
    const other = web.replace('name="web"', 'name="old"')
    expect(judgeFilters(host([web, other], { machines, bound: new Map([['vnet0', 'old']]) }))).to.deep.equal([
      finding('binding', 'in force is old, not web', fix, onNic),
    ])
    // Nothing of filters puts a machine that names none in order.
    expect(judgeFilters(host([other], { machines: [running(null)], bound: new Map([['vnet0', 'old']]) })).map((each) => each.fix)).to.deep.equal([
      'bay vm stop web-1 && bay vm start web-1', `bay filter apply --nic=${mac} FILTER web-1`,
    ])
  })

  it('one of several that are not in force, by the name of one that can be put on', () => {
    const several = `<filter name="bay-525400000005"><filterref filter="web"/><filterref filter="old"/></filter>`
    const filters = [web, web.replace('name="web"', 'name="old"'), several]
    expect(judgeFilters(host(filters, { machines: [running('bay-525400000005')] }))).to.deep.equal([
      finding('binding', 'in force is nothing, not bay-525400000005', `bay filter apply --nic=${mac} web web-1`, { ...onNic, filter: 'bay-525400000005' }),
    ])
  })

  it('a definition with another filter than the machine runs with', () => {
    const other = web.replace('name="web"', 'name="old"')
    const machines = [{ name: 'web-1', running: true, xmls: [nic('web'), nic('old', null)] }, { ...running(null), name: 'web-2', running: false, xmls: [nic('web', null)] }]
    expect(judgeFilters(host([web, other], { machines, bound }))).to.deep.equal([finding(
      'binding', 'in force is web, and old from the next start on', `bay filter apply --only --nic=${mac} old web-1`, { ...onNic, filter: 'old' },
    )])
  })

  it('filters that nobody uses, but those that one in use includes', () => {
    const inner = web.replace('name="web"', 'name="inner"')
    const outer = '<filter name="outer"><filterref filter="inner"/></filter>'
    const unused = (filter: string) => finding('unused', 'no interface and no filter in use has it', `bay filter delete ${filter}`, { filter })
    expect(judgeFilters(host([inner, outer], {}))).to.deep.equal([unused('outer'), unused('inner')])
    expect(judgeFilters(host([inner, outer], { bound: new Map([['vnet0', 'outer']]) }))).to.deep.equal([])
  })

  describe('bridges whose packets the rules never see', () => {
    let folder = ''
    before(() => { folder = mkdtempSync(join(tmpdir(), 'bay-bridge-nf-')) })
    after(() => rmSync(folder, { recursive: true }))
    const set = (name: string) =>
      `sysctl -w net.bridge.bridge-nf-call-${name}=1, and the same line in /etc/sysctl.d/99-bridge.conf for good`
    const judged = (where: string, xml = web) =>
      judgeFilters(host([xml], { bound, unseen: (family) => unseenByRules(family, where) }))

    it('the setting of a family is 0', () => {
      writeFileSync(join(folder, 'bridge-nf-call-iptables'), '1\n')
      writeFileSync(join(folder, 'bridge-nf-call-ip6tables'), '0\n')
      expect(judged(folder)).to.deep.equal([
        finding(
          'bridge-nf', 'the rules for IPv6 of web do nothing on bridges: net.bridge.bridge-nf-call-ip6tables is 0',
          set('ip6tables'),
        ),
      ])
    })

    it('the module is not loaded, which only filters with rules for IP care about', () => {
      const missing = (family: string, name: string) =>
        finding(
          'bridge-nf', `the rules for ${family} of web do nothing on bridges: the module br_netfilter is not loaded`,
          `modprobe br_netfilter; ${set(name)}`,
        )
      const nowhere = join(folder, 'none')
      expect(judged(nowhere)).to.deep.equal([missing('IPv4', 'iptables'), missing('IPv6', 'ip6tables')])
      expect(judged(nowhere, webOf('<rule action="drop" direction="inout"><mac/></rule>'))).to.deep.equal([])
    })
  })
})
