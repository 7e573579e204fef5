import { readDomain } from '../../xml/domain-description.js'
import type { Domain } from '../domain.js'
import { askAgent } from './agent.js'

/** Seconds: the guest writes out all that it has not yet written. */
const freezeWithin = 60
const thawWithin = 30

/** Lets the guest's agent write out and hold all file systems. @throws BayError of the agent; some may be held then */
export async function freeze(domain: Domain): Promise<void> {
  await askAgent(domain, 'guest-fsfreeze-freeze', {}, freezeWithin)
}

/** Lets them go on; no harm where none is held. */
export async function thaw(domain: Domain): Promise<void> {
  await askAgent(domain, 'guest-fsfreeze-thaw', {}, thawWithin)
}

/** Whether there is an agent to ask, as far as libvirt knows. */
export function hasAgent(domain: Domain): boolean {
  return domain.isActive() && readDomain(domain.xml()).agentChannel.connected === true
}
