import { filterElement } from '../../../src/xml/filter.js'
import { networkElement } from '../../../src/xml/network.js'
import type { XmlElement } from '../../../src/xml/node.js'
import { poolElement } from '../../../src/xml/pool.js'
import { volumeElement } from '../../../src/xml/volume.js'
import { goldenDomains } from './golden-domains.js'

/** The kinds of virt-xml-validate, by the name of the root element. */
export const schemaKinds: Record<string, string> = {
  domain: 'domain', network: 'network', pool: 'storagepool', volume: 'storagevol', filter: 'nwfilter',
}

/** Every golden: the name of its file in test/fixtures/xml/golden, and the element that a builder makes. */
export function goldens(): Record<string, XmlElement> {
  return { ...goldenDomains(), ...networks(), ...pools(), ...volumes(), ...filters() }
}

const GiB = 1024 ** 3
const uuid = 'b5f0c3d2-8a47-4e19-a6b3-1d2c3e4f5a6b'

function networks(): Record<string, XmlElement> {
  return {
    'network-nat': networkElement({
      name: 'nat', uuid, mode: 'nat', bridge: 'bay-nat', domain: 'nat.test',
      metadata: { owner: 'a & "b"', managed: true },
      subnets: [{
        family: 'ipv4', address: '10.20.0.1', prefix: 24, dhcp: { start: '10.20.0.100', end: '10.20.0.199' },
        reservations: [
          { mac: '52:54:00:00:00:01', name: 'web', ip: '10.20.0.10' },
          { mac: '52:54:00:00:00:02', ip: '10.20.0.11' },
        ],
      }],
    }),
    'network-nat-dual': networkElement({
      name: 'dual', mode: 'nat', bridge: 'bay-dual', natIpv6: true, mtu: 9000, isolateGuests: true,
      dns: { forwarders: ['9.9.9.9', '2620:fe::fe'] },
      subnets: [
        { family: 'ipv4', address: '10.21.0.1', prefix: 20, dhcp: { start: '10.21.1.0', end: '10.21.1.255' } },
        {
          family: 'ipv6', address: 'fd00:21::1', prefix: 64, dhcp: { start: 'fd00:21::100', end: 'fd00:21::1ff' },
          reservations: [{ name: 'web', ip: 'fd00:21::10' }],
        },
      ],
    }),
    'network-route': networkElement({
      name: 'route', mode: 'route', bridge: 'bay-route', dns: { enable: false },
      subnets: [{ family: 'ipv4', address: '192.0.2.1', prefix: 28 }],
    }),
    'network-isolated': networkElement({
      name: 'isolated', mode: 'isolated', subnets: [{ family: 'ipv4', address: '10.22.0.1', prefix: 16 }],
    }),
    'network-open': networkElement({
      name: `open & "<named>" 'é'`, mode: 'open', bridge: 'bay-open', subnets: [{ family: 'ipv6', address: 'fd00:22::1', prefix: 64 }],
    }),
    'network-dns': networkElement({
      name: 'shop', mode: 'nat', bridge: 'bay-shop', isolateGuests: true,
      dns: { hosts: [{ address: '10.20.0.5', names: ['db', 'sql.shop.example'] }, { address: 'fd00:20::5', names: ['six'] }] },
      subnets: [{ family: 'ipv4', address: '10.20.0.1', prefix: 24 }],
    }),
    'network-macvtap': networkElement({ name: 'wire', mode: 'macvtap', device: 'eth0' }),
    'network-bare': networkElement({ name: 'bare', mode: 'isolated', bridge: 'fifteen-chars-0' }),
    'network-bridge': networkElement({ name: 'lan', mode: 'bridge', bridge: 'br0', isolateGuests: true, metadata: {} }),
  }
}

function pools(): Record<string, XmlElement> {
  return {
    'pool-dir': poolElement({ type: 'dir', name: 'images', uuid, path: '/srv/images & "more" <here>' }),
    'pool-fs': poolElement({ type: 'fs', name: 'fs', path: '/mnt/fs', sourceDevices: ['/dev/sdb1'], format: 'xfs' }),
    'pool-netfs': poolElement({
      type: 'netfs', name: 'nfs', path: '/mnt/nfs', sourceHosts: [{ name: 'nas.example.com' }], sourceDir: '/export/vm', format: 'nfs',
    }),
    'pool-logical': poolElement({
      type: 'logical', name: 'lvm', path: '/dev/vg0', sourceName: 'vg0', sourceDevices: ['/dev/sdb', '/dev/sdc'], format: 'lvm2',
    }),
    'pool-disk': poolElement({ type: 'disk', name: 'disk', path: '/dev', sourceDevices: ['/dev/sdd'], format: 'gpt' }),
    'pool-iscsi': poolElement({
      type: 'iscsi', name: 'iscsi', path: '/dev/disk/by-path', sourceHosts: [{ name: '192.0.2.5' }], sourceDevices: ['iqn.2013-06.com.example:iscsi'],
    }),
    'pool-iscsi-direct': poolElement({
      type: 'iscsi-direct', name: 'direct', sourceHosts: [{ name: '192.0.2.5' }], sourceDevices: ['iqn.2013-06.com.example:iscsi'],
      initiator: 'iqn.2013-06.com.example:initiator',
    }),
    'pool-iscsi-direct-auth': poolElement({
      type: 'iscsi-direct', name: 'direct-auth', sourceHosts: [{ name: '2001:db8::5', port: 3261 }], sourceDevices: ['iqn.2013-06.com.example:iscsi'],
      initiator: 'iqn.2013-06.com.example:initiator', auth: { type: 'chap', user: 'bay & "co"', secret: { usage: 'san & "password"' } },
    }),
    'pool-zfs': poolElement({ type: 'zfs', name: 'zfs', sourceName: 'tank/vm' }),
    'pool-rbd': poolElement({ type: 'rbd', name: 'rbd', sourceName: 'vms', sourceHosts: [{ name: 'mon.example.com' }] }),
    'pool-rbd-auth': poolElement({
      type: 'rbd', name: 'rbd-auth', sourceName: 'vms', sourceHosts: [{ name: 'mon1.example.com' }, { name: 'mon2.example.com', port: 6789 }],
      auth: { type: 'ceph', user: 'admin', secret: { uuid } },
    }),
    'pool-gluster': poolElement({
      type: 'gluster', name: 'gluster', sourceName: 'volume', sourceHosts: [{ name: 'g1.example.com' }], sourceDir: '/vm',
    }),
  }
}

function volumes(): Record<string, XmlElement> {
  return {
    'volume-qcow2': volumeElement({ name: 'a.qcow2', capacity: 20 * GiB, format: 'qcow2' }),
    'volume-layer': volumeElement({
      name: 'layer & "co" é.qcow2', capacity: 20 * GiB, format: 'qcow2', backing: { path: '/srv/<base> & co.qcow2', format: 'qcow2' },
    }),
    'volume-raw': volumeElement({ name: 'sparse.raw', capacity: GiB, format: 'raw' }),
    'volume-raw-full': volumeElement({ name: 'full.raw', capacity: GiB, allocation: GiB, format: 'raw' }),
    'volume-empty': volumeElement({ name: 'empty', capacity: 0, allocation: 0, format: 'qcow2' }),
  }
}

function filters(): Record<string, XmlElement> {
  return {
    'filter-empty': filterElement({ name: 'empty', rules: [] }),
    'filter-web': filterElement({
      name: 'web', uuid, chain: 'root', priority: -10,
      refs: [
        { filter: 'no-mac-spoofing', parameters: [] },
        { filter: 'no-ip-spoofing', parameters: [{ name: 'IP', value: '10.20.0.10' }] },
      ],
      rules: [
        {
          action: 'accept', direction: 'in', priority: 100, protocol: 'tcp', comment: `web & "more" <it's>`,
          attributes: { srcipaddr: '10.0.0.0', srcipmask: 8, dstportstart: 443, dstportend: 443, state: 'NEW' },
        },
        { action: 'accept', direction: 'out', priority: 500, statematch: false, protocol: 'all', attributes: {} },
        { action: 'accept', direction: 'inout', priority: 600, protocol: 'icmpv6' },
        { action: 'drop', direction: 'inout', priority: 1000, protocol: 'all' },
        { action: 'drop', direction: 'inout', priority: 1000, protocol: 'all-ipv6' },
      ],
    }),
    'filter-link': filterElement({
      name: 'link', chain: 'mac-bay', priority: -750,
      rules: [
        { action: 'return', direction: 'out', protocol: 'mac', attributes: { srcmacaddr: '$MAC', protocolid: 'arp', match: true } },
        { action: 'continue', direction: 'inout' },
        { action: 'reject', direction: 'in', protocol: 'udp-ipv6', attributes: { srcipaddr: 'fd00::', srcipmask: 64 } },
      ],
    }),
  }
}
