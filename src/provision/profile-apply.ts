import { checkTogether, type Profile, type ProfileFields } from './profile-fields.js'
import type { System } from './profile-systems.js'

/** What a machine shall be, after the command line, its profile and the defaults. What may be absent is the host's to choose. */
export interface MachineSettings extends Omit<ProfileFields, 'description'> {
  os: System
  vcpus: number
  memory: number
  networks: string[]
  packages: string[]
  run: string[]
  autostart: boolean
  /** the profile's name, to be kept with the machine */
  profile: string | null
}

/** A machine of which nothing is said. */
function defaults(): Omit<MachineSettings, 'profile'> {
  return { os: 'linux', vcpus: 2, memory: 2 * 2 ** 30, networks: ['default'], packages: [], run: [], autostart: false }
}

/**
 * The settings of a machine: what was given wins over the profile, the profile over the defaults. Disks and networks that
 * were given replace the profile's; packages and commands are added to the profile's.
 * @throws UsageError when the two contradict each other
 */
export function applyProfile(profile: Profile | undefined, given: Partial<ProfileFields>): MachineSettings {
  const { description: _ofTheProfile, ...fields } = inherit(profile?.fields ?? {}, given)
  checkTogether(fields, profile ? `the profile ${profile.name}` : 'the machine')
  return { ...defaults(), ...fields, profile: profile?.name ?? null }
}

/** What `own` says, over what `base` says. The lists that say what is to be done in the guest add up, each entry once. */
export function inherit(base: ProfileFields, own: ProfileFields): ProfileFields {
  return {
    ...base, ...withoutUndefined(own),
    ...added('packages', base.packages, own.packages),
    ...added('run', base.run, own.run),
  }
}

function added(key: 'packages' | 'run', base: readonly string[] = [], own: readonly string[] = []): ProfileFields {
  const all = [...base, ...own]
  // A package is wanted or not; a command may have to run twice.
  return all.length === 0 ? {} : { [key]: key === 'packages' ? [...new Set(all)] : all }
}

/** A flag that was not given is undefined, and must not hide what the profile says. */
function withoutUndefined(fields: ProfileFields): ProfileFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
