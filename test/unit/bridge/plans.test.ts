import { expect } from 'chai'
import { typed } from '../../../src/bridge/ip.js'
import { planAttach, type Vlans } from '../../../src/bridge/plan-attach.js'
import { planCreate, parseDeviceAddress } from '../../../src/bridge/plan-create.js'
import { planDelete } from '../../../src/bridge/plan-delete.js'
import { planDetach } from '../../../src/bridge/plan-detach.js'
import type { HostRoute, Link } from '../../../src/bridge/host-state.js'
import { sameVlans } from '../../../src/bridge/port-facts.js'
import { isFine, link } from '../../../src/bridge/steps.js'
import { carrierOf } from '../../../src/bridge/ssh-session.js'
import { vlansOf } from '../../../src/bridge-flags.js'
import { thrownBy } from '../thrown.js'
import { aBridge, aLink, anAddress, aRoute } from './links.js'

const none: Vlans = { untagged: null, tagged: [] }

interface Told { routes?: HostRoute[], move?: boolean, vlans?: Vlans, macIsFixed?: boolean }

function attach(port: Link, bridge = aBridge('br0'), { routes = [], move = true, vlans = none, macIsFixed = false }: Told = {}) {
  const plan = planAttach({ links: [bridge, port], routes }, { bridge, port, move, vlans, macIsFixed, isNew: false })
  return plan && { steps: plan.steps.map(typed), undo: plan.undo.map(typed) }
}

describe('what attaching a device takes', () => {
  it('moves addresses with all that they are, and restores them so', () => {
    const port = aLink('eth0', {
      addresses: [
        anAddress('10.1.0.2/24', { broadcast: '10.1.0.255', label: 'eth0', metric: 100, validFor: 600, preferredFor: 300, dynamic: true }),
        anAddress('10.1.0.3/24', { label: 'eth0:web', scope: 'site' }), anAddress('10.2.0.1/32', { peer: '10.2.0.2', noPrefixRoute: true }),
        anAddress('2001:db8::2/64'), anAddress('fe80::1/64', { scope: 'link' }), anAddress('169.254.3.4/16', { scope: 'link' }),
        anAddress('2001:db8::abcd/64', { temporary: true }),
      ],
    })
    expect(attach(port)).to.deep.equal({
      steps: [
        'ip link set dev eth0 master br0',
        'ip address delete 2001:db8::2/64 dev eth0', 'ip address delete 10.2.0.1 peer 10.2.0.2/32 dev eth0', 'ip address delete 10.1.0.3/24 dev eth0',
        'ip address delete 10.1.0.2/24 dev eth0',
        'ip address add 10.1.0.2/24 broadcast 10.1.0.255 metric 100 valid_lft 600 preferred_lft 300 dev br0',
        'ip address add 10.1.0.3/24 scope site label br0:web dev br0', 'ip address add 10.2.0.1 peer 10.2.0.2/32 noprefixroute dev br0',
        'ip address add 2001:db8::2/64 nodad dev br0',
      ],
      undo: [
        'ip address delete 2001:db8::2/64 dev br0', 'ip address delete 10.2.0.1 peer 10.2.0.2/32 dev br0', 'ip address delete 10.1.0.3/24 dev br0',
        'ip address delete 10.1.0.2/24 dev br0',
        'ip link set dev eth0 nomaster', 'ip link set dev br0 address 52:54:00:00:00:09', 'ip link set dev br0 mtu 1500',
        'ip address add 10.1.0.2/24 broadcast 10.1.0.255 metric 100 valid_lft 600 preferred_lft 300 dev eth0',
        'ip address add 10.1.0.3/24 scope site label eth0:web dev eth0', 'ip address add 10.2.0.1 peer 10.2.0.2/32 noprefixroute dev eth0',
        'ip address add 2001:db8::2/64 dev eth0',
      ],
    })
  })

  it('moves routes, those without a gateway first, and leaves the kernel\'s own', () => {
    const routes = [
      aRoute('default', { gateway: { family: 'inet', host: '10.1.0.1' }, metric: 100, protocol: 'dhcp', source: '10.1.0.2', metrics: { mtu: 1400 } }),
      aRoute('10.1.0.0/24', { protocol: 'kernel', source: '10.1.0.2' }), aRoute('10.7.0.0/16', { table: '77', scope: 'link' }),
      aRoute('10.8.0.0/16', { device: 'eth5', source: '10.1.0.2' }), aRoute('10.6.0.0/16', { device: 'eth5' }),
      aRoute('fe80::/64', { protocol: 'kernel', family: '-6' }), aRoute('default', { family: '-6', gateway: { family: 'inet6', host: 'fe80::9' }, expires: 1700, protocol: 'ra', preference: 'high' }),
    ]
    const calls = attach(aLink('eth0', { addresses: [anAddress('10.1.0.2/24')] }), aBridge('br0'), { routes })?.steps ?? []
    expect(calls.filter((call) => call.includes('route add'))).to.deep.equal([
      'ip -4 route add 10.7.0.0/16 dev br0 table 77 proto static scope link',
      'ip -4 route add 10.8.0.0/16 dev eth5 table main proto static src 10.1.0.2',
      'ip -4 route add default via inet 10.1.0.1 dev br0 table main proto dhcp metric 100 src 10.1.0.2 mtu 1400',
      'ip -6 route add default via inet6 fe80::9 dev br0 table main proto ra expires 1700 pref high',
    ])
    expect(calls.filter((call) => call.includes('route delete'))).to.have.length(4)
  })

  it('takes along the routes that NetworkManager makes in the kernel\'s name', () => {
    const routes = [aRoute('10.1.0.0/24', { protocol: 'kernel', source: '10.1.0.2', metric: 100, scope: 'link' })]
    const calls = attach(aLink('eth0', { addresses: [anAddress('10.1.0.2/24', { noPrefixRoute: true })] }), aBridge('br0'), { routes })?.steps
    expect(calls).to.include('ip -4 route add 10.1.0.0/24 dev br0 table main proto kernel metric 100 scope link src 10.1.0.2')
  })

  it('refuses a route that it could not restore', () => {
    const port = aLink('eth0', { addresses: [anAddress('10.1.0.2/24')] })
    for (const odd of [aRoute('default', { device: null, hops: ['eth0', 'eth1'], odd: 'several next hops' }), aRoute('default', { odd: 'an encapsulation' })]) {
      expect(thrownBy(() => attach(port, aBridge('br0'), { routes: [odd] }))).to.have.property('message').that.contains('which bay cannot move')
      expect(attach(port, aBridge('br0'), { routes: [odd], move: false })?.steps).to.deep.equal(['ip link set dev eth0 master br0'])
    }
  })

  it('brings both up and down again, and keeps a MAC address that somebody chose', () => {
    const port = aLink('eth0', { up: false, addresses: [anAddress('10.1.0.2/24')] })
    const plan = attach(port, aBridge('br0', { up: false }), { macIsFixed: true })
    expect(plan?.steps.slice(0, 2)).to.deep.equal(['ip link set dev br0 up', 'ip link set dev eth0 up'])
    expect(plan?.steps).to.include('ip link set dev br0 address 52:54:00:00:00:01')
    expect(plan?.undo).to.include.members(['ip link set dev eth0 down', 'ip link set dev br0 address 52:54:00:00:00:09', 'ip link set dev br0 down'])
    // A bridge whose last port has left has none, and cannot be given it.
    expect(attach(port, aBridge('br0', { mac: '00:00:00:00:00:00' }))?.undo.join()).not.to.contain('address 00:')
  })

  it('gives the port its VLANs, and does not cut the system off', () => {
    const bare = aLink('eth1')
    expect(attach(bare, aBridge('br0'), { vlans: { untagged: 10, tagged: ['20', '30-40'] } })?.steps.slice(1)).to.deep.equal([
      'bridge vlan add dev eth1 vid 10 pvid untagged', 'bridge vlan delete dev eth1 vid 1', 'bridge vlan add dev eth1 vid 20', 'bridge vlan add dev eth1 vid 30-40',
    ])
    const addressed = aLink('eth1', { addresses: [anAddress('10.1.0.2/24')] })
    expect(thrownBy(() => attach(addressed, aBridge('br0'), { vlans: { untagged: 10, tagged: [] } })))
      .to.have.property('message').that.contains('cut this system off from its own addresses there (10.1.0.2/24)')
  })

  it('is nothing when it is so already', () => {
    expect(attach(aLink('eth0', { master: 'br0' }))).to.equal(null)
    expect(attach(aLink('eth0', { master: 'br0', addresses: [anAddress('10.1.0.2/24')] }))?.steps.at(-1)).to.contain('10.1.0.2/24 dev br0')
  })
})

describe('what detaching a device takes', () => {
  const bridge = aBridge('br0', { addresses: [anAddress('10.1.0.2/24')] })
  const detach = (others: Link[], more: Partial<Parameters<typeof planDetach>[1]> = {}) => {
    const port = aLink('eth0', { master: 'br0' })
    const state = { links: [bridge, port, ...others], routes: [] }
    const plan = planDetach(state, { bridge, port, move: true, macIsFixed: false, vlans: null, ...more })
    return plan && { steps: plan.steps.map(typed), undo: plan.undo.map(typed) }
  }

  it('moves the addresses back when no other way out is left', () => {
    const tap = aLink('vnet0', { master: 'br0', kind: 'tun' })
    const container = aLink('veth1', { master: 'br0', kind: 'veth' })
    const moved = ['ip address delete 10.1.0.2/24 dev br0', 'ip link set dev eth0 nomaster', 'ip address add 10.1.0.2/24 dev eth0']
    expect(detach([tap, container])?.steps).to.deep.equal(moved)
    expect(detach([aLink('eth1', { master: 'br0' })])?.steps).to.deep.equal(['ip link set dev eth0 nomaster'])
    expect(detach([], { move: false })?.steps).to.deep.equal(['ip link set dev eth0 nomaster'])
  })

  it('restores its VLANs, and gives the bridge another MAC address than the port\'s', () => {
    const vlans = [{ id: 10, flags: ['PVID', 'Egress Untagged'] }, { id: 20, flags: [] }]
    expect(detach([], { vlans })?.undo).to.include.members(['bridge vlan add dev eth0 vid 10 pvid untagged', 'bridge vlan add dev eth0 vid 20', 'bridge vlan delete dev eth0 vid 1'])
    const port = aLink('eth0', { master: 'br0', mac: bridge.mac })
    const plan = planDetach({ links: [bridge, port], routes: [] }, { bridge, port, move: false, macIsFixed: true, vlans: null })
    expect(plan?.steps.map(typed)[1]).to.match(/^ip link set dev br0 address 02(:[0-9a-f]{2}){5}$/)
    expect(plan?.undo.map(typed)).to.include(`ip link set dev br0 address ${bridge.mac}`)
  })
})

describe('what making and deleting a bridge takes', () => {
  it('is one undo, whatever was done', () => {
    const { steps, undo } = planCreate({ name: 'br0', addresses: ['10.5.0.1/24', 'fd00::1/64'], stp: true, vlanFiltering: true, mtu: 9000, mac: '52:54:00:00:00:01' })
    expect(steps.map(typed)).to.deep.equal([
      'ip link add name br0 address 52:54:00:00:00:01 type bridge stp_state 1 vlan_filtering 1', 'ip link set dev br0 mtu 9000',
      'ip address add 10.5.0.1/24 broadcast + dev br0', 'ip address add fd00::1/64 dev br0', 'ip link set dev br0 up',
    ])
    expect(undo.map(typed)).to.deep.equal(['ip link delete dev br0'])
    expect(undo.every((step) => isFine(step, 'Cannot find device "br0"'))).to.equal(true)
    expect(isFine(link.set('br0', 'up'), 'Cannot find device "br0"')).to.equal(false)
  })

  it('refuses while somebody would miss it, by name and with the command', () => {
    const links = [aBridge('br0'), aLink('eth0', { master: 'br0' }), aBridge('br1'), aLink('br1.10', { parent: 'br1', kind: 'vlan' }), aLink('eth1')]
    const refused = (name: string, users: Parameters<typeof planDelete>[2]) => thrownBy(() => planDelete(links, name, users))
    expect(refused('br0', null)).to.include({ code: 'wrong-state' }).and.to.have.deep.property('hints', ['bay bridge detach br0 eth0'])
    expect(refused('br1', null)).to.have.property('message').that.contains('br1.10')
    expect(refused('br1', { networks: ['lab'], machines: [] })).to.have.deep.property('hints', ['bay net delete lab'])
    expect(refused('br1', { networks: [], machines: ['web', 'db'] })).to.have.property('message').that.contains('web, db')
    expect(refused('eth1', null)).to.have.property('message', 'eth1 is no bridge')
    expect(refused('br0', { networks: [], machines: ['web'] })).to.have.property('message').that.contains('web')
    expect(refused('br9', null)).to.include({ code: 'not-found' })
  })
})

describe('what is said of a bridge on a command line', () => {
  it('is an address that a device can have', () => {
    expect(['10.0.0.1/24', 'fd00::1/64', '10.0.0.0/31', '10.0.0.7/32'].map(parseDeviceAddress)).to.deep.equal(['10.0.0.1/24', 'fd00::1/64', '10.0.0.0/31', '10.0.0.7/32'])
    for (const bad of ['10.0.0.1', '10.0.0.0/24', '10.0.0.255/24', '127.0.0.1/8', '224.0.0.1/4', 'ff02::1/64', '::/0', '', 'x', '10.0.0.1/33', '10.1/16']) {
      expect(thrownBy(() => parseDeviceAddress(bad)), bad).to.include({ code: 'usage' })
    }
  })

  it('is VLANs within their range', () => {
    expect(vlansOf({ vlan: 10, trunk: '20,30-40' })).to.deep.equal({ untagged: 10, tagged: ['20', '30-40'] })
    expect(vlansOf({})).to.deep.equal({ untagged: null, tagged: [] })
    for (const trunk of ['0', '4095', '30-20', 'a', '', '1,,2', '5-15']) expect(thrownBy(() => vlansOf({ vlan: 10, trunk })), trunk).to.include({ code: 'usage' })
    expect(sameVlans([{ id: 10, flags: ['PVID', 'Egress Untagged'] }, { id: 20, flags: [] }], { untagged: 10, tagged: ['20'] })).to.equal(true)
    expect(sameVlans([{ id: 1, flags: ['PVID', 'Egress Untagged'] }, { id: 20, flags: [] }], { untagged: 10, tagged: ['20'] })).to.equal(false)
  })
})

describe('the device of an ssh session', () => {
  const links = [aLink('eth0', { addresses: [anAddress('10.1.0.2/24'), anAddress('fe80::1/64')] }), aLink('eth1', { addresses: [anAddress('fe80::1/64')] })]
  it('is the one with its address', () => {
    expect(carrierOf(links, '10.1.0.2')?.name).to.equal('eth0')
    expect(carrierOf(links, '::ffff:10.1.0.2')?.name).to.equal('eth0')
    expect(carrierOf(links, 'fe80::1%eth1')?.name).to.equal('eth1')
    expect(carrierOf(links, '10.1.0.9')).to.equal(undefined)
  })
})
