import { expect } from 'chai'
import { parseAddress } from '../../../src/firewall/addresses.js'
import { evaluate } from '../../../src/firewall/evaluate.js'
import { install, type FilterText } from '../../../src/firewall/installed.js'
import { ethertypes, type IpHeader, type Packet } from '../../../src/firewall/packet.js'
import { combinations } from '../../../src/firewall/variables.js'
import { readFilter, readFilterEntries } from '../../../src/xml/filter.js'

const own = '52:54:00:00:00:01'
const other = '02:00:00:00:00:01'
const number = (text: string) => parseAddress(text)?.value ?? 0n

/** The first one is the interface's. */
const installed = (variables: Record<string, string[]>, ...xmls: string[]) => {
  const texts = new Map(xmls.map((xml): [string, FilterText] => {
    const { name, chain, priority } = readFilter(xml)
    return [name, { chain, priority, entries: readFilterEntries(xml) }]
  }))
  return install([...texts.keys()][0] ?? '', texts, new Map(Object.entries({ MAC: [own], ...variables })))
}
const packet = (more: Partial<Packet> = {}, ip: Partial<IpHeader> = {}): Packet => ({
  direction: 'out', path: 'bridged', sourceMac: own, destinationMac: other, ethertype: ethertypes['ipv4'] ?? 0, arp: null,
  state: 'new', reply: false,
  ip: {
    family: 'ipv4', source: number('10.0.0.5'), destination: number('10.0.0.9'), protocol: 6, sourcePort: 40_000, port: 80,
    icmpType: null, icmpCode: null, ...ip,
  },
  ...more,
})
const filter = (content: string, attributes = '') => `<filter name="f" ${attributes}>${content}</filter>`
const said = (rules: ReturnType<typeof installed>, ...packets: Packet[]) => packets.map((each) => evaluate(rules, each).verdict).join(' ')
const tcpTo = (port: number) => packet({}, { port })

describe('what libvirt\'s filters do with a packet: chains', () => {
  const drop = '<rule action="drop" direction="inout" priority="1000"><mac/></rule>'

  it('go from the root\'s by priority, and what returns comes back to it', () => {
    const inner = (action: string) => `<filter name="inner" chain="ipv4" priority="-700"><rule action="${action}" direction="out"><ip dstportstart="80" protocol="tcp"/></rule></filter>`
    const outer = filter(`<filterref filter="inner"/>${drop}`)
    expect(said(installed({}, outer, inner('return')), tcpTo(80))).to.equal('drop')
    expect(said(installed({}, outer, inner('accept')), tcpTo(80))).to.equal('accept')
    expect(said(installed({}, outer, inner('drop')), tcpTo(80))).to.equal('drop')
  })

  it('accept what comes to their end, whatever the root would say', () => {
    const inner = '<filter name="inner" chain="ipv4"><rule action="drop" direction="out"><ip dstportstart="25" protocol="tcp"/></rule></filter>'
    const rules = installed({}, filter(`<filterref filter="inner"/>${drop}`), inner)
    expect(said(rules, tcpTo(25), tcpTo(80), packet({ ethertype: 0x806, ip: null }))).to.equal('drop accept drop')
  })

  it('are of one kind of frame, and those of the other kinds pass by', () => {
    const inner = '<filter name="inner" chain="arp"><rule action="drop" direction="inout"/></filter>'
    const rules = installed({}, filter('<filterref filter="inner"/>'), inner)
    expect(said(rules, tcpTo(80), packet({ ethertype: 0x806, ip: null }))).to.equal('accept drop')
  })

  it('stand before the rules of the root that have a higher priority, and after those that have a lower one', () => {
    const inner = (priority: number) => `<filter name="inner" chain="ipv4" priority="${priority}"><rule action="accept" direction="out"/></filter>`
    const outer = filter('<filterref filter="inner"/><rule action="drop" direction="out" priority="100"><mac/></rule>')
    expect(said(installed({}, outer, inner(50)), tcpTo(80))).to.equal('accept')
    expect(said(installed({}, outer, inner(150)), tcpTo(80))).to.equal('drop')
  })

  it('of one name are one chain, by the priorities of their rules', () => {
    const one = '<filter name="one" chain="ipv4"><rule action="drop" direction="out" priority="500"/></filter>'
    const two = '<filter name="two" chain="ipv4"><rule action="accept" direction="out" priority="400"><ip dstportstart="80" protocol="tcp"/></rule></filter>'
    expect(said(installed({}, filter('<filterref filter="one"/><filterref filter="two"/>'), one, two), tcpTo(80), tcpTo(25))).to.equal('accept drop')
  })

  it('turn a rule for both directions round for what goes out', () => {
    const rules = installed({}, filter(`<rule action="accept" direction="inout"><ip dstipaddr="10.0.0.5"/></rule>${drop}`))
    const inward = (source: string, destination: string) => packet({ direction: 'in', sourceMac: other, destinationMac: own }, { source: number(source), destination: number(destination) })
    expect(said(rules, packet(), inward('10.0.0.9', '10.0.0.5'), inward('10.0.0.5', '10.0.0.9'))).to.equal('accept accept drop')
  })

  it('that include one another, or nothing, are told, and have no rules', () => {
    const loop = installed({}, filter('<filterref filter="two"/><rule action="drop" direction="out"><all/></rule>'), '<filter name="two"><filterref filter="f"/></filter>')
    expect([...loop.dangling]).to.deep.equal(['f'])
    expect(said(loop, tcpTo(80))).to.equal('drop')
    expect([...installed({}, filter('<filterref filter="nobody"/>')).dangling]).to.deep.equal(['nobody'])
  })
})

describe('what libvirt\'s filters do with a packet: connections', () => {
  const rules = installed({}, filter('<rule action="accept" direction="in"><tcp dstportstart="22"/></rule><rule action="drop" direction="inout" priority="900"><all/></rule>'))
  const inward = (more: Partial<Packet>, port = 22) => packet({ direction: 'in', sourceMac: other, destinationMac: own, ...more }, { port })
  const answer = (more: Partial<Packet>) => packet({ state: 'established', reply: true, ...more }, { sourcePort: 22, port: 40_000 })

  it('are accepted with their answers, and not the other way round', () => {
    expect(said(rules, inward({}), inward({ state: 'established' }), inward({ state: 'invalid' }), inward({}, 23))).to.equal('accept accept drop drop')
    expect(said(rules, answer({}), answer({ state: 'new', reply: false }), answer({ reply: false }))).to.equal('accept drop drop')
  })

  it('from the host pass no rules for IP on their way in, and their answers do', () => {
    expect(said(rules, inward({ path: 'host' }, 23), inward({ path: 'routed' }, 23))).to.equal('accept accept')
    expect(said(rules, answer({ path: 'host' }), packet({ path: 'host', state: 'established', reply: true }, { sourcePort: 23, port: 40_000 }))).to.equal('accept drop')
  })

  it('are not looked for where statematch is false', () => {
    const stateless = installed({}, filter('<rule action="accept" direction="in" statematch="false"><tcp dstportstart="22"/></rule><rule action="drop" direction="inout" priority="900"><all/></rule>'))
    expect(said(stateless, inward({ state: 'invalid' }), answer({ state: 'new', reply: false }))).to.equal('accept accept')
  })
})

describe('what libvirt\'s filters do with a packet: variables', () => {
  const list = { A: ['a1', 'a2', 'a3'], B: ['b1', 'b2'], C: ['c1', 'c2'] }
  const variables = new Map<string, readonly string[]>(Object.entries(list))
  const values = (attributes: Record<string, string>) => {
    const found = combinations(attributes, variables)
    return 'missing' in found ? found.missing : found.map((each) => Object.values(each).join(' '))
  }
  const cases: [what: string, attributes: Record<string, string>, expected: string | string[]][] = [
    ['none: as it is', { x: '1' }, ['1']],
    ['a list: once for each value', { x: '$A' }, ['a1', 'a2', 'a3']],
    ['one element, from 0', { x: '$A[1]' }, ['a2']],
    ['an element that is not there: it is named', { x: '$B', y: '$A[7]' }, 'A'],
    ['two lists of one iterator: side by side', { x: '$B', y: '$C[@0]' }, ['b1 c1', 'b2 c2']],
    ['two lists of one iterator that are not as long: the shorter is named', { x: '$A', y: '$B[@0]' }, 'B'],
    ['two iterators: each with each', { x: '$B[@1]', y: '$A[@2]' }, ['b1 a1', 'b1 a2', 'b1 a3', 'b2 a1', 'b2 a2', 'b2 a3']],
    ['an element beside a list', { x: '$A[0]', y: '$B' }, ['a1 b1', 'a1 b2']],
    ['one without a value: it is named', { x: '$A', y: '$NOBODY' }, 'NOBODY'],
  ]
  for (const [what, attributes, expected] of cases) it(what, () => expect(values(attributes)).to.deep.equal(expected))

  it('$MAC and $IP are the interface\'s, and one that is missing is told', () => {
    const xml = filter('<rule action="accept" direction="out"><ip srcmacaddr="$MAC" srcipaddr="$IP[@1]"/></rule><rule action="drop" direction="out" priority="900"/>')
    const rules = installed({ IP: ['10.0.0.5', '10.0.0.6'] }, xml)
    const from = (source: string, sourceMac = own) => packet({ sourceMac }, { source: number(source) })
    expect(said(rules, from('10.0.0.5'), from('10.0.0.6'), from('10.0.0.7'), from('10.0.0.5', '52:54:00:00:00:02'))).to.equal('accept accept drop drop')
    expect([...installed({}, xml).missing]).to.deep.equal(['IP'])
  })

  it('what a reference says holds for what it includes, unless the interface says otherwise', () => {
    const inner = '<filter name="inner"><rule action="drop" direction="out"><tcp dstportstart="$PORT"/></rule></filter>'
    const outer = filter('<filterref filter="inner"><parameter name="PORT" value="25"/></filterref>')
    expect(said(installed({}, outer, inner), tcpTo(25), tcpTo(80))).to.equal('drop accept')
    expect(said(installed({ PORT: ['80'] }, outer, inner), tcpTo(25), tcpTo(80))).to.equal('accept drop')
  })
})
