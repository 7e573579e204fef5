import type { LeasesByMac } from './leases-by-mac.js'

/**
 * Whether an address of a running machine may be known: one of its cards has a lease or is on a bridge of the host's own (ARP), or
 * its guest's agent may be asked. Told by the words of libvirt's XML, as it writes them: to parse it costs many times as much.
 */
export function mayHaveAddress(xml: string, leases: LeasesByMac): boolean {
  if (!xml.includes('<interface')) return false
  if (/<interface [^>]*type=['"]bridge['"]|<target [^>]*state=['"]connected['"]/.test(xml)) return true
  return leases.size > 0 && [...xml.matchAll(/<mac [^>]*address=['"]([^'"]+)['"]/g)].some(([, mac = '']) => leases.has(mac.toLowerCase()))
}
