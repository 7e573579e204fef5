import { readSettings, type SettingName, type Settings, type SettingValue } from '../../xml/domain-settings.js'
import type { XmlElement } from '../../xml/node.js'

type Readings = Record<SettingName, SettingValue>

/** What is to become of one setting. `now` is null for a machine that is off. */
export interface PlannedField {
  name: SettingName
  stored: { before: SettingValue, after: SettingValue }
  /** what the running machine has */
  now: SettingValue | undefined
  /**
   * `set`: the running machine is changed too; `ask`: its guest is asked to follow; `so`: it is so already;
   * `later`: it has to be stopped first; `off`: nothing runs
   */
  live: 'set' | 'ask' | 'so' | 'later' | 'off'
}

/**
 * The settings that were asked for, and those that had to follow. `before` and `after` are the stored document, `running` is
 * the live one.
 */
export function planFields(
  wanted: Settings, { before, after, running }: { before: Readings, after: Readings, running: XmlElement | null },
): PlannedField[] {
  const live = running && readSettings(running)
  const names = (Object.keys(after) as SettingName[]).filter((name) => wanted[name] !== undefined || before[name] !== after[name])
  return names.map((name) => ({
    name, stored: { before: before[name], after: after[name] }, now: live?.[name], live: live ? liveOf(name, { before, after, live }) : 'off',
  }))
}

function liveOf(name: SettingName, { before, after, live }: { before: Readings, after: Readings, live: Readings }): PlannedField['live'] {
  if (after[name] === live[name]) return 'so'
  switch (name) {
    case 'title': case 'description': return 'set'
    case 'vcpus': return isAtMost(after.vcpus, live['max-vcpus']) ? 'set' : 'later'
    case 'memory': return live.balloon !== 'none' && isAtMost(after.memory, live['max-memory']) ? 'ask' : 'later'
    // What libvirt made of the host's own CPU is not told apart from a model.
    case 'cpu': return after.cpu === 'host-model' && before.cpu === after.cpu ? 'so' : 'later'
    default: return 'later'
  }
}

function isAtMost(value: SettingValue, limit: SettingValue): boolean {
  return typeof value === 'number' && typeof limit === 'number' && value <= limit
}
