import type { Connection } from '../connection.js'
import { stats } from '../flags.js'
import type { DomainStats } from '../stats.js'
import { basicsOf } from './list-vms.js'
import { readStats } from './read-stats.js'

/** A disk of a machine, since the machine was started. Bytes, seconds; null is what the host does not tell. */
export interface DiskSample {
  target: string
  path: string | null
  readBytes: number | null
  readRequests: number | null
  /** how long all requests together took */
  readTime: number | null
  writtenBytes: number | null
  writeRequests: number | null
  writeTime: number | null
  capacity: number | null
  /** what its file or volume takes */
  allocation: number | null
}

/** An interface of a machine, by its device on the host; what the guest received and sent. */
export interface NicSample {
  tap: string | null
  receivedBytes: number | null
  receivedPackets: number | null
  receiveErrors: number | null
  receiveDrops: number | null
  sentBytes: number | null
  sentPackets: number | null
  sendErrors: number | null
  sendDrops: number | null
}

/** What a machine has used until now. Bytes and seconds. */
export interface VmSample {
  name: string
  uuid: string
  id: number | null
  state: string
  /** when it was looked at */
  time: string
  vcpus: number | null
  /** seconds of all its CPUs since it was started; null while it is off */
  cpuTime: number | null
  /** what it has, as its balloon stands */
  memory: number | null
  maxMemory: number | null
  /** what the guest uses of it; null without a balloon driver that tells */
  memoryUsed: number | null
  /** what its process takes on the host */
  memoryRss: number | null
  disks: DiskSample[]
  nics: NicSample[]
}

/** The figures of the running machines, or of all, in one call to the host. */
export function sampleVms(connection: Connection, { all }: { all: boolean }): VmSample[] {
  const kinds = stats.state | stats.cpu | stats.balloon | stats.vcpu | stats.interface | stats.block
  const records = readStats(connection, kinds, { running: !all })
  const time = new Date().toISOString()
  return records.map((record) => {
    const { name, uuid, id, state, vcpus, cpuTime, memory, maxMemory } = basicsOf(connection, record)
    const read = reader(record.values)
    const [available, unused] = [read('balloon.available'), read('balloon.unused')]
    return {
      name, uuid, id, state, time, vcpus, cpuTime, memory, maxMemory,
      memoryUsed: available === null || unused === null ? null : (available - unused) * 1024,
      memoryRss: kibibytes(read('balloon.rss')),
      disks: disksOf(record.values), nics: nicsOf(record.values),
    }
  })
}

type Values = DomainStats['values']

function reader(values: Values): (key: string) => number | null {
  return (key) => {
    const value = values.get(key)
    return typeof value === 'number' ? value : null
  }
}

function disksOf(values: Values): DiskSample[] {
  const read = reader(values)
  return numbered(read('block.count'), (at) => {
    const of = (key: string) => read(`block.${at}.${key}`)
    return {
      target: text(values, `block.${at}.name`) ?? '', path: text(values, `block.${at}.path`),
      readBytes: of('rd.bytes'), readRequests: of('rd.reqs'), readTime: seconds(of('rd.times')),
      writtenBytes: of('wr.bytes'), writeRequests: of('wr.reqs'), writeTime: seconds(of('wr.times')),
      capacity: of('capacity'), allocation: of('allocation'),
    }
  })
}

function nicsOf(values: Values): NicSample[] {
  const read = reader(values)
  return numbered(read('net.count'), (at) => {
    const of = (key: string) => read(`net.${at}.${key}`)
    return {
      tap: text(values, `net.${at}.name`),
      receivedBytes: of('rx.bytes'), receivedPackets: of('rx.pkts'), receiveErrors: of('rx.errs'), receiveDrops: of('rx.drop'),
      sentBytes: of('tx.bytes'), sentPackets: of('tx.pkts'), sendErrors: of('tx.errs'), sendDrops: of('tx.drop'),
    }
  })
}

function numbered<T>(count: number | null, get: (at: number) => T): T[] {
  return Array.from({ length: count ?? 0 }, (_, at) => get(at))
}

function text(values: Values, key: string): string | null {
  const value = values.get(key)
  return typeof value === 'string' ? value : null
}

function kibibytes(value: number | null): number | null {
  return value === null ? null : value * 1024
}

function seconds(nanoseconds: number | null): number | null {
  return nanoseconds === null ? null : nanoseconds / 1e9
}
