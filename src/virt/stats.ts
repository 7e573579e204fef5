import { PointerSlot, readMemory, readPointers, readText } from './raw/memory.js'
import { call } from './raw/bind.js'
import type { Pointer } from './raw/types.js'
import { uuidText } from './read.js'

/** One machine's statistics; the names are libvirt's: https://libvirt.org/html/libvirt-libvirt-domain.html#virConnectGetAllDomainStats */
export interface DomainStats {
  name: string
  uuid: string
  id: number | null
  /** 64-bit numbers above 2^53 are rounded */
  values: Map<string, number | string | boolean>
}

/** Reads and frees virDomainStatsRecord structs. */
export function readDomainStats(fill: (slot: Buffer) => number): DomainStats[] {
  const slot = new PointerSlot()
  const count = fill(slot.buffer)
  try {
    return readPointers(slot.value, count).map(readRecord)
  } finally {
    call.virDomainStatsRecordListFree(slot.value)
  }
}

function readRecord(address: bigint): DomainStats {
  const record = readMemory(address, 24)
  const domain = record.readBigUInt64LE(0) as Pointer<'domain'>
  return {
    name: call.virDomainGetName(domain),
    uuid: uuidText((place) => call.virDomainGetUUIDString(domain, place)),
    id: call.virDomainGetID(domain),
    values: readTypedParameters(record.readBigUInt64LE(8), record.readInt32LE(16)),
  }
}

const parameterSize = 96
const nameSize = 80

/** virTypedParameter: 80 bytes of name, the type at 80, the value at 88. https://libvirt.org/html/libvirt-libvirt-common.html#virTypedParameter */
export function readTypedParameters(address: bigint, count: number): DomainStats['values'] {
  const values: DomainStats['values'] = new Map()
  const all = readMemory(address, count * parameterSize)
  for (let at = 0; at < all.length; at += parameterSize) {
    const value = readValue(all, all.readInt32LE(at + nameSize), at + 88)
    if (value !== undefined) values.set(all.toString('latin1', at, all.indexOf(0, at)), value)
  }
  return values
}

function readValue(all: Buffer, type: number, at: number): number | string | boolean | undefined {
  switch (type) {
    case 1: return all.readInt32LE(at)
    case 2: return all.readUInt32LE(at)
    case 3: return Number(all.readBigInt64LE(at))
    case 4: return Number(all.readBigUInt64LE(at))
    case 5: return all.readDoubleLE(at)
    case 6: return all.readInt8(at) !== 0
    case 7: return readText(all.readBigUInt64LE(at)) ?? ''
    default: return undefined
  }
}
