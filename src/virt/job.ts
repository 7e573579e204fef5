import { completedJob } from './flags.js'
import { call } from './raw/bind.js'
import { PointerSlot } from './raw/memory.js'
import type { Pointer } from './raw/types.js'
import { readTypedParameters } from './stats.js'

/** A long job of a machine's. Sizes are bytes, of what QEMU looks at and not of what it writes. */
export interface Job {
  done: number
  total: number
}

export interface EndedJob {
  result: 'completed' | 'failed' | 'cancelled'
  /** QEMU's or libvirt's word for it; null when it completed, or nobody said */
  message: string | null
}

/** Reads virDomainJobInfo: https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainJobInfo */
export function readJob(domain: Pointer<'domain'>): Job | null {
  const info = Buffer.alloc(96)
  call.virDomainGetJobInfo(domain, info)
  if (info.readInt32LE(0) === 0) return null
  return { total: Number(info.readBigUInt64LE(24)), done: Number(info.readBigUInt64LE(32)) }
}

/** virDomainJobType */
const results: Record<number, EndedJob['result']> = { 3: 'completed', 4: 'failed', 5: 'cancelled' }

export function readEndedJob(domain: Pointer<'domain'>): EndedJob | null {
  const [type, count, slot] = [Buffer.alloc(4), Buffer.alloc(4), new PointerSlot()]
  call.virDomainGetJobStats(domain, type, slot.buffer, count, completedJob)
  const length = count.readInt32LE(0)
  try {
    const result = results[type.readInt32LE(0)]
    const message = readTypedParameters(slot.value, length).get('errmsg')
    return result === undefined ? null : { result, message: typeof message === 'string' ? message : null }
  } finally {
    call.virTypedParamsFree(slot.value, length)
  }
}
