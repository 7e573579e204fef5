import type { FilterRuleSpec } from '../xml/filter.js'
import { levels } from './levels.js'
import type { Need } from './rule.js'

// Each of these is up to three calls of ip6tables for each interface whenever libvirt writes its rules: so no more than it takes.
/** Multicast listeners too: a bridge that snoops would forget the guest. */
const neighbourTypes = { in: [130, 134, 135, 136], out: [133, 135, 136, 143] } as const
/** Without them paths with a small MTU hang. That a packet is too big only routers say. */
const errorTypes = { in: [1, 2, 3, 4], out: [1, 4] } as const

/** libvirt's rules for what a working guest needs. The comment says which need it is. */
export function needRules(need: Need): FilterRuleSpec[] {
  return specs[need]().map((spec) => ({ ...spec, comment: needComment(need) }))
}

export function needComment(need: Need): string {
  return `bay:need ${need}`
}

const accept = (direction: 'in' | 'out' | 'inout', priority: number, protocol: string, attributes: NonNullable<FilterRuleSpec['attributes']>): FilterRuleSpec =>
  ({ action: 'accept', direction, priority, protocol, attributes })

const specs: Record<Need, () => FilterRuleSpec[]> = {
  // QEMU announces a guest that has moved by RARP.
  arp: () => [accept('inout', levels.ethernet, 'mac', { protocolid: 'arp' }), accept('out', levels.ethernet, 'mac', { protocolid: 'rarp' })],
  // The answer to a broadcast is a connection of its own for the kernel.
  dhcp: () => [
    accept('out', levels.essential, 'udp', { srcportstart: 68, dstportstart: 67 }), accept('in', levels.essential, 'udp', { srcportstart: 67, dstportstart: 68 }),
    accept('out', levels.essential, 'udp-ipv6', { srcportstart: 546, dstportstart: 547 }),
    accept('in', levels.essential, 'udp-ipv6', { srcportstart: 547, dstportstart: 546 }),
  ],
  dns: () => ['udp', 'tcp', 'udp-ipv6', 'tcp-ipv6'].map((protocol) => accept('out', levels.dns, protocol, { dstportstart: 53 })),
  neighbours: () => (['in', 'out'] as const).flatMap((direction) => neighbourTypes[direction].map((type) => untracked(direction, type))),
  errors: () => [
    accept('inout', levels.essential, 'icmp', { state: 'RELATED' }),
    ...(['in', 'out'] as const).flatMap((direction) => errorTypes[direction].map((type) => untracked(direction, type))),
  ],
}

/** The kernel knows no connections of these; and one rule for both directions would be none (libvirt leaves typed ones out). */
function untracked(direction: 'in' | 'out', type: number): FilterRuleSpec {
  return { ...accept(direction, levels.essential, 'icmpv6', { type }), statematch: false }
}
