import { el, parse, serialize } from '../../xml/node.js'
import { attr } from '../../xml/tree.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { affect } from '../flags.js'

/** What is known of a machine's present run. */
export interface Run {
  /** milliseconds since 1970 by the clock of whoever started it; null for a run that was begun by others */
  started: number | null
  /** when the newest lease that was there before the run expires, in libvirt's seconds: an address it had before */
  leaseBefore: number
}

/**
 * libvirt knows neither when a run began nor that a DHCP lease is of an earlier one, so whoever starts a machine here
 * leaves a mark in the metadata of the running machine only: it goes when the machine goes off.
 */
const namespace = 'urn:bay:run:1'

/** Marks that this run has just begun. A driver that takes no live metadata goes without. */
export function markRun(domain: Domain, { leaseBefore }: Pick<Run, 'leaseBefore'>): void {
  const mark = el('run', { 'xmlns': namespace, 'started': new Date().toISOString(), 'lease-before': leaseBefore })
  try {
    domain.setMetadata(namespace, 'bayrun', serialize(mark), affect.live)
  } catch (error) {
    if (!(error instanceof VirtError)) throw error
  }
}

/** The mark of the present run. */
export function readRun(domain: Domain): Run {
  try {
    const mark = parse(domain.metadata(namespace))
    const started = Date.parse(attr(mark, 'started') ?? '')
    return { started: Number.isNaN(started) ? null : started, leaseBefore: Number(attr(mark, 'lease-before') ?? 0) }
  } catch (error) {
    if (error instanceof VirtError) return { started: null, leaseBefore: 0 }
    throw error
  }
}
