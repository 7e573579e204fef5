import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { UsageError } from '../../../src/errors.js'
import { readNetwork } from '../../../src/xml/network-description.js'
import { networkElement } from '../../../src/xml/network.js'
import type { NetworkSpec, SubnetSpec } from '../../../src/xml/network.js'
import { serialize } from '../../../src/xml/node.js'

const dump = (name: string) => readFileSync(new URL(`../../fixtures/xml/libvirt/${name}.xml`, import.meta.url), 'utf8')
const ipv4: SubnetSpec = { family: 'ipv4', address: '10.0.0.1', prefix: 24 }
const ipv6: SubnetSpec = { family: 'ipv6', address: 'fd00::1', prefix: 64 }

describe('xml network', () => {
  it('gives back what was built', () => {
    const spec: NetworkSpec = {
      name: 'lab', mode: 'nat', bridge: 'bay-lab', domain: 'lab.test', mtu: 1400, isolateGuests: true, metadata: { managed: true },
      dns: { hosts: [{ address: '10.0.0.7', names: ['db', 'sql'] }] },
      subnets: [
        { ...ipv4, dhcp: { start: '10.0.0.9', end: '10.0.0.99' }, reservations: [{ mac: '52:54:00:00:00:01', name: 'web', ip: '10.0.0.5' }] },
        { ...ipv6, reservations: [{ name: 'web', ip: 'fd00::5' }] },
      ],
    }
    expect(readNetwork(serialize(networkElement(spec)))).to.deep.equal({
      name: 'lab', uuid: null, mode: 'nat', bridge: 'bay-lab', device: null, domain: 'lab.test', mtu: 1400, isolateGuests: true, dns: true,
      dnsHosts: [{ address: '10.0.0.7', names: ['db', 'sql'] }], metadata: { managed: 'yes' },
      subnets: [
        {
          ...ipv4, dhcp: [{ start: '10.0.0.9', end: '10.0.0.99' }],
          reservations: [{ mac: '52:54:00:00:00:01', name: 'web', ip: '10.0.0.5' }],
        },
        { ...ipv6, dhcp: [], reservations: [{ mac: null, name: 'web', ip: 'fd00::5' }] },
      ],
    })
  })

  it('reads each mode', () => {
    for (const mode of ['nat', 'route', 'isolated', 'open', 'bridge'] as const) {
      expect(readNetwork(serialize(networkElement({ name: 'n', mode, bridge: 'br0' })))).to.include({ mode, bridge: 'br0' })
    }
    const wire = serialize(networkElement({ name: 'n', mode: 'macvtap', device: 'eth0' }))
    expect(readNetwork(wire)).to.include({ mode: 'macvtap', device: 'eth0', bridge: null })
    expect(readNetwork('<network><forward/></network>').mode).to.equal('nat')
    expect(readNetwork('<network><dns enable="no"/></network>').dns).to.equal(false)
    expect(readNetwork('<network><forward mode="hostdev"/></network>')).to.include({ mode: 'hostdev', bridge: null, name: '' })
  })

  it('reads what libvirt writes', () => {
    expect(readNetwork(dump('network-default'))).to.deep.include({
      name: 'default', mode: 'nat', bridge: 'virbr0', isolateGuests: false, metadata: null,
      subnets: [{
        family: 'ipv4', address: '192.168.122.1', prefix: 24, dhcp: [{ start: '192.168.122.2', end: '192.168.122.254' }], reservations: [],
      }],
    })
    expect(readNetwork(dump('network-dual')).subnets.map(({ family, prefix }) => [family, prefix])).to.deep.equal([['ipv4', 20], ['ipv6', 64]])
  })

  it('computes prefixes from netmasks and classes, as libvirt does', () => {
    const prefix = (attributes: string) => readNetwork(`<network><ip ${attributes}/></network>`).subnets[0]?.prefix
    const masks: Record<string, number | null> = {
      '255.255.255.0': 24, '255.255.240.0': 20, '0.0.0.0': 0, '255.255.255.255': 32, '255.0.255.0': null, '255.255.255': null, 'x.y.z.w': null,
      '256.0.0.0': null,
    }
    for (const [mask, bits] of Object.entries(masks)) expect(prefix(`address='10.0.0.1' netmask='${mask}'`), mask).to.equal(bits)
    expect(['10.0.0.1', '172.16.0.1', '192.168.0.1', 'fd00::1'].map((address) => prefix(`address='${address}'`))).to.deep.equal([8, 16, 24, 64])
    expect(readNetwork('<network><ip/></network>').subnets).to.deep.equal([])
  })

  const refused: [Partial<NetworkSpec>, string][] = [
    [{ bridge: 'sixteen-chars-00' }, 'the name sixteen-chars-00 of a bridge or device is longer than 15 characters'],
    [{ bridge: 'éééééééé' }, 'longer than 15'],
    [{ mtu: 67 }, 'the MTU must be between 68 and 65535, not 67'],
    [{ mtu: 1e9 }, 'the MTU must be between'],
    [{ mode: 'route', natIpv6: true }, 'IPv6 is translated in mode nat only'],
    [{ mode: 'bridge' }, 'a network in mode bridge needs the name'],
    [{ mode: 'macvtap' }, 'a network in mode macvtap needs the name'],
    [{ mode: 'macvtap', device: 'eth0', isolateGuests: true }, 'a network in mode macvtap has no subnets'],
    [{ dns: { enable: false, hosts: [{ address: '10.0.0.5', names: ['db'] }] } }, 'DNS that is off has no forwarders and no records'],
    [{ mode: 'bridge', bridge: 'br0', subnets: [ipv4] }, 'a network in mode bridge has no subnets'],
    [{ dns: { enable: false, forwarders: ['9.9.9.9'] } }, 'DNS that is off has no forwarders'],
    [{ subnets: [{ ...ipv4, prefix: 33 }] }, 'the prefix of 10.0.0.1 must be between 1 and 32, not 33'],
    [{ subnets: [{ ...ipv6, prefix: 129 }] }, 'the prefix of fd00::1 must be between 1 and 128'],
    [{ subnets: [{ ...ipv4, prefix: NaN }] }, 'must be a whole number'],
    [{ subnets: [{ ...ipv4, reservations: [{ ip: '10.0.0.5' }] }] }, 'the reservation of 10.0.0.5 needs a MAC'],
    [{ subnets: [{ ...ipv6, reservations: [{ mac: '52:54:00:00:00:01', ip: 'fd00::5' }] }] }, 'an IPv6 reservation goes by name, not by MAC'],
    [{ subnets: [{ ...ipv6, reservations: [{ ip: 'fd00::5' }] }] }, 'the reservation of fd00::5 needs a name'],
    [{ subnets: [{ ...ipv4, reservations: ['5', '6'].map((n) => ({ mac: '52:54:00:00:00:0A', ip: `10.0.0.${n}` })) }] }, '52:54:00:00:00:0a is reserved twice'],
    [{ subnets: [{ ...ipv4, reservations: ['1', '2'].map((n) => ({ mac: `52:54:00:00:00:0${n}`, ip: '10.0.0.5' })) }] }, '10.0.0.5 is reserved twice'],
  ]
  for (const [spec, message] of refused) {
    it(`refuses: ${message}`, () => expect(() => networkElement({ name: 'n', mode: 'nat', ...spec })).to.throw(UsageError, message))
  }
})
