import { expect } from 'chai'
import fc from 'fast-check'
import { parse } from 'yaml'
import { UsageError } from '../../../src/errors.js'
import { networkConfigFile } from '../../../src/provision/cloud-init/network-config.js'
import type { GuestNic } from '../../../src/provision/cloud-init/spec.js'

const mac = '52:54:00:12:34:56'

const configOf = (...nics: GuestNic[]) => parse(networkConfigFile({ nics }) ?? '', { version: '1.1' }) as unknown

describe('network-config', () => {
  it('is nothing without a network or an interface', () => {
    expect(networkConfigFile(undefined)).to.equal(null)
    expect(networkConfigFile({ nics: [] })).to.equal(null)
  })

  it('asks for DHCP', () => {
    expect(configOf({ mac, addresses: 'dhcp' })).to.deep.equal({ version: 2, ethernets: { nic0: { match: { macaddress: mac }, dhcp4: true } } })
  })

  it('sets addresses, gateways, name servers and routes', () => {
    const nic: GuestNic = {
      mac: mac.toUpperCase(), addresses: ['10.0.0.5/24', 'FD00:0::5/64'], gateway4: '10.0.0.1', gateway6: 'fd00::1', dns: ['10.0.0.1', 'fd00:0:0::1'], search: ['example.org', 'no'],
      routes: [{ to: '10.9.0.0/16', via: '10.0.0.2' }, { to: 'fd01::/48', via: 'fe80::2' }],
    }
    expect(configOf(nic, { mac: '52:54:00:12:34:57', addresses: 'dhcp', dns: ['9.9.9.9'], routes: [{ to: '192.168.7.0/24', via: '10.4.4.4' }] })).to.deep.equal({
      version: 2,
      ethernets: {
        nic0: {
          match: { macaddress: mac }, dhcp4: false, addresses: ['10.0.0.5/24', 'fd00::5/64'],
          routes: [{ to: '0.0.0.0/0', via: '10.0.0.1' }, { to: '::/0', via: 'fd00::1' }, { to: '10.9.0.0/16', via: '10.0.0.2' }, { to: 'fd01::/48', via: 'fe80::2' }],
          nameservers: { addresses: ['10.0.0.1', 'fd00::1'], search: ['example.org', 'no'] },
        },
        nic1: {
          match: { macaddress: '52:54:00:12:34:57' }, dhcp4: true, routes: [{ to: '192.168.7.0/24', via: '10.4.4.4' }], nameservers: { addresses: ['9.9.9.9'] },
        },
      },
    })
  })

  it('keeps a MAC address of digits a text', () => {
    expect(networkConfigFile({ nics: [{ mac: '52:54:00:12:34:10', addresses: 'dhcp' }] })).to.contain('macaddress: "52:54:00:12:34:10"')
  })

  const at = (address: string, more: Partial<GuestNic> = {}): GuestNic[] => [{ mac, addresses: [address], ...more }]
  const good: [what: string, nics: GuestNic[]][] = [
    ['both of a /31', at('10.0.0.0/31', { gateway4: '10.0.0.1' })], ['a /32', at('10.0.0.1/32')], ['a gateway of another address', at('10.0.0.5/24', { gateway6: 'fe80::1' })],
  ]
  for (const [what, nics] of good) it(`takes ${what}`, () => expect(() => configOf(...nics)).to.not.throw())

  const bad: [message: string, nics: GuestNic[]][] = [
    ['no MAC', [{ mac: '52:54:00', addresses: 'dhcp' }]], ['no MAC', [{ mac: `${mac}\nx: y`, addresses: 'dhcp' }]], ['twice', [{ mac, addresses: 'dhcp' }, { mac: mac.toUpperCase(), addresses: 'dhcp' }]],
    ['no address', [{ mac, addresses: [] }]], ['no prefix', at('10.0.0.5')], ['no prefix', at('10.0.0.5/33')], ['no prefix', at('10.0.0.5/255.255.255.0')], ['no prefix', at('10.0.0.5/')],
    ['no prefix', at('fd00::1/129')], ['no prefix', at('10.0.0.5/24/1')], ['no IP address', at('10.0.5/24')], ['no IP address', at('010.0.0.5/24')], ['no IP address', at('fe80::1%eth0/64')],
    ['no IP address', at('x/24')], ['cannot be', at('10.0.0.0/24')], ['cannot be', at('10.0.0.255/24')], ['cannot be', at('127.0.0.1/8')], ['cannot be', at('224.0.0.1/24')],
    ['cannot be', at('0.0.0.0/0')], ['cannot be', at('::1/128')], ['cannot be', at('10.0.0.5/0')],
    ['on no network', at('10.0.0.5/24', { gateway4: '10.0.1.1' })], ['no IPv4', at('10.0.0.5/24', { gateway4: 'fd00::1' })], ['no IPv6', at('fd00::5/64', { gateway6: '10.0.0.1' })],
    ['own address', at('10.0.0.5/24', { gateway4: '10.0.0.5' })], ['on no network', at('fd00::5/64', { gateway6: 'fd01::1' })],
    ['from DHCP', [{ mac, addresses: 'dhcp', gateway4: '10.0.0.1' }]], ['no IP address', at('10.0.0.5/24', { dns: ['dns.example.org'] })],
    ['search domain', at('10.0.0.5/24', { search: ['a b'] })], ['search domain', at('10.0.0.5/24', { search: [''] })],
    ['no prefix', at('10.0.0.5/24', { routes: [{ to: '10.1.0.0', via: '10.0.0.1' }] })], ['no IPv4', at('10.0.0.5/24', { routes: [{ to: '10.1.0.0/16', via: 'fe80::1' }] })],
    ['on no network', at('10.0.0.5/24', { routes: [{ to: '10.1.0.0/16', via: '10.1.0.1' }] })],
  ]
  for (const [message, nics] of bad) {
    it(`refuses ${JSON.stringify(nics).slice(1, 90)}`, () => expect(() => configOf(...nics)).to.throw(UsageError, message))
  }

  it('is refused, or has the addresses that were asked, whatever they are', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 12 }))
    fc.assert(fc.property(address, fc.integer({ min: -1, max: 130 }), (ip, prefix) => {
      try {
        expect(configOf({ mac, addresses: [`${ip}/${prefix}`] })).to.have.nested.property('ethernets.nic0.addresses[0]').that.matches(new RegExp(`^[0-9a-f.:]+/${prefix}$`))
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
      }
    }), { numRuns: 1000 })
  })
})
