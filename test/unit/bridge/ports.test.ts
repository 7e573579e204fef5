import { expect } from 'chai'
import { refusePort } from '../../../src/bridge/check-port.js'
import { listBridges } from '../../../src/bridge/list-bridges.js'
import type { Link } from '../../../src/bridge/host-state.js'
import { commandThere } from '../../../src/bridge-elsewhere.js'
import { thrownBy } from '../thrown.js'
import { aBridge, aLink, anAddress } from './links.js'

describe('what may be a port', () => {
  const others = [aBridge('br0'), aBridge('br1'), aLink('bond0', { kind: 'bond' })]
  const refused = (port: Link, more: Link[] = []) => thrownBy(() => refusePort([...others, port, ...more], 'br0', port, (tap) => tap === 'vnet0' ? 'web' : undefined))
  const cases: [string, Link, string, Link[]?][] = [
    ['the loopback', aLink('lo', { loopback: true }), 'the loopback'],
    ['a bridge', aBridge('br1'), 'a bridge itself'],
    ['a tunnel', aLink('wg0', { ethernet: false }), 'no Ethernet device'],
    ['another bridge\'s port', aLink('eth1', { master: 'br1' }), 'a port of the bridge br1'],
    ['a bond\'s port', aLink('eth1', { master: 'bond0' }), 'belongs to bond0 (bond)'],
    ['a running machine\'s card', aLink('vnet0', { kind: 'tun', master: 'br1' }), 'the running machine web'],
    ['what a macvtap stands on', aLink('eth1'), 'macvtap0 (macvtap) stands on it', [aLink('macvtap0', { kind: 'macvtap', parent: 'eth1' })]],
  ]
  for (const [what, port, says, more] of cases) {
    it(`is not ${what}`, () => expect(refused(port, more)).to.include({ code: 'wrong-state' }).and.to.have.property('message').that.contains(says))
  }

  it('with a fix that can be pasted, whatever a machine is called', () => {
    const tap = aLink('vnet0', { kind: 'tun' })
    const error = thrownBy(() => refusePort([...others, tap], 'br0', tap, () => "it's $(id)"))
    expect(error).to.have.property('hints').that.deep.equals(["bay vm attach nic --network bridge=br0 'it'\\''s $(id)'"])
  })

  it('is a device of its own, a VLAN\'s parent, a tap of nobody\'s, and the bridge\'s own port', () => {
    for (const port of [aLink('eth1'), aLink('tap7', { kind: 'tun' }), aLink('eth1', { master: 'br0' })]) refusePort([...others, port], 'br0', port, () => undefined)
    const port = aLink('eth1')
    refusePort([...others, port, aLink('eth1.10', { kind: 'vlan', parent: 'eth1' })], 'br0', port, () => undefined)
  })
})

describe('the list of bridges', () => {
  it('says whether anything passes, what is on them and whose they are', () => {
    const links = [
      aBridge('br0', { addresses: [anAddress('10.0.0.1/24')] }), aLink('eth0', { master: 'br0' }), aBridge('br1'), aLink('eth1', { master: 'br1', operState: 'DOWN' }),
      aBridge('virbr0', { up: false }), aLink('eth2'),
    ]
    const rows = listBridges(links, new Map([['virbr0', 'default']]))
    expect(rows.map(({ name, state, ports, network }) => [name, state, ports, network])).to.deep.equal([
      ['br0', 'up', ['eth0'], null], ['br1', 'no-carrier', ['eth1'], null], ['virbr0', 'down', [], 'default'],
    ])
    expect(rows[0]?.addresses).to.deep.equal(['10.0.0.1/24'])
  })
})

describe('the command for the system that a URI leads to', () => {
  it('is the same one, by ssh where the URI says how', () => {
    const there = (uri: string, ...argv: string[]) => commandThere(uri, 'h2', 'bridge:create', argv)
    expect(there('qemu+ssh://ann@h2/system', '-c', 'qemu+ssh://ann@h2/system', 'br0', '--stp')).to.equal('ssh ann@h2 bay bridge create br0 --stp')
    expect(there('qemu+ssh://h2:2222/system', 'br0', '--connect=x')).to.equal('ssh -p 2222 h2 bay bridge create br0')
    expect(there('qemu+ssh://[fd00::1]/system', 'br0')).to.equal('ssh fd00::1 bay bridge create br0')
    expect(there('qemu+tls://h2/system', 'br0')).to.equal('ssh h2 bay bridge create br0')
    expect(there('qemu:///system', 'br0')).to.equal('on h2: bay bridge create br0')
    expect(there('qemu+ssh://h2/system', 'br 0')).to.equal(`ssh h2 'bay bridge create '\\''br 0'\\'''`)
  })
})
