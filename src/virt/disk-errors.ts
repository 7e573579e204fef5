import { diskErrors, word } from './enums.js'
import { callInBackground } from './raw/bind.js'
import { allocate, freeMemory, readMemory } from './raw/memory.js'
import type { Pointer } from './raw/types.js'
import { textAt } from './read.js'

/** A disk on which reading or writing has failed while the machine runs. */
export interface DiskError {
  target: string
  error: string
}

const entrySize = 16

/**
 * Reads and frees virDomainDiskError structs, of at most `most` disks.
 * https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainGetDiskErrors
 */
export async function readDiskErrors(connection: Pointer<'conn'>, domain: Pointer<'domain'>, most: number): Promise<DiskError[]> {
  if (most === 0) return []
  const place = allocate(most * entrySize)
  try {
    const count = await callInBackground(connection, 'virDomainGetDiskErrors', domain, place, most, 0)
    const entries = readMemory(place, count * entrySize)
    return Array.from({ length: count }, (_, index) => entries.subarray(index * entrySize)).map((entry) => {
      const found = { target: textAt(entry, 0) ?? '', error: word(diskErrors, entry.readInt32LE(8)) }
      freeMemory(entry.readBigUInt64LE(0))
      return found
    })
  } finally {
    freeMemory(place)
  }
}
