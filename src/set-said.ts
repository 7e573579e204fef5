import { saidOfFields, shownValue } from './said-fields.js'
import { formatSize } from './units.js'
import type { Effect, SetField } from './virt/ops/set-field.js'
import type { SetVm } from './virt/ops/set-vm.js'

/** What `vm set` did, in one line: what is in force, what waits and for what. */
export function saidOfSet({ fields, restarted, saved }: SetVm, { dryRun }: { dryRun: boolean }): string {
  const waits = fields.some(({ effect }) => effect === 'needs-stop')
  const parts = saidOfFields(fields, { groups, changeOf })
  if (parts === null) return 'is already so'
  parts.push(...fields.flatMap(({ effect, note }) => effect === null ? [] : note ?? []))
  if (restarted) parts.push(dryRun ? 'it would be stopped and started' : 'it was stopped and started')
  else if (waits && saved) parts.push('its saved run goes on with the old')
  return parts.join('; ')
}

const groups: readonly { effect: Effect, when: string }[] = [
  { effect: 'now', when: 'now' },
  { effect: 'asked', when: 'asked of its guest, which may have no balloon driver' },
  { effect: 'next-boot', when: 'at its next start' },
  { effect: 'needs-stop', when: 'after a stop and a start (--restart)' },
]

/** A text may be long. */
function changeOf({ field, before, after, running, effect }: SetField): string {
  if (field === 'description' || field === 'title') return `${field} ${after === null ? 'removed' : before === null ? 'set' : 'replaced'}`
  if (effect === 'asked') return `${field} ${shown(field, before)} → ${shown(field, after)} (so far ${shown(field, running)})`
  return `${field} ${shown(field, before)} → ${shown(field, after)}`
}

function shown(field: string, value: SetField['before']): string {
  return field.endsWith('memory') && value !== null ? formatSize(Number(value)) : shownValue(value)
}
