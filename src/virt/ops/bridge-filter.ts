import { existsSync, readFileSync } from 'node:fs'

const settings = { ipv4: 'bridge-nf-call-iptables', ipv6: 'bridge-nf-call-ip6tables' } as const

/** Why libvirt's rules for a family see nothing of what its bridges pass on, and what changes that; null where they do. */
export function unseenByRules(family: 'ipv4' | 'ipv6', folder = '/proc/sys/net/bridge'): { text: string, fix: string } | null {
  const name = settings[family]
  const set = `sysctl -w net.bridge.${name}=1, and the same line in /etc/sysctl.d/99-bridge.conf for good`
  if (!existsSync(folder)) return { text: 'the module br_netfilter is not loaded', fix: `modprobe br_netfilter; ${set}` }
  const value = readSetting(`${folder}/${name}`)
  return value === '0' ? { text: `net.bridge.${name} is 0`, fix: set } : null
}

/** Null where the kernel does not tell. */
function readSetting(path: string): string | null {
  try {
    return readFileSync(path, 'latin1').trim()
  } catch {
    return null
  }
}
