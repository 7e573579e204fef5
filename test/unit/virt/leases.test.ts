import { expect } from 'chai'
import type { Lease } from '../../../src/virt/leases.js'
import { readInterfaces } from '../../../src/virt/ops/agent-addresses.js'
import { isOfRun } from '../../../src/virt/ops/lease-run.js'
import { markLeases } from '../../../src/virt/ops/leases-by-mac.js'
import { unmarked } from '../../../src/virt/ops/run-mark.js'
import { cardsWithout, knownAddresses } from '../../../src/virt/ops/vm-addresses.js'

const now = Math.floor(Date.now() / 1000)
const card = '52:54:00:00:00:01'

function lease(more: Partial<Lease> & { network?: string } = {}): Lease & { network: string } {
  return {
    interface: 'virbr0', expires: now + 1000, family: 'ipv4', mac: card, address: '10.0.0.2', prefix: 24, hostname: null, clientId: null,
    network: 'lab', ...more,
  }
}

describe('leases, by what they say of one another', () => {
  const marks = (...leases: (Lease & { network: string })[]) => markLeases(leases).map(({ mark }) => mark)

  it('an expired one is marked, and one of a card that has a later one, of whichever network', () => {
    expect(marks(lease(), lease({ mac: '52:54:00:00:00:02' }))).to.deep.equal([null, null])
    expect(marks(lease({ expires: now - 5 }), lease())).to.deep.equal(['expired', null])
    expect(marks(lease({ address: '10.0.0.3', clientId: '01' }), lease({ expires: now + 2000, mac: card.toUpperCase() }))).to.deep.equal(['older', null])
    expect(marks(lease(), lease({ network: 'other', expires: now + 2000 }))).to.deep.equal(['older', null])
  })

  it('those without an end say nothing of one another, nor do several IPv6 addresses of one client', () => {
    expect(marks(lease({ expires: 0 }), lease({ expires: now + 500 }))).to.deep.equal([null, null])
    const six = (expires: number, clientId: string) => lease({ family: 'ipv6', address: `fd00::${expires}`, expires, clientId })
    expect(marks(six(now + 1000, 'a'), six(now + 2000, 'a'))).to.deep.equal([null, null])
    expect(marks(six(now + 1000, 'a'), six(now + 2000, 'b'))).to.deep.equal(['older', null])
    expect(marks(lease({ mac: null }), lease({ mac: null, expires: now + 2000 }))).to.deep.equal([null, null])
  })
})

describe('leases of a machine\'s present run', () => {
  const quiet = () => ({ sent: 0, received: 0 })
  const talking = () => ({ sent: 300, received: 300 })
  const marked = (leaseBefore: number, leaseBeforeReboot = 0) => ({ mark: { started: 1, leaseBefore, leaseBeforeReboot }, reason: 'booted' })
  const by = (reason: string) => ({ mark: unmarked, reason })

  it('a mark tells, whatever the card has sent', () => {
    expect(isOfRun(lease({ expires: 10 }), marked(10), talking)).to.equal(false)
    expect(isOfRun(lease({ expires: 11 }), marked(10), quiet)).to.equal(true)
    expect(isOfRun(lease({ expires: 0 }), marked(10), quiet)).to.equal(true)
    const reboot = (afterReboot: boolean) => isOfRun(lease({ expires: 11 }), marked(10, 11), quiet, { afterReboot })
    expect([reboot(false), reboot(true)]).to.deep.equal([true, false])
  })

  it('without one the counters do, unless the guest brought its address along', () => {
    expect(isOfRun(lease(), by('booted'), quiet)).to.equal(false)
    expect(isOfRun(lease(), by('booted'), talking)).to.equal(true)
    expect(isOfRun(lease({ family: 'ipv6' }), by('booted'), () => ({ sent: 90, received: 90 }))).to.equal(true)
    expect(isOfRun(lease(), by('booted'), () => null)).to.equal(true)
    expect(isOfRun(lease(), by('booted'), () => ({ sent: -1, received: -1 }))).to.equal(true)
    for (const reason of ['restored', 'migrated', 'from-snapshot']) expect(isOfRun(lease(), by(reason), quiet), reason).to.equal(true)
  })

  it('makes an address current or older, and the ARP table is for cards that have none', () => {
    const other = '52:54:00:00:00:02'
    const machine = {
      nics: [card, other].map((mac) => ({ mac, traffic: talking })), run: () => marked(now + 1000),
      arp: () => [card, other, '52:54:00:00:00:99'].map((mac) => ({ name: 'vnet0', mac: mac.toUpperCase(), addresses: [{ family: 'ipv4', address: '10.9.9.9', prefix: 0 }] })),
    }
    const leases = new Map([[card, markLeases([lease({ expires: now + 2000 })])], [other, markLeases([lease({ mac: other, address: '10.0.0.7' })])]])
    const known = knownAddresses(machine, leases)
    expect(known.map(({ mac, address, source, state }) => [mac, address, source, state])).to.deep.equal([
      [card, '10.0.0.2', 'lease', 'current'], [other, '10.0.0.7', 'lease', 'older'], [other, '10.9.9.9', 'arp', 'current'],
    ])
    expect(cardsWithout(machine, known)).to.deep.equal([])
    expect(cardsWithout(machine, known.slice(0, 2))).to.deep.equal([other])
    expect(knownAddresses({ ...machine, run: () => { throw new Error('asked without need') } }, new Map())).to.have.length(2)
  })
})

describe('addresses that a guest agent tells', () => {
  const told = (...addresses: unknown[]) => readInterfaces([{ 'name': 'eth0', 'hardware-address': '52:54:00:AA:00:01', 'ip-addresses': addresses }])

  it('are taken when they are some', () => {
    expect(told({ 'ip-address': '10.0.2.15', 'prefix': 24 }, { 'ip-address': 'FD00::5', 'prefix': 64 })).to.deep.equal([{
      mac: '52:54:00:aa:00:01', addresses: [{ family: 'ipv4', address: '10.0.2.15', prefix: 24 }, { family: 'ipv6', address: 'fd00::5', prefix: 64 }],
    }])
  })

  it('are left out when they are no proper ones, or of a link only', () => {
    const wrong: unknown[] = [
      null, 7, {}, { 'ip-address': '127.0.0.1', 'prefix': 8 }, { 'ip-address': 'fe80::1', 'prefix': 64 }, { 'ip-address': '10.0.0.1' },
      { 'ip-address': '10.0.0.1', 'prefix': 33 }, { 'ip-address': '10.0.0.1', 'prefix': '24' }, { 'ip-address': '\u001b[2J', 'prefix': 24 },
      { 'ip-address': '1'.repeat(10_000), 'prefix': 24 }, { 'ip-address': ['10.0.0.1'], 'prefix': 24 },
    ]
    expect(told(...wrong)[0]?.addresses).to.deep.equal([])
    for (const answer of [null, 'x', 5, {}, [null], [{ 'hardware-address': 5 }]]) expect(readInterfaces(answer).every(({ mac, addresses }) => mac === null && addresses.length === 0)).to.equal(true)
    expect(readInterfaces(Array.from({ length: 10_000 }, () => ({})))).to.have.length(256)
  })
})
