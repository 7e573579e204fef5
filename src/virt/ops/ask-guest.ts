import { readDomain } from '../../xml/domain-description.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'

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
      // An agent may be deaf, too old, or unable: one whose guest has no D-Bus fails to call shutdown. The button remains.
      if (!(error instanceof VirtError) || ['cannot-connect', 'not-allowed', 'wrong-state'].includes(error.code)) throw error
    }
  }
  return ask(by.acpi)
}
