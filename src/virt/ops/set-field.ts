import type { SettingValue } from '../../xml/domain-settings.js'
import type { PlannedField } from './plan-set.js'

/**
 * When a setting counts: now; `asked`: the guest was asked and has not followed; `next-boot`: when the machine, which is off,
 * starts; `needs-stop`: once it was stopped and started, for which a reboot of its guest is not enough.
 */
export type Effect = 'now' | 'asked' | 'next-boot' | 'needs-stop'

export interface SetField {
  /** the key, as on the command line */
  field: string
  before: SettingValue | boolean
  after: SettingValue | boolean
  /** what the running machine has afterwards; null when it is off, or has none */
  running: SettingValue | boolean
  /** null: it is so already */
  effect: Effect | null
  changed: boolean
  /** what a person should know of it */
  note: string | null
}

interface How {
  /** off with a saved state */
  saved: boolean
  /** whether the guest has done what it was asked */
  followed: boolean
  /** why it has to wait although it was tried; null when it has not */
  why: string | null
}

/** What became, or would become, of a setting. */
export function fieldOf({ name, stored, now, live }: PlannedField, { saved, followed, why }: How): SetField {
  const changed = stored.before !== stored.after
  const field = { field: name, before: stored.before, after: stored.after, running: now ?? null, note: why, changed }
  if (why !== null) return { ...field, before: now ?? null, effect: 'needs-stop' }
  switch (live) {
    case 'set': return { ...field, before: now ?? null, effect: 'now', changed: true }
    case 'ask': return { ...field, before: now ?? null, effect: followed ? 'now' : 'asked', changed: followed || changed }
    case 'so': return { ...field, effect: changed ? 'now' : null }
    // What is stored already still waits for the machine to have it.
    case 'later': return { ...field, before: changed ? stored.before : now ?? null, effect: 'needs-stop' }
    case 'off': return { ...field, effect: changed ? whenOff(name, saved) : null }
  }
}

/** A text counts where it stands. */
function whenOff(name: string, saved: boolean): Effect {
  if (name === 'title' || name === 'description') return 'now'
  return saved ? 'needs-stop' : 'next-boot'
}
