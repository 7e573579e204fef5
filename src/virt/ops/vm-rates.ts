import type { VmSample } from './sample-vms.js'

/** What a machine did between two looks, each second. */
export interface VmRates {
  /** seconds between the looks */
  interval: number
  /** CPUs that were busy: 1.5 is one and a half; at most its vCPUs and what the emulator takes */
  cpu: number | null
  readBytes: number | null
  writtenBytes: number | null
  readRequests: number | null
  writeRequests: number | null
  receivedBytes: number | null
  sentBytes: number | null
}

export interface RatedVm extends VmSample {
  /** null when nobody asked for them, and for a machine that did not run all the time between the looks */
  rates: VmRates | null
}

/**
 * The later figures with what changed since the earlier ones. One that was started anew meanwhile counts from nothing again, as
 * its new id tells; a counter that went back all the same gives null.
 */
export function withRates(earlier: readonly VmSample[], later: readonly VmSample[], seconds: number): RatedVm[] {
  const before = new Map(earlier.map((sample) => [sample.uuid, sample]))
  return later.map((now) => {
    const was = before.get(now.uuid)
    const same = was !== undefined && was.id !== null && was.id === now.id && seconds > 0
    return { ...now, rates: same ? ratesOf(was, now, seconds) : null }
  })
}

function ratesOf(was: VmSample, now: VmSample, seconds: number): VmRates {
  const rate = (get: (sample: VmSample) => number | null) => {
    const [from, to] = [get(was), get(now)]
    return from === null || to === null || to < from ? null : (to - from) / seconds
  }
  return {
    interval: seconds, cpu: rate(({ cpuTime }) => cpuTime),
    readBytes: rate(totals.readBytes), writtenBytes: rate(totals.writtenBytes),
    readRequests: rate(totals.readRequests), writeRequests: rate(totals.writeRequests),
    receivedBytes: rate(totals.receivedBytes), sentBytes: rate(totals.sentBytes),
  }
}

/** Sums over all disks or interfaces of a machine; null when none of them tells. */
export const totals = {
  readBytes: ({ disks }: VmSample) => sum(disks.map((disk) => disk.readBytes)),
  writtenBytes: ({ disks }: VmSample) => sum(disks.map((disk) => disk.writtenBytes)),
  readRequests: ({ disks }: VmSample) => sum(disks.map((disk) => disk.readRequests)),
  writeRequests: ({ disks }: VmSample) => sum(disks.map((disk) => disk.writeRequests)),
  receivedBytes: ({ nics }: VmSample) => sum(nics.map((nic) => nic.receivedBytes)),
  sentBytes: ({ nics }: VmSample) => sum(nics.map((nic) => nic.sentBytes)),
}

function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((all, value) => all + value, 0)
}
