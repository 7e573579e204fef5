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
  /** the same for a reboot that the guest was asked for, and that nobody has seen happen */
  leaseBeforeReboot: number
}

/**
 * libvirt knows neither when a run began nor that a DHCP lease is of an earlier one, so whoever starts, resets or reboots a
 * machine here leaves a mark in the metadata of the running machine only: it goes when the machine goes off.
 */
const namespace = 'urn:bay:run:1'

/** Marks that this run has just begun. A driver that takes no live metadata goes without. */
export function markRun(domain: Domain, { leaseBefore }: Pick<Run, 'leaseBefore'>): void {
  writeRun(domain, { started: Date.now(), leaseBefore, leaseBeforeReboot: 0 })
}

/** Marks that the guest is about to reboot, or not: this run goes on as far as anybody knows. */
export function markRebootAsked(domain: Domain, { leaseBefore }: Pick<Run, 'leaseBefore'>): void {
  writeRun(domain, { ...readRun(domain), leaseBeforeReboot: leaseBefore })
}

/** What is known of a run that was begun by others. */
export const unmarked: Run = { started: null, leaseBefore: 0, leaseBeforeReboot: 0 }

/** The mark of the present run. */
export function readRun(domain: Domain): Run {
  try {
    const mark = parse(domain.metadata(namespace))
    const started = Date.parse(attr(mark, 'started') ?? '')
    const lease = (name: string) => Number(attr(mark, name) ?? 0)
    return {
      started: Number.isNaN(started) ? null : started, leaseBefore: lease('lease-before'), leaseBeforeReboot: lease('lease-before-reboot'),
    }
  } catch (error) {
    if (error instanceof VirtError) return unmarked
    throw error
  }
}

function writeRun(domain: Domain, { started, leaseBefore, leaseBeforeReboot }: Run): void {
  const mark = el('run', {
    'xmlns': namespace, 'started': started === null ? undefined : new Date(started).toISOString(), 'lease-before': leaseBefore,
    'lease-before-reboot': leaseBeforeReboot === 0 ? undefined : leaseBeforeReboot,
  })
  try {
    domain.setMetadata(namespace, 'bayrun', serialize(mark), affect.live)
  } catch (error) {
    if (!(error instanceof VirtError)) throw error
  }
}
