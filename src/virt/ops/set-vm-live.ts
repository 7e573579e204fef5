import { setTimeout as pause } from 'node:timers/promises'
import { sh } from '../../shell.js'
import type { SettingValue } from '../../xml/domain-settings.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { affect } from '../flags.js'
import type { PlannedField } from './plan-set.js'
import type { Rollback } from './rollback.js'

/**
 * Changes one setting of the running machine.
 * @returns why it has to wait for a stop, when its guest did not give CPUs back; else nothing
 * @throws VirtError when libvirt refuses it
 */
export async function setLive(domain: Domain, field: PlannedField, rollback: Rollback): Promise<string | undefined> {
  const { name, stored: { after }, now } = field
  if (name === 'vcpus' && typeof after === 'number' && typeof now === 'number' && after < now) return unplug(domain, after, now, rollback)
  await rollback.step(() => apply(domain, name, after), () => ({
    leaves: `${domain.name()} runs with the new ${name}`, removeBy: sh`bay vm set ${domain.name()} ${name}=${now ?? ''}`,
    undo: () => apply(domain, name, now ?? null),
  }))
  return undefined
}

async function unplug(domain: Domain, count: number, before: number, rollback: Rollback): Promise<string | undefined> {
  const back = () => ({
    leaves: `${domain.name()} runs with fewer vcpus`, removeBy: sh`bay vm set ${domain.name()} vcpus=${before}`,
    undo: () => domain.setVcpus(before, affect.live),
  })
  try {
    await rollback.step(() => domain.setVcpus(count, affect.live), back)
    return undefined
  } catch (error) {
    // The guest may have given back some of them, and may do so later.
    if (error instanceof VirtError && !error.retryable && error.code !== 'cannot-connect') return `it cannot give CPUs back while it runs${/cause is unknown/.test(error.message) ? '' : ` (${error.message})`}`
    if (error instanceof VirtError && error.code === 'timeout') return 'its guest has not given all CPUs back yet'
    throw error
  }
}

async function apply(domain: Domain, name: PlannedField['name'], value: SettingValue): Promise<void> {
  switch (name) {
    case 'vcpus': return domain.setVcpus(Number(value), affect.live)
    case 'memory': return domain.setMemory(Number(value), affect.live)
    case 'title': case 'description': return domain.setText(name, value === null ? null : String(value), affect.live)
    default: throw new TypeError(`${name} cannot be changed in a running machine`)
  }
}

/** Milliseconds: a guest with a driver begins at once, and goes on as long as it gives or takes pages. */
const patience = { step: 100, idle: 2000, most: 15_000 }

/** Whether the guest has followed its balloon; false once it does nothing more, as a guest without its driver. */
export async function followBalloon(domain: Domain, bytes: number): Promise<boolean> {
  const began = Date.now()
  let [last, since] = [domain.info().memory, began]
  while (last !== bytes && Date.now() - since < patience.idle && Date.now() - began < patience.most) {
    await pause(patience.step)
    const { memory } = domain.info()
    if (memory !== last) since = Date.now()
    last = memory
  }
  return last === bytes
}
