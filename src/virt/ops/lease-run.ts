import type { Lease } from '../leases.js'
import type { Run } from './run-mark.js'

/** Bytes that a guest has sent and received through one interface in this run; -1 is for unknown. */
export interface Traffic { sent: number, received: number }

/** What is known of a machine's present run, to tell its leases from those of an earlier one. */
export interface PresentRun {
  /** the mark that whoever began it here left (run-mark.ts) */
  mark: Run
  /** libvirt's reason of its state */
  reason: string
}

/**
 * Whether a lease is of the machine's present run. Where a mark says which leases were there before, they are not. A run that
 * was begun by another tool has no mark: then at least its guest must have had time to ask. `traffic` is null where it is not
 * known; with `afterReboot` those from before a reboot that the guest was asked for count no more.
 */
export function isOfRun(
  { expires, family }: Lease, { mark, reason }: PresentRun, traffic: () => Traffic | null, { afterReboot = false } = {},
): boolean {
  const newest = afterReboot ? Math.max(mark.leaseBefore, mark.leaseBeforeReboot) : mark.leaseBefore
  if (expires !== 0 && expires <= newest) return false
  return mark.started !== null || bringsAddress.includes(reason) || mayHaveAsked(traffic(), family)
}

/** A guest that was restored or came from elsewhere has its address already. */
const bringsAddress = ['restored', 'migrated', 'from-snapshot']

/** Bytes, in each direction, without which no guest gets a lease: less than any DHCP client's question and any server's answer. */
const leastOfLease: Record<string, number> = { ipv4: 240, ipv6: 80 }

/**
 * The counters of an interface begin at 0 with each run.
 * https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainInterfaceStats
 */
function mayHaveAsked(traffic: Traffic | null, family: string): boolean {
  if (traffic === null) return true
  const least = leastOfLease[family] ?? 0
  return (traffic.sent < 0 || traffic.sent >= least) && (traffic.received < 0 || traffic.received >= least)
}
