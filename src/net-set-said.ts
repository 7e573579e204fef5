import { saidOfFields, shownValue } from './said-fields.js'
import type { SetNetwork } from './virt/ops/set-network.js'
import type { NetworkField } from './virt/ops/set-network-fields.js'

/** What `net set` did, in one line: what is in force, what waits, and whom it cuts off. */
export function saidOfNetworkSet(
  { fields, restarted, machines, reconnected }: SetNetwork, { dryRun }: { dryRun: boolean },
): string {
  const parts = saidOfFields(fields, { groups, changeOf }) ?? ['is already so']
  if (restarted) parts.push(dryRun ? `it would be restarted${cutting(machines)}` : 'it was restarted')
  else if (fields.some(({ effect }) => effect === 'needs-restart')) parts.push(`--restart does that${cutting(machines)}`)
  if (reconnected.length > 0) parts.push(`connected again: ${reconnected.join(', ')}`)
  return parts.join('; ')
}

function cutting(machines: readonly string[]): string {
  return machines.length === 0 ? '' : `, which cuts off for a moment: ${machines.join(', ')}`
}

const groups: readonly { effect: NetworkField['effect'], when: string }[] = [
  { effect: 'now', when: 'now' },
  { effect: 'next-start', when: 'at its next start' },
  { effect: 'needs-restart', when: 'after a restart of the network' },
]

function changeOf({ field, before, after }: NetworkField): string {
  return `${field} ${shownValue(before)} → ${shownValue(after)}`
}
