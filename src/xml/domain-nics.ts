import { UsageError } from '../errors.js'
import { filterReferenceElement } from './filter.js'
import type { FilterParameter } from './filter.js'
import { el } from './node.js'
import type { XmlElement } from './node.js'

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
    bootOrder !== undefined && el('boot', { order: bootOrder }),
  )
}

function checkSource({ kind, source, filter, isolated }: NicSpec): void {
  if (kind !== 'user' && !source) throw new UsageError(`a ${kind} interface needs the name of its ${kind}`)
  if (kind === 'user' && source) throw new UsageError('a user-mode interface has no source')
  // libvirt takes these on a user-mode interface and enforces nothing.
  if (kind === 'user' && (filter || isolated)) throw new UsageError('a user-mode interface cannot be filtered or isolated')
}
