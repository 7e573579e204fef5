import { UsageError } from '../../errors.js'
import { isNull, type YamlMap, type YamlValue } from './yaml.js'

/** The lists that grow; all others are replaced. */
const growing = new Set(['packages', 'runcmd', 'bootcmd', 'write_files', 'users', 'ssh_authorized_keys'])

/**
 * Our cloud-config with the user's: lists that grow have ours first, maps are merged, and what both give is the user's.
 * An entry of `users` with the name of one of ours is merged with it.
 * @throws UsageError when one of the growing lists is no list
 */
export function mergeConfigs(ours: YamlMap, theirs: YamlMap): YamlMap {
  const merged = new Map(ours)
  for (const [key, value] of theirs) {
    const own = ours.get(key)
    merged.set(key, typeof key === 'string' && growing.has(key) ? grown(key, own, value) : both(own, value))
  }
  return merged
}

function grown(key: string, ours: YamlValue | undefined, theirs: YamlValue): YamlValue {
  if (isNull(theirs)) return ours ?? theirs
  if (!Array.isArray(theirs)) throw new UsageError(`user-data: ${key} must be a list`)
  if (!Array.isArray(ours)) return theirs
  return key === 'users' ? mergeUsers(ours, theirs) : [...ours, ...theirs]
}

function both(ours: YamlValue | undefined, theirs: YamlValue): YamlValue {
  if (!(ours instanceof Map) || !(theirs instanceof Map)) return theirs
  const merged = new Map(ours)
  for (const [key, value] of theirs) merged.set(key, both(ours.get(key), value))
  return merged
}

/** cloud-init would merge equal names too, but lets the first win. */
function mergeUsers(ours: YamlValue[], theirs: YamlValue[]): YamlValue[] {
  const merged = [...ours]
  for (const user of theirs) {
    const at = merged.findIndex((other) => nameOf(other) !== undefined && nameOf(other) === nameOf(user))
    const other = merged[at]
    if (other instanceof Map && user instanceof Map) merged[at] = mergeConfigs(other, user)
    else merged.push(user)
  }
  return merged
}

function nameOf(user: YamlValue): YamlValue | undefined {
  return user instanceof Map ? user.get('name') : undefined
}
