import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { described, isSameDevice } from '../../xml/machine-devices.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { child, children } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { affect } from '../flags.js'
import { Watch } from '../watch.js'

export interface ReleaseOptions {
  /** milliseconds */
  timeout: number
  signal?: AbortSignal
}

/** Milliseconds between one request and the next: a guest that boots loses the first ones. */
const askAgainAfter = [2000, 4000, 8000, 15_000]

/**
 * Takes a device from a running machine: asks its guest, again while it may still be booting, and waits until it has let go of it.
 * @throws BayError `timeout` when it does not; VirtError when libvirt does not even ask
 */
export async function releaseDevice(
  connection: Connection, domain: Domain, device: XmlElement, { timeout, signal }: ReleaseOptions,
): Promise<void> {
  const deadline = Date.now() + timeout
  using watch = new Watch(connection, { domain })
  for (let round = 0; ; round += 1) {
    await ask(domain, device)
    const left = deadline - Date.now()
    const pause = askAgainAfter[Math.min(round, askAgainAfter.length - 1)] ?? left
    if (await isGoneWithin(watch, domain, device, { timeout: Math.max(0, Math.min(pause, left)), signal })) return
    if (left <= pause) throw notReleased(domain.name(), described(device).name, timeout)
  }
}

/** libvirt itself waits some seconds for the guest, and says nothing when that was in vain. */
async function ask(domain: Domain, device: XmlElement): Promise<void> {
  try {
    await domain.detachDevice(serialize(device), affect.live)
  } catch (error) {
    if (!(error instanceof VirtError) || error.code === 'cannot-connect') throw error
    // The first request is still under way, or was just heard.
    if (/in the process of unplug/i.test(error.message) || !hasDevice(domain, device)) return
    throw error
  }
}

async function isGoneWithin(watch: Watch, domain: Domain, device: XmlElement, options: ReleaseOptions): Promise<boolean> {
  try {
    return await watch.until(() => hasDevice(domain, device) ? undefined : true, options)
  } catch (error) {
    if (error instanceof BayError && error.code === 'timeout' && !(error instanceof VirtError)) return false
    throw error
  }
}

/** A machine that went off meanwhile has no devices. */
function hasDevice(domain: Domain, device: XmlElement): boolean {
  if (!domain.isActive()) return false
  return children(child(parse(domain.xml()), 'devices'), device.name).some((each) => isSameDevice(each, device))
}

function notReleased(name: string, device: string, timeout: number): BayError {
  return new BayError('timeout', `the guest was asked, and has not let go of the device in ${timeout / 1000} s; the definition has it still`, {
    hints: [
      'again once the guest has booted, or with a longer --timeout', 'a guest without ACPI, or that uses the device, never lets go of it',
      sh`bay vm detach --next-start ${name} ${device} && bay vm stop ${name}`,
    ],
  })
}
