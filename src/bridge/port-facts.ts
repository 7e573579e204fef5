import { readFileSync } from 'node:fs'
import { run } from './ip.js'
import type { Vlans } from './plan-attach.js'
import type { PortVlan } from './plan-detach.js'

/** Whether a device's MAC address was set by somebody: a bridge's follows its ports until then. */
export function macIsFixed(device: string): boolean {
  try {
    // NET_ADDR_SET of the kernel's netdevice.h
    return readFileSync(`/sys/class/net/${device}/addr_assign_type`, 'utf8').trim() === '3'
  } catch {
    return false
  }
}

/** The VLANs of a port. @throws IpError */
export async function portVlans(port: string): Promise<PortVlan[]> {
  const text = await run({ program: 'bridge', args: ['-json', 'vlan', 'show', 'dev', port] })
  const [entry] = (text.trim() === '' ? [] : JSON.parse(text)) as { vlans?: { vlan: number, vlanEnd?: number, flags?: string[] }[] }[]
  return (entry?.vlans ?? []).flatMap(({ vlan, vlanEnd = vlan, flags = [] }) => (
    Array.from({ length: vlanEnd - vlan + 1 }, (_, at) => ({ id: vlan + at, flags }))
  ))
}

/** Whether a port has the VLANs that are wanted, and no others. */
export function sameVlans(has: readonly PortVlan[], { untagged, tagged }: Vlans): boolean {
  const ids = tagged.flatMap((each) => {
    const [first = 0, last = first] = each.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, at) => first + at)
  })
  const wanted = new Set([untagged ?? 1, ...ids])
  return has.length === wanted.size && has.every(({ id, flags }) => wanted.has(id) && flags.includes('PVID') === (id === (untagged ?? 1)))
}
