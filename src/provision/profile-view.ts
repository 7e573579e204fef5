import type { Profile, ProfileDisk, ProfileFields } from './profile-fields.js'

/** One line of `profile list`: bytes; what the profile leaves open is null. */
export interface ProfileRow {
  name: string
  description: string | null
  os: string | null
  vcpus: number | null
  memory: number | null
  source: string
}

type OrNull<T> = { [K in keyof T]-?: Exclude<T[K], undefined> | null }

/** What `profile show` says: every key of a profile, null where it leaves it open. */
export interface ProfileDetails extends Omit<OrNull<ProfileFields>, 'disks' | 'networks' | 'packages' | 'run'> {
  name: string
  source: string
  extends: string | null
  disks: OrNull<ProfileDisk>[]
  networks: string[]
  packages: string[]
  run: string[]
}

export function profileRow({ name, source, fields }: Profile): ProfileRow {
  const { description = null, os = null, vcpus = null, memory = null } = fields
  return { name, description, os, vcpus, memory, source }
}

export function profileDetails(profile: Profile): ProfileDetails {
  const { fields } = profile
  return {
    ...profileRow(profile), os: fields.os ?? null, extends: profile.extends,
    disks: (fields.disks ?? []).map(({ size, pool = null, format = null, bus = null }) => ({ size, pool, format, bus })),
    networks: fields.networks ?? [], filter: fields.filter ?? null,
    graphics: fields.graphics ?? null, video: fields.video ?? null,
    firmware: fields.firmware ?? null, secureBoot: fields.secureBoot ?? null, tpm: fields.tpm ?? null,
    cpu: fields.cpu ?? null, virt: fields.virt ?? null, clock: fields.clock ?? null,
    hyperv: fields.hyperv ?? null, virtio: fields.virtio ?? null,
    user: fields.user ?? null, timezone: fields.timezone ?? null,
    packages: fields.packages ?? [], run: fields.run ?? [], autostart: fields.autostart ?? null,
  }
}
