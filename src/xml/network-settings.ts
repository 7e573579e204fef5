import type { XmlElement } from './node.js'
import { readNetworkElement } from './network-description.js'
import { attr, child, children, remove, upsert } from './tree.js'

/** What can be changed of a network; what is undefined stays, null removes. */
export interface NetworkSettings {
  'domain'?: string | null
  'mtu'?: number | null
  'isolate-guests'?: boolean
  /** between the modes that have a bridge of libvirt's */
  'mode'?: OwnMode
  'bridge'?: string
}

/** The modes of networks whose bridge libvirt makes and removes. */
export const ownModes = ['nat', 'route', 'isolated', 'open'] as const
export type OwnMode = typeof ownModes[number]

export type NetworkSettingName = keyof NetworkSettings

/** What a parsed network has of each. */
export function readNetworkSettings(root: XmlElement): Record<NetworkSettingName, string | number | boolean | null> {
  const { domain, mtu, isolateGuests, mode, bridge } = readNetworkElement(root)
  return { domain, mtu, 'isolate-guests': isolateGuests, mode, bridge }
}

/** Changes what is given in a parsed network and leaves all else as it is, what nobody here knows too. */
export function changeNetworkSettings(root: XmlElement, settings: NetworkSettings): void {
  const { domain, mtu, 'isolate-guests': isolated, mode, bridge } = settings
  if (domain === null) remove(root, 'domain')
  // A domain that is new is answered for by this network alone, as one of a new network is.
  else if (domain !== undefined) upsert(root, 'domain', { name: domain, localOnly: child(root, 'domain') ? undefined : true })
  if (mtu === null) remove(root, 'mtu')
  else if (mtu !== undefined) upsert(root, 'mtu', { size: mtu })
  if (isolated === true) upsert(root, 'port', { isolated: true })
  else if (isolated === false) remove(root, 'port')
  if (bridge !== undefined) upsert(root, 'bridge', { name: bridge })
  if (mode !== undefined) changeMode(root, mode)
}

/** An isolated network has no <forward>; translation is of mode nat only. */
function changeMode(root: XmlElement, mode: OwnMode): void {
  const forward = child(root, 'forward')
  if (mode === 'isolated') {
    remove(root, 'forward')
    return
  }
  if (forward && (attr(forward, 'mode') ?? 'nat') === mode) return
  const changed = upsert(root, 'forward', { mode })
  remove(changed, 'nat')
  // Addresses that nobody routes need translating as the IPv4 ones do.
  if (mode === 'nat' && children(root, 'ip').some((ip) => /^f[cd]/i.test(attr(ip, 'address') ?? ''))) upsert(root, 'forward/nat', { ipv6: true })
  // libvirt refuses a device for a network that it adds no rules for.
  if (mode === 'open') {
    upsert(root, 'forward', { dev: null })
    remove(changed, 'interface')
  }
}
