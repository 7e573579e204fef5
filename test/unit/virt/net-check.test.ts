import { expect } from 'chai'
import { checkDefinition } from '../../../src/virt/ops/check-network-definitions.js'
import { checkLeftBridges, checkOnHost } from '../../../src/virt/ops/check-network-host.js'
import { forwardVerdict, ownerOf } from '../../../src/virt/ops/forward-rules.js'
import type { HostNetworking } from '../../../src/virt/ops/host-networking.js'
import type { NetworkRow } from '../../../src/virt/ops/list-networks.js'
import { NetworkFixes } from '../../../src/virt/ops/network-fixes.js'
import { parseSubnet } from '../../../src/virt/ops/network-subnet.js'

const libvirt = `-P INPUT ACCEPT
-P FORWARD DROP
-N LIBVIRT_FWI
-N LIBVIRT_FWO
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -j LIBVIRT_FWO
-A LIBVIRT_FWO -s 10.20.0.0/24 -i virbr0 -j ACCEPT
-A LIBVIRT_FWO -i virbr0 -j REJECT --reject-with icmp-port-unreachable
`
const docker = `-P FORWARD DROP
-N DOCKER-USER
-A FORWARD -j DOCKER-USER
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER-USER -j RETURN
`

const network = (more: Partial<NetworkRow>): NetworkRow => ({
  name: 'lab', uuid: 'u', active: true, persistent: true, autostart: true, mode: 'nat', bridge: 'virbr0', device: null, domain: null, mtu: null,
  isolateGuests: false, dnsHosts: [],
  subnets: [{ family: 'ipv4', address: '10.20.0.1', prefix: 24, dhcp: [{ start: '10.20.0.2', end: '10.20.0.254' }], reservations: [] }], ...more,
})
const well: HostNetworking = {
  forwarding: { ipv4: true, ipv6: true }, routes: [], dnsmasq: () => true, dropping: [], libvirtTable: false, bridgeFilter: false,
  devices: new Map([['virbr0', { bridge: true, master: null, mac: '52:54:00:00:00:01' }], ['vnet0', { bridge: false, master: 'virbr0', mac: 'fe:54:00:00:00:02' }]]),
  firewall: { filter: libvirt, nat: '-A LIBVIRT_PRT -s 10.20.0.0/24 ! -d 10.20.0.0/24 -j MASQUERADE\n', why: '' },
}
const fixesOf = (...networks: NetworkRow[]) => (
  new NetworkFixes({ networks, interfaces: [], routes: [], devices: null, subnets: [], bridges: [] })
)
const port = { network: 'lab', machine: 'web', tap: 'vnet0' }
const found = (host: Partial<HostNetworking>, more: Partial<NetworkRow> = {}) =>
  checkOnHost(network(more), { host: { ...well, ...host }, ports: [port], fixes: fixesOf(network(more)) })
    .map(({ check }) => check)

describe('net check', () => {
  const subnet = parseSubnet('10.20.0.0/24')

  it('follows a guest\'s packet through the firewall', () => {
    expect(forwardVerdict(libvirt, { bridge: 'virbr0', subnet })).to.include({ accepted: true })
    expect(forwardVerdict(libvirt, { bridge: 'virbr0', subnet: parseSubnet('10.21.0.0/24') })).to.include({ accepted: false })
    expect(forwardVerdict(docker, { bridge: 'br0', subnet: null })).to.deep.equal({ accepted: false, by: 'the policy DROP of the chain FORWARD' })
    expect(forwardVerdict(`${docker}-A FORWARD -i br+ -j ACCEPT\n`, { bridge: 'br0', subnet: null }).accepted).to.equal(true)
    expect(forwardVerdict('-P FORWARD ACCEPT\n-A FORWARD -j FORWARD\n', { bridge: 'br0', subnet }).accepted).to.equal(true)
    expect([libvirt, docker, '-N ufw-before-forward\n', '-N FORWARD_IN_ZONES\n'].map(ownerOf)).to.deep.equal([null, 'docker', 'ufw', 'firewalld'])
  })

  it('finds nothing where all is well', () => expect(found({})).to.deep.equal([]))

  const broken: [what: string, host: Partial<HostNetworking>, more: Partial<NetworkRow>, checks: string[]][] = [
    ['forwarding is off', { forwarding: { ipv4: false, ipv6: true } }, {}, ['forwarding']],
    ['but not for one without a way out', { forwarding: { ipv4: false, ipv6: true } }, { mode: 'isolated' }, []],
    ['Docker drops', { firewall: { ...well.firewall, filter: docker } }, {}, ['firewall']],
    ['nobody may ask the firewall', { firewall: { filter: null, nat: null, why: 'no' } }, {}, []],
    ['nftables drop', { dropping: [{ name: 'inet filter forward', text: 'policy drop; iifname "eth0" accept' }] }, {}, ['firewall']],
    ['nftables let the bridge pass', { dropping: [{ name: 'inet filter forward', text: 'policy drop; iifname "virbr0" accept' }] }, {}, []],
    ['the translation is gone', { firewall: { ...well.firewall, nat: '-P POSTROUTING ACCEPT\n' } }, {}, ['nat']],
    ['it is in a table of libvirt\'s', { firewall: { ...well.firewall, nat: '' }, libvirtTable: true }, {}, []],
    ['dnsmasq is dead', { dnsmasq: () => false }, {}, ['dnsmasq']],
    ['the bridge is gone', { devices: new Map() }, {}, ['bridge']],
    ['a tap is on no bridge', { devices: new Map([...well.devices, ['vnet0', { bridge: false, master: null, mac: '' }]]) }, {}, ['cut-off']],
    ['the host has the subnet', { routes: [{ device: 'eth0', subnet }, { device: 'virbr0', subnet }] }, {}, ['subnet']],
    ['its bridge is there though it is stopped', {}, { active: false }, ['stale-bridge']],
    ['the bridge of the host is not there', {}, { mode: 'bridge', bridge: 'br9', subnets: [] }, ['bridge']],
    ['the device of the host is not there', {}, { mode: 'macvtap', bridge: null, device: 'eth9', subnets: [] }, ['bridge']],
    ['iptables sees what a bridge passes on', { bridgeFilter: true, firewall: { ...well.firewall, filter: docker } }, { mode: 'bridge', subnets: [] }, ['firewall']],
  ]
  for (const [what, host, more, checks] of broken) it(what, () => expect(found(host, more)).to.deep.equal(checks))

  it('finds bridges that are left, and no one else\'s', () => {
    const devices = new Map(['virbr4', 'docker0'].map((name) => [name, { bridge: true, master: null, mac: '52:54:00:00:00:04' }]))
    expect(checkLeftBridges([network({})], { ...well, devices }).map(({ hint }) => hint)).to.deep.equal(['ip link delete virbr4'])
  })

  it('finds what libvirt takes and cannot carry out', () => {
    const [first] = network({}).subnets
    const [subnets, more] = [(change: object) => ({ subnets: [{ ...first, ...change }] as NetworkRow['subnets'] }), { name: 'other', bridge: 'virbr1' }]
    const cases: [Partial<NetworkRow>, Partial<NetworkRow>, string[]][] = [
      [{}, { ...more, subnets: [] }, []], [{}, more, ['subnet']], [{ bridge: 'sixteen-chars-00' }, { ...more, subnets: [] }, ['bridge']],
      [{}, { name: 'other', subnets: [] }, ['bridge']], [subnets({ dhcp: [{ start: '10.20.0.1', end: '10.20.0.9' }] }), { ...more, subnets: [] }, ['dhcp']],
      [subnets({ prefix: null }), more, ['subnet']], [{ active: false }, { ...more, subnets: [] }, ['stopped']],
      [subnets({ reservations: ['3', '4'].map((n) => ({ mac: '52:54:00:00:00:01', ip: `10.20.0.${n}`, name: null })) }), { ...more, subnets: [] }, ['dhcp']],
    ]
    for (const [own, other, checks] of cases) {
      const fixes = fixesOf(network(own), network(other))
      expect(checkDefinition(network(own), fixes).map(({ check }) => check), JSON.stringify([own, other])).to.deep.equal(checks)
    }
  })
  it('advises lines for a shell, whatever a network is called, and changes the one that cuts nobody off', () => {
    const odd = network({ name: "it's $(id)", mode: 'route' })
    const other = network({ name: 'other', bridge: 'sixteen-chars-00', active: false })
    const of = (own: NetworkRow, fixes: NetworkFixes) => checkDefinition(own, fixes).map(({ hint }) => hint)
    expect(of(odd, fixesOf(odd, other))).to.deep.equal(['bay net set --restart other subnet=192.168.100.0/24'])
    expect(of(other, fixesOf(odd, other))).to.deep.equal([
      'bay net set other bridge=virbr1', 'bay net set --restart other subnet=192.168.100.0/24', 'bay net start other',
    ])
    const six = network({
      name: 'six', bridge: 'virbr6', subnets: [{ ...network({}).subnets[0], family: 'ipv6', address: 'fd00:1::1', prefix: 64 }] as NetworkRow['subnets'],
    })
    expect(of(six, fixesOf(six, { ...six, name: 'seven', bridge: null }))).to.deep.equal(['bay net set --restart six ipv6=fd00:2::/64'])
    const both = fixesOf(odd, other, { ...other, name: 'third', subnets: odd.subnets })
    const subnetFor = (name: string) => of({ ...other, name, bridge: null }, both).find((line) => line?.includes('subnet='))
    expect(['other', 'third', 'other'].map(subnetFor)).to.deep.equal([
      'bay net set --restart other subnet=192.168.100.0/24', 'bay net set --restart third subnet=192.168.101.0/24',
      'bay net set --restart other subnet=192.168.100.0/24',
    ])
    const full = fixesOf(odd, other, network({ subnets: ['192.168.0.1/16', '10.0.0.1/8'].map((text) => ({
      ...network({}).subnets[0], address: text.split('/')[0], prefix: Number(text.split('/')[1]),
    })) as NetworkRow['subnets'] }))
    expect(of(odd, full)).to.include('bay net set --restart other subnet=NET/BITS')
    const hints = checkOnHost(odd, { host: { ...well, dnsmasq: () => false }, ports: [], fixes: fixesOf(odd) })
      .map(({ hint }) => hint)
    expect(hints).to.deep.equal(["bay net stop --force 'it'\\''s $(id)' && bay net start 'it'\\''s $(id)'  # which connects its machines again"])
  })
})
