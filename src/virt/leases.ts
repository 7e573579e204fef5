import { addressFamilies, word } from './enums.js'
import { takeArray } from './handle.js'
import { call } from './raw/bind.js'
import { readMemory } from './raw/memory.js'
import { textAt } from './read.js'

export interface Lease {
  interface: string
  /** seconds since 1970, as dnsmasq wrote it; 0 is for ever */
  expires: number
  family: string
  /** null for some IPv6 leases */
  mac: string | null
  address: string
  prefix: number
  hostname: string | null
  clientId: string | null
}

const leaseSize = 72

/** Reads and frees virNetworkDHCPLease structs. */
export function readLeases(fill: (slot: Buffer) => number): Lease[] {
  return takeArray(fill).map((address) => {
    const lease = readMemory(address, leaseSize)
    try {
      return {
        interface: textAt(lease, 0) ?? '',
        expires: Number(lease.readBigInt64LE(8)),
        family: word(addressFamilies, lease.readInt32LE(16)),
        mac: textAt(lease, 24),
        address: textAt(lease, 40) ?? '',
        prefix: lease.readUInt32LE(48),
        hostname: textAt(lease, 56),
        clientId: textAt(lease, 64),
      }
    } finally {
      call.virNetworkDHCPLeaseFree(address)
    }
  })
}
