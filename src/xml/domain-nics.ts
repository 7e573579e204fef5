import { UsageError } from '../errors.js'
import { filterReferenceElement } from './filter.js'
import type { FilterParameter } from './filter.js'
import { el } from './node.js'
import type { XmlElement } from './node.js'
import { whole } from './numbers.js'

export interface NicSpec {
  /** A libvirt network, a bridge of the host, or QEMU's own user-mode network. */
  kind: 'network' | 'bridge' | 'user'
  /** The network's or the bridge's name; none for `user`. */
  source?: string
  /** libvirt makes one up when it is left out. */
  mac?: string
  /** `virtio`, `e1000e` … */
  model?: string
  /** One network filter; its rules are all that guards this interface. */
  filter?: string
  filterParameters?: readonly FilterParameter[]
  /** Keeps the guest from the other isolated guests of its bridge. */
  isolated?: boolean
  /** Bytes a second, to the guest and from it; at least 1000. */
  bandwidth?: { in?: number, out?: number }
  /** The tag of its VLAN; only some kinds of network take one. */
  vlan?: number
  /** Whether its cable is in; up when left out. */
  link?: 'up' | 'down'
  bootOrder?: number
}

/** An `<interface>` (https://libvirt.org/formatdomain.html#network-interfaces). */
export function nicElement(nic: NicSpec, { bootOrder }: { bootOrder?: number } = {}): XmlElement {
  checkSource(nic)
  return el('interface', { type: nic.kind },
    nic.mac && el('mac', { address: nic.mac }),
    nic.kind === 'network' && el('source', { network: nic.source }),
    nic.kind === 'bridge' && el('source', { bridge: nic.source }),
    nic.model && el('model', { type: nic.model }),
    nic.filter && filterReferenceElement({ filter: nic.filter, parameters: nic.filterParameters ?? [] }),
    nic.isolated && el('port', { isolated: true }),
    nic.bandwidth && bandwidthElement(nic.bandwidth),
    nic.vlan !== undefined && el('vlan', {}, el('tag', { id: whole(nic.vlan, 'the VLAN', { min: 1, max: 4094 }) })),
    nic.link && el('link', { state: nic.link }),
    bootOrder !== undefined && el('boot', { order: bootOrder }),
  )
}

/** libvirt counts in units of 1000 bytes a second. */
function bandwidthElement(bandwidth: { in?: number, out?: number }): XmlElement {
  const average = (bytes: number) => ({ average: whole(Math.round(bytes / 1000), 'a bandwidth in units of 1000 bytes a second', { min: 1, max: 2 ** 31 }) })
  return el('bandwidth', {},
    bandwidth.in !== undefined && el('inbound', average(bandwidth.in)),
    bandwidth.out !== undefined && el('outbound', average(bandwidth.out)),
  )
}

function checkSource({ kind, source, filter, isolated, bandwidth, vlan }: NicSpec): void {
  if (kind !== 'user' && !source) throw new UsageError(`a ${kind} interface needs the name of its ${kind}`)
  if (kind === 'user' && source) throw new UsageError('a user-mode interface has no source')
  // libvirt takes these on a user-mode interface and enforces nothing.
  if (kind === 'user' && (filter || isolated)) throw new UsageError('a user-mode interface cannot be filtered or isolated')
  if (kind === 'user' && (bandwidth || vlan !== undefined)) throw new UsageError('a user-mode interface has no bandwidth and no VLAN to set')
}
