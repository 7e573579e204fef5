import { readDomain } from '../../xml/domain-description.js'
import type { Domain } from '../domain.js'
import { VirtError, failure } from '../errors.js'

/** virDomainShutdownFlagValues and virDomainRebootFlagValues agree on these. */
const by = { choice: 0, acpi: 1, agent: 2 }

/**
 * Asks the guest for something: by its agent when one answers, else by ACPI. libvirt's own choice would wait a minute
 * for an agent that is not there. https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainShutdownFlags
 */
export async function askGuest(domain: Domain, ask: (flags: number) => Promise<void>): Promise<void> {
  const { agentChannel } = readDomain(domain.xml())
  if (!agentChannel.present) return ask(by.choice)
  if (agentChannel.connected) {
    try {
      return await ask(by.agent)
    } catch (error) {
      if (!(error instanceof VirtError) || !error.is(failure.agentUnresponsive, failure.argumentUnsupported)) throw error
    }
  }
  return ask(by.acpi)
}
