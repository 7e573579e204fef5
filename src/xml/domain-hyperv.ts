import { el } from './node.js'
import type { Child, XmlElement } from './node.js'

/** What a host offers to a Windows guest (https://libvirt.org/formatdomain.html#hypervisor-features). */
export type HypervFeature
  = 'relaxed' | 'vapic' | 'spinlocks' | 'vpindex' | 'runtime' | 'synic' | 'stimer' | 'reset' | 'frequencies' | 'tlbflush' | 'ipi'

/** The `<hyperv>` of a domain's features; nothing when there are none. */
export function hypervElement(features: readonly HypervFeature[] = []): Child {
  if (features.length === 0) return null
  // The count is Microsoft's own advice, and QEMU's for Windows: a vCPU that waits this long gives up its turn.
  return el('hyperv', {}, ...features.map((name) => el(name, { state: 'on', retries: name === 'spinlocks' ? 8191 : undefined })))
}

/**
 * The `<clock>` (https://libvirt.org/formatdomain.html#time-keeping); Windows counts ticks, and must not lose any.
 * Hyper-V's own clock only where KVM has Hyper-V's features: elsewhere QEMU aborts at the start.
 */
export function clockElement({ clock = 'utc', hyperv = [] }: { clock?: 'utc' | 'localtime', hyperv?: readonly HypervFeature[] }): XmlElement {
  if (hyperv.length === 0) return el('clock', { offset: clock })
  return el('clock', { offset: clock },
    el('timer', { name: 'rtc', tickpolicy: 'catchup' }),
    el('timer', { name: 'pit', tickpolicy: 'delay' }),
    el('timer', { name: 'hpet', present: false }),
    hyperv.includes('relaxed') && el('timer', { name: 'hypervclock', present: true }),
  )
}
