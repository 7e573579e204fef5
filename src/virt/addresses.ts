import { addressFamilies, word } from './enums.js'
import { takeArray } from './handle.js'
import { call } from './raw/bind.js'
import { readMemory } from './raw/memory.js'
import { textAt } from './read.js'

export interface InterfaceAddresses {
  /** the tap device (lease, ARP) or the guest's own name (agent) */
  name: string
  mac: string | null
  addresses: { family: string, address: string, prefix: number }[]
}

const interfaceSize = 32
const addressSize = 24

/** Reads and frees virDomainInterface structs. */
export function readInterfaceAddresses(fill: (slot: Buffer) => number): InterfaceAddresses[] {
  return takeArray(fill).map((address) => {
    const entry = readMemory(address, interfaceSize)
    try {
      return {
        name: textAt(entry, 0) ?? '', mac: textAt(entry, 8),
        addresses: readAddresses(entry.readBigUInt64LE(24), entry.readUInt32LE(16)),
      }
    } finally {
      call.virDomainInterfaceFree(address)
    }
  })
}

function readAddresses(address: bigint, count: number): InterfaceAddresses['addresses'] {
  const entries = readMemory(address, count * addressSize)
  return Array.from({ length: count }, (_, index) => entries.subarray(index * addressSize)).map((entry) => ({
    family: word(addressFamilies, entry.readInt32LE(0)), address: textAt(entry, 8) ?? '', prefix: entry.readUInt32LE(16),
  }))
}
