import * as Args from '@oclif/core/args'
import { BaseCommand } from '../../base.js'
import { UsageError } from '../../errors.js'
import type { ValueField } from '../../output/details.js'
import type { Column } from '../../output/table.js'
import { profileDetails, type ProfileDetails } from '../../provision/profile-view.js'
import { findProfile } from '../../provision/profiles.js'
import { formatSize } from '../../units.js'

export default class ProfileShow extends BaseCommand<typeof ProfileShow> {
  static override summary = 'Show a profile for new virtual machines'
  static override description = 'All that it says of a machine, with what it inherits from the profile that it extends. The host is not asked.'
  static override examples = [
    '<%= config.bin %> profile show debian-12',
    '<%= config.bin %> profile show windows-11 -o json',
  ]

  static override args = { name: Args.string({ required: true, description: 'the profile\'s name' }) }

  async run(): Promise<ProfileDetails> {
    const profile = profileDetails(await findProfile(this.args.name))
    // What the profile leaves open is no news to people.
    const said = fields.filter(({ get }) => String(get(profile) ?? '') !== '')
    return await this.showObject(profile, said, columns, () => {
      throw new UsageError('a profile has no XML', 'use -o json or -o yaml')
    })
  }

  /** Profiles lie on this machine, so no host belongs into an error's message. */
  protected override get uri(): null {
    return null
  }
}

const size = (bytes: number | null) => bytes === null ? null : formatSize(bytes)

const fields: ValueField<ProfileDetails>[] = [
  { label: 'Name', get: (profile) => profile.name },
  { label: 'Description', get: (profile) => profile.description },
  { label: 'Source', get: (profile) => profile.source },
  { label: 'Extends', get: (profile) => profile.extends },
  { label: 'System', get: (profile) => profile.os },
  { label: 'vCPUs', get: (profile) => profile.vcpus },
  { label: 'Memory', get: (profile) => size(profile.memory) },
  { label: 'Disks', get: (profile) => profile.disks.map((disk) => [
    size(disk.size), ...(['pool', 'format', 'bus'] as const).flatMap((key) => disk[key] === null ? [] : [`${key}=${disk[key]}`]),
  ].join(' ')) },
  { label: 'Networks', get: (profile) => profile.networks },
  { label: 'Filter', get: (profile) => profile.filter },
  { label: 'Display', get: (profile) => [profile.graphics, profile.video].filter((each) => each !== null) },
  { label: 'Firmware', get: (profile) => profile.firmware },
  { label: 'Secure boot', get: (profile) => profile.secureBoot },
  { label: 'TPM', get: (profile) => profile.tpm },
  { label: 'CPU', get: (profile) => profile.cpu },
  { label: 'Runs as', get: (profile) => profile.virt },
  { label: 'Clock', get: (profile) => profile.clock },
  { label: 'Hyper-V', get: (profile) => profile.hyperv },
  { label: 'virtio', get: (profile) => profile.virtio },
  { label: 'User', get: (profile) => profile.user },
  { label: 'Time zone', get: (profile) => profile.timezone },
  { label: 'Packages', get: (profile) => profile.packages },
  { label: 'Commands', get: (profile) => profile.run },
  { label: 'Autostart', get: (profile) => profile.autostart },
]

const columns: Column<ProfileDetails>[] = [
  { key: 'name', get: (profile) => profile.name },
  { key: 'os', get: (profile) => profile.os },
  { key: 'vcpus', get: (profile) => profile.vcpus },
  { key: 'memory', get: (profile) => size(profile.memory) },
  { key: 'source', get: (profile) => profile.source },
]
