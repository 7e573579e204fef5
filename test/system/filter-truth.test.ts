import { expect } from 'chai'
import { Connection } from '../../src/virt/connection.js'
import { guestModel } from '../../src/virt/ops/filter-model.js'
import { testConnection } from '../../src/virt/ops/test-packet.js'
import { Wire, type Attempt } from './packets.js'
import { lines, suiteRig, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'

/** Filters in the rule language, or names of libvirt's own. */
const filters: readonly [what: string, rules: string | readonly string[]][] = [
  ['a web server', 'default: {in: drop, out: accept}\nrules: [http, ssh, {protocol: [icmp, icmpv6], type: echo-request}]'],
  ['drops what comes in and one thing that goes out', 'default: accept\nrules: [{action: drop, service: telnet}, {action: drop, direction: out, service: smtp}]'],
  ['clean-traffic', ['clean-traffic']],
  ['one port, of a default that drops both ways', 'rules: [http]'],
  ['only outgoing', 'default: {in: drop, out: accept}'],
  ['only incoming', 'default: {in: accept, out: drop}'],
  ['one neighbour only', 'rules: [{service: [ssh, http], from: [10.88.0.9, "fd88::9"]}, {direction: out, protocol: tcp, ports: 20-30, to: 10.88.0.9}]'],
  ['not that neighbour', 'default: accept\nrules: [{action: drop, from: [10.88.0.0/29, 10.88.0.9, "fd88::9"]}]'],
  ['not to that neighbour', 'default: accept\nrules: [{action: drop, direction: out, to: [10.88.0.8/31, "fd88::/120"]}]'],
  ['IPv4 only', 'rules: [{service: http, family: ipv4}, {direction: out, protocol: tcp, family: ipv4}, {protocol: icmp}]'],
  ['packets by their state', 'rules: [{service: http, state: new}, {service: ssh, state: [new, established]}, {direction: out, protocol: tcp, state: established}]'],
  ['exceptions before the rule', 'rules: [{action: drop, protocol: tcp, ports: 20-22}, {protocol: tcp, ports: 20-80}, {direction: out, action: drop, protocol: tcp, ports: 80}, {direction: out}]'],
  ['no spoofing', 'default: accept\nneeds: none\ninherit: [no-mac-spoofing, no-ip-spoofing, no-arp-spoofing]'],
]

const attempts: readonly Attempt[] = [
  ...([22, 23, 80] as const).map((port) => ({ by: 'peer', protocol: 'tcp', port } as const)),
  { by: 'peer', protocol: 'icmp' }, { by: 'peer', protocol: 'tcp', port: 80, family: 'ipv6' }, { by: 'peer', protocol: 'icmp', family: 'ipv6' },
  { by: 'host', protocol: 'tcp', port: 23 }, { by: 'host', protocol: 'tcp', port: 80 }, { by: 'host', protocol: 'icmp' },
  ...([25, 80] as const).map((port) => ({ by: 'guest', protocol: 'tcp', port } as const)),
  { by: 'guest', protocol: 'icmp' }, { by: 'guest', protocol: 'tcp', port: 25, family: 'ipv6' },
  { by: 'guest', protocol: 'arp' },
  { by: 'guest', protocol: 'icmp', from: '10.88.0.77' }, { by: 'guest', protocol: 'arp', from: '10.88.0.77' },
]

// Real packets, to and from a guest, its host, and somebody on its bridge: what becomes of each is what the evaluator says.
describe('filter test, and the truth', function () {
  this.timeout(long ? 900_000 : 240_000)
  let rig: Rig
  let wire: Wire
  let uuid = ''

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    await rig.bay(['filter', 'create', 'fv-x', '--default', 'accept'])
    uuid = (await rig.json<{ uuid: string }>('filter', 'show', 'fv-x')).uuid
    await rig.does('vm', 'create', 'fv', ...rig.tiny, '--network', rig.network, '--wait', 'ip', '--timeout', '120s')
    const { nics: [nic] } = await rig.json<{ nics: { addresses: { address: string }[] }[] }>('vm', 'show', 'fv')
    const address = nic?.addresses[0]?.address ?? ''
    wire = new Wire(rig, 'fv')
    await wire.up(address)
    await rig.does('filter', 'apply', 'fv-x', 'fv', '--parameter', `IP=${address}`)
  })
  after(async () => {
    await wire?.down()
    await rig?.clean('fv')
    const names = lines(await rig.virsh('nwfilter-list')).map((line) => line.trim().split(/\s+/)[1] ?? '')
    for (const name of names.filter((each) => each.startsWith('fv-'))) await rig.virsh('nwfilter-undefine', name)
  })

  const give = async (rules: string | readonly string[]) => {
    const [args, stdin] = typeof rules === 'string'
      ? [['create', 'fv-x', '-f', '-', '--replace'], rules]
      : [['define', '-'], `<filter name="fv-x"><uuid>${uuid}</uuid>${rules.map((each) => `<filterref filter="${each}"/>`).join('')}</filter>`]
    const { code, stderr } = await rig.bay(['filter', ...args], { stdin })
    expect(code, stderr).to.equal(0)
  }

  const foretold = async (): Promise<boolean[]> => {
    using connection = await Connection.open(rig.host.uri, { readOnly: true })
    using domain = connection.domain('fv')
    const model = guestModel(connection, domain, {})
    return attempts.map(({ by, protocol, port, family: given, from }) => {
      const family = given ?? 'ipv4'
      const direction = by === 'guest' ? 'out' : 'in'
      const own = from ?? wire.guest[family]
      const other = by === 'host' ? wire.host[family] : wire.peer[family]
      const [source, to] = direction === 'out' ? [own, other] : [other, own]
      return testConnection(model, { from: source, to, protocol, port, direction, via: by === 'host' ? 'host' : 'bridged', state: 'new' }).verdict === 'accept'
    })
  }

  for (const [what, rules] of long ? filters : filters.slice(0, 3)) {
    it(`agree on ${what}`, async () => {
      await give(rules)
      const [said, seen] = [await foretold(), await wire.tries(attempts)]
      const compared = attempts.map((attempt, index) => ({ ...attempt, said: said[index], seen: seen[index] }))
      const wrong = compared.filter((each) => each.said !== each.seen)
      expect(wrong).to.deep.equal([])
    })
  }
  if (!long) it(`agree on ${filters.length - 3} more filters (skipped: takes minutes; BAY_TEST_LONG=1 runs it)`)
})
