import ipaddr from 'ipaddr.js'
import { BayError } from '../errors.js'
import type { Address, HostRoute, HostState, Link } from './host-state.js'
import { address, route, type Step } from './steps.js'

/** How a device's addresses and routes go to another one, and what of it is undone where. */
export interface Move {
  addresses: Address[]
  /** takes them from the one device */
  leave: Step[]
  /** gives them to the other one */
  arrive: Step[]
  /** takes back from the other one what it did not have before */
  takeBack: Step[]
  /** gives them to the one again, as they were */
  giveBack: Step[]
}

/**
 * Addresses of both families and the routes that go with them. Link-local addresses belong to their device, and so do
 * temporary ones, which only the kernel can make. Routes that the kernel makes of an address come with it.
 * @throws BayError `wrong-state` for a route that bay cannot move
 */
export function planMove(state: HostState, from: Link, to: Link): Move {
  const addresses = movable(from)
  const routes = routesOf(state.routes, from, addresses)
  const odd = routes.find((each) => each.odd !== null)
  if (odd) throw isOdd(odd, from.name)
  const had = new Set(to.addresses.map(({ local, prefix }) => `${local}/${prefix}`))
  const fresh = addresses.filter(({ local, prefix }) => !had.has(`${local}/${prefix}`))
  // Last first: a secondary address goes with its primary one, and a route with the one that it needs.
  const backwards = { addresses: [...addresses].reverse(), fresh: [...fresh].reverse(), routes: [...routes].reverse() }
  const moved = (each: HostRoute): HostRoute => each.device === from.name ? { ...each, device: to.name } : each
  return {
    addresses,
    leave: [
      ...backwards.routes.map((each) => route.delete(each.family, routeKey(each))),
      ...backwards.addresses.map((each) => address.delete(from.name, addressKey(each))),
    ],
    arrive: [
      // It was ours a moment ago: to ask again whether somebody has it would only cost a second or two.
      ...fresh.map((each) => address.add(to.name, addressWords({ ...each, noDad: each.family === 'inet6' }, from.name, to.name))),
      ...routes.map((each) => route.add(each.family, routeWords(moved(each)))),
    ],
    takeBack: [
      ...backwards.routes.filter(({ device }) => device === from.name)
        .map((each) => route.delete(each.family, routeKey(moved(each)))),
      ...backwards.fresh.map((each) => address.delete(to.name, addressKey(each))),
    ],
    giveBack: [
      ...addresses.map((each) => address.add(from.name, addressWords(each, from.name, from.name))),
      ...routes.map((each) => route.add(each.family, routeWords(each))),
    ],
  }
}

export function movable({ addresses }: Link): Address[] {
  return addresses.filter(({ local, temporary }) => !temporary && !['linkLocal', 'loopback'].includes(ipaddr.parse(local).range()))
}

/** Those without a gateway first, for the others need them. */
function routesOf(routes: readonly HostRoute[], { name }: Link, addresses: readonly Address[]): HostRoute[] {
  const locals = new Set(addresses.map(({ local }) => local))
  const concerned = routes.filter((each) => {
    if (each.device === name || each.hops.includes(name)) return !comesByItself(each, addresses)
    // The kernel drops a route whose source address goes.
    return each.source !== null && locals.has(each.source) && each.protocol !== 'kernel'
  })
  return [...concerned.filter(({ gateway }) => gateway === null), ...concerned.filter(({ gateway }) => gateway !== null)]
}

function comesByItself({ family, to, protocol }: HostRoute, addresses: readonly Address[]): boolean {
  if (family === '-6' && /^(fe80::|ff00::)/.test(to)) return true
  if (protocol !== 'kernel') return false
  // NetworkManager's addresses make none, and its own routes look like the kernel's.
  return !addresses.some(({ noPrefixRoute, local, prefix }) => noPrefixRoute && isSubnetOf(to, local, prefix))
}

function isSubnetOf(subnet: string, local: string, prefix: number): boolean {
  const text = subnet.includes('/') ? subnet : `${subnet}/${local.includes(':') ? 128 : 32}`
  if (!ipaddr.isValidCIDR(text)) return false
  const [base, bits] = ipaddr.parseCIDR(text)
  const host = ipaddr.parse(local)
  return bits === prefix && base.kind() === host.kind() && host.match(base, bits)
}

function addressKey({ local, peer, prefix }: Address): string[] {
  return peer === null ? [`${local}/${prefix}`] : [local, 'peer', `${peer}/${prefix}`]
}

function addressWords(each: Address, from: string, to: string): string[] {
  const { broadcast, scope, label, metric, noPrefixRoute, noDad, validFor, preferredFor } = each
  return [
    ...addressKey(each),
    ...broadcast === null ? [] : ['broadcast', broadcast],
    ...scope === 'global' ? [] : ['scope', scope],
    // A label begins with the device's name; the name alone is what there is without one.
    ...label === null || label === from ? [] : ['label', label.startsWith(from) ? `${to}${label.slice(from.length)}` : to],
    ...metric === null ? [] : ['metric', String(metric)],
    ...noPrefixRoute ? ['noprefixroute'] : [], ...noDad ? ['nodad'] : [],
    ...validFor === null ? [] : ['valid_lft', String(validFor), 'preferred_lft', preferredFor === null ? 'forever' : String(preferredFor)],
  ]
}

/** What tells a route from all others. */
function routeKey({ type, to, gateway, device, table, metric, protocol }: HostRoute): string[] {
  return [
    ...type === 'unicast' ? [] : [type], to,
    ...gateway === null ? [] : ['via', gateway.family, gateway.host],
    ...device === null ? [] : ['dev', device],
    'table', table, 'proto', protocol, ...metric === null ? [] : ['metric', String(metric)],
  ]
}

function routeWords(each: HostRoute): string[] {
  const { scope, source, onLink, expires, preference, metrics } = each
  return [
    ...routeKey(each),
    ...scope === null ? [] : ['scope', scope], ...source === null ? [] : ['src', source],
    ...onLink ? ['onlink'] : [], ...expires === null ? [] : ['expires', String(expires)],
    ...preference === null || preference === 'medium' ? [] : ['pref', preference],
    ...Object.entries(metrics).flatMap(([key, value]) => [key, String(value)]),
  ]
}

function isOdd({ to, odd }: HostRoute, device: string): BayError {
  return new BayError('wrong-state', `the route to ${to} of ${device} has ${odd}, which bay cannot move`, {
    hints: ['move addresses and routes by hand, and attach it with --keep-addresses', `ip route show ${to}`],
  })
}
