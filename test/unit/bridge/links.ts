import type { Address, HostRoute, Link } from '../../../src/bridge/host-state.js'

export function aLink(name: string, more: Partial<Link> = {}): Link {
  return {
    name, up: true, operState: 'UP', mtu: 1500, mac: '52:54:00:00:00:01', ethernet: true, loopback: false, kind: null, master: null, parent: null,
    bridge: null, addresses: [], ...more,
  }
}

export function aBridge(name: string, more: Partial<Link> = {}): Link & { bridge: NonNullable<Link['bridge']> } {
  return { ...aLink(name, { kind: 'bridge', mac: '52:54:00:00:00:09', ...more }), bridge: more.bridge ?? { stp: false, vlanFiltering: false, forwardDelay: 15 } }
}

export function anAddress(text: string, more: Partial<Address> = {}): Address {
  const [local = '', prefix = '0'] = text.split('/')
  return {
    family: local.includes(':') ? 'inet6' : 'inet', local, peer: null, prefix: Number(prefix), broadcast: null, scope: 'global', label: null,
    metric: null, noPrefixRoute: false, noDad: false, temporary: false, dynamic: false, validFor: null, preferredFor: null, ...more,
  }
}

export function aRoute(to: string, more: Partial<HostRoute> = {}): HostRoute {
  return {
    family: to.includes(':') ? '-6' : '-4', type: 'unicast', to, device: 'eth0', gateway: null, table: 'main', protocol: 'static', scope: null,
    metric: null, source: null, onLink: false, expires: null, preference: null, metrics: {}, odd: null, hops: [], ...more,
  }
}
