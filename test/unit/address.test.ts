import { expect } from 'chai'
import { addressFrom, tellsGuest } from '../../src/address-flags.js'
import { UsageError } from '../../src/errors.js'
import { placeIn, refuseReserved } from '../../src/virt/ops/check-address.js'

describe('--ip', () => {
  it('is an address, with its prefix or without', () => {
    expect(addressFrom({})).to.equal(undefined)
    expect(addressFrom({ ip: '10.0.0.5' })).to.deep.equal({ address: '10.0.0.5', prefix: undefined, gateway: undefined, dns: undefined })
    expect(addressFrom({ ip: '10.0.0.5/24', gateway: '10.0.0.1', dns: ['9.9.9.9'] })).to.deep.equal({
      address: '10.0.0.5', prefix: 24, gateway: '10.0.0.1', dns: ['9.9.9.9'],
    })
  })

  for (const ip of ['', '10.1', '010.0.0.1', '10.0.0.256', '10.0.0.5/', '10.0.0.5/0', '10.0.0.5/33', '10.0.0.5/024', '10.0.0.5/24/1',
    '10.0.0.5/255.255.255.0', '10.0.0.5\n', 'fd00::5', 'fd00::5/64', 'web']) {
    it(`refuses ${JSON.stringify(ip)}`, () => expect(() => addressFrom({ ip })).to.throw(UsageError, '--ip'))
  }

  it('refuses what is no address of a gateway or a name server', () => {
    expect(() => addressFrom({ ip: '10.0.0.5', gateway: '10.0.0.1/24' })).to.throw(UsageError, '--gateway')
    expect(() => addressFrom({ ip: '10.0.0.5', dns: ['9.9.9.9', 'dns.example.org'] })).to.throw(UsageError, '--dns')
  })

  it('tells an image\'s guest what has a prefix', () => {
    expect(tellsGuest({ ip: '10.0.0.5/24' }, { kind: 'image' })).to.equal(true)
    expect(tellsGuest({ ip: '10.0.0.5/24' }, { kind: 'kernel' })).to.equal(false)
    expect(tellsGuest({ ip: '10.0.0.5' }, { kind: 'image' })).to.equal(false)
    expect(tellsGuest({ ip: '10.0.0.5', dns: ['9.9.9.9'] }, { kind: 'kernel' })).to.equal(true)
  })
})

describe('an address in a network', () => {
  const reservation = { mac: '52:54:00:AA:00:01', ip: '10.1.2.9', name: 'db' }
  const subnets = [
    { family: 'ipv6' as const, address: 'fd00::1', prefix: 64, dhcp: [], reservations: [] },
    { family: 'ipv4' as const, address: '10.1.2.1', prefix: 24, dhcp: [], reservations: [reservation] },
    { family: 'ipv4' as const, address: '10.9.0.0', prefix: 31, dhcp: [], reservations: [] },
  ]

  it('is in one of its subnets', () => {
    expect(placeIn('lan', subnets, { address: '10.1.2.254' })).to.include({ address: '10.1.2.1', prefix: 24 })
    expect(placeIn('lan', subnets, { address: '10.1.2.2', prefix: 24 })).to.include({ prefix: 24 })
    expect(placeIn('lan', subnets, { address: '10.9.0.1' })).to.include({ prefix: 31 })
    for (const [address, says] of [['10.1.3.5', '10.1.2.0/24 or 10.9.0.0/31'], ['10.9.0.2', '10.1.2.0/24']] as const) {
      expect(() => placeIn('lan', subnets, { address })).to.throw(UsageError, 'not in the network lan').with.property('hints').that.matches(new RegExp(says))
    }
    expect(() => placeIn('lan', subnets.slice(0, 1), { address: '10.1.2.2' })).to.throw(UsageError, 'no IPv4 subnet')
  })

  it('is neither the gateway\'s nor one that no host has', () => {
    expect(() => placeIn('lan', subnets, { address: '10.1.2.1' })).to.throw(UsageError, 'the gateway')
    expect(() => placeIn('lan', subnets, { address: '10.1.2.0' })).to.throw(UsageError, 'own address')
    expect(() => placeIn('lan', subnets, { address: '10.1.2.255' })).to.throw(UsageError, 'broadcast')
    expect(() => placeIn('lan', subnets, { address: '10.1.2.5', prefix: 16 })).to.throw(UsageError, 'prefix')
  })

  it('is reserved for nobody else, and its card has no other one', () => {
    const check = (ip: string, mac: string, owner?: string) => () => refuseReserved('lan', subnets, { ip, mac }, () => owner)
    expect(check('10.1.2.9', '52:54:00:aa:00:01')).not.to.throw()
    expect(check('10.1.2.8', '52:54:00:aa:00:02')).not.to.throw()
    expect(check('10.1.2.9', '52:54:00:aa:00:02')).to.throw('has reserved 10.1.2.9 for 52:54:00:AA:00:01').with.property('code', 'exists')
    expect(check('10.1.2.9', '52:54:00:aa:00:02', 'db-1')).to.throw('for the machine db-1 (52:54:00:AA:00:01)')
    expect(check('10.1.2.8', '52:54:00:aa:00:01')).to.throw('reserves 10.1.2.9 for 52:54:00:aa:00:01').with.property('hints').that.includes('--ip 10.1.2.9')
  })
})
