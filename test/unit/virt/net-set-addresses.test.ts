import { expect } from 'chai'
import type { NetworkRow } from '../../../src/virt/ops/list-networks.js'
import { parseIpv6Prefix, parseSubnet } from '../../../src/virt/ops/network-subnet.js'
import { planAddresses, type WantedSubnets } from '../../../src/virt/ops/set-network-addresses.js'
import type { AddressRange } from '../../../src/xml/network.js'
import { changeNetworkAddresses, readNetworkAddresses } from '../../../src/xml/network-addresses.js'
import { readNetworkElement } from '../../../src/xml/network-description.js'
import { parse, serialize } from '../../../src/xml/node.js'

const four = `<ip address="10.20.0.1" netmask="255.255.255.0" localPtr="yes"><tftp root="/t"/><dhcp><range start="10.20.0.100" end="10.20.0.199">
  <lease expiry="2"/></range><host mac="52:54:00:00:00:01" name="web" ip="10.20.0.50"/></dhcp></ip>`
const six = '<ip family="ipv6" address="fd00::1" prefix="64"/>'
const other: NetworkRow = {
  name: 'other', uuid: '', active: true, persistent: true, autostart: true, mode: 'nat', bridge: 'virbr9', device: null, domain: null, mtu: null,
  isolateGuests: false, dnsHosts: [], subnets: [{ family: 'ipv4', address: '10.66.0.1', prefix: 24, dhcp: [], reservations: [] }],
}

function network(...ips: string[]): string {
  return '<network><name>n</name><metadata><x:t xmlns:x="urn:x">k</x:t></metadata><forward mode="nat"/><bridge name="virbr1"/>'
    + `<dns><host ip="10.20.0.5"><hostname>db</hostname></host></dns>${ips.join('')}</network>`
}

function changed(xml: string, subnets: WantedSubnets, dhcp?: AddressRange | null) {
  const root = parse(xml)
  const { addresses, notes } = planAddresses(readNetworkElement(root), subnets, dhcp, {
    networks: [other], routes: [{ device: 'eth0', subnet: parseSubnet('10.77.0.0/16') }, { device: 'virbr1', subnet: parseSubnet('10.20.0.0/24') }],
  })
  changeNetworkAddresses(root, addresses)
  return { xml: serialize(root), now: readNetworkAddresses(root), notes }
}

describe('new subnets of a network', () => {
  const wide = { subnet: parseSubnet('10.20.0.0/16') }

  it('keep all else: reservations inside, what nobody here knows, and a range of the same part', () => {
    const { xml, now, notes } = changed(network(four, six), wide)
    expect(now).to.deep.equal({ subnet: '10.20.0.1/16', ipv6: 'fd00::1/64', dhcp: '10.20.0.2-10.20.255.254' })
    expect(xml).to.contain('ip="10.20.0.50"').and.to.contain('<tftp').and.to.contain('localPtr="yes"').and.to.contain('urn:x').and.not.to.contain('netmask')
    expect(notes).to.deep.equal([])
    const moved = changed(network(four.replace(/<host.*?>/, '')), { subnet: parseSubnet('10.30.5.0/24') })
    expect(moved.now).to.include({ subnet: '10.30.5.1/24', dhcp: '10.30.5.100-10.30.5.199' })
    expect(moved.notes).to.deep.equal(['the DNS record of db is still 10.20.0.5, outside 10.30.5.0/24'])
  })

  it('take the range that is said, or none', () => {
    expect(changed(network(four), wide, { start: '10.20.9.1', end: '10.20.9.9' }).now.dhcp).to.equal('10.20.9.1-10.20.9.9')
    expect(changed(network(four), wide, null).now.dhcp).to.equal(null)
    expect(changed(network('<ip address="10.20.0.1" prefix="24"/>'), wide).xml).not.to.contain('<dhcp')
  })

  it('are nothing when the network has them, with whichever gateway', () => {
    const xml = network(four.replace('10.20.0.1"', '10.20.0.254"'), six)
    expect(changed(xml, { subnet: parseSubnet('10.20.0.0/24'), ipv6: parseIpv6Prefix('fd00::/64') }).xml).to.equal(serialize(parse(xml)))
    expect(changed(network(four), { ipv6: null }).xml).to.equal(serialize(parse(network(four))))
  })

  it('come and go in IPv6, translated when nobody routes them', () => {
    const added = changed(network(four), { ipv6: parseIpv6Prefix('fd00:5::/64') })
    expect(added.now.ipv6).to.equal('fd00:5::1/64')
    expect(added.xml).to.contain('<nat ipv6="yes"/>')
    const routed = changed(added.xml, { ipv6: parseIpv6Prefix('2a00:5::/64') })
    expect(routed.xml).to.contain('2a00:5::1').and.not.to.contain('ipv6="yes"')
    expect(changed(added.xml, { ipv6: null }).now.ipv6).to.equal(null)
    expect(changed(network(six), { subnet: parseSubnet('10.20.0.0/24'), ipv6: null }).now).to.deep.equal({ subnet: '10.20.0.1/24', ipv6: null, dhcp: '10.20.0.2-10.20.0.254' })
  })

  it('are refused as by net create, and with what would be outside', () => {
    const refused = (xml: string, subnets: WantedSubnets, says: RegExp) => expect(() => changed(xml, subnets)).to.throw(says)
    refused(network(four), { subnet: parseSubnet('10.66.0.0/16') }, /reservations .* no guests' addresses of 10\.66\.0\.0\/16: 10\.20\.0\.50 \(52:54:00:00:00:01\)/)
    refused(network('<ip address="10.20.0.1" prefix="24"/>'), { subnet: parseSubnet('10.66.0.0/16') }, /overlaps with 10\.66\.0\.0\/24 of the network other/)
    refused(network(four.replace('10.20.0.50', '10.20.0.129')), { subnet: parseSubnet('10.20.0.128/25') }, /10\.20\.0\.129/)
    refused(network(six), { ipv6: null }, /the only subnet/)
    const stateful = '<ip family="ipv6" address="fd00::1" prefix="64"><dhcp><range start="fd00::100" end="fd00::1ff"/></dhcp></ip>'
    refused(network(four, stateful), { ipv6: parseIpv6Prefix('fd00:7::/64') }, /IPv6 addresses by DHCP, which would be outside: fd00::100-fd00::1ff/)
    expect(changed(network('<ip address="10.20.0.1" prefix="24"/>'), { subnet: parseSubnet('10.77.1.0/24') }).notes[0]).to.match(/overlaps with 10\.77\.0\.0\/16, which the host reaches by eth0/)
  })
})
