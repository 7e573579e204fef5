import { BaseCommand } from '../../base.js'
import { listFlags } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { profileRow, type ProfileRow } from '../../provision/profile-view.js'
import { loadProfiles } from '../../provision/profiles.js'
import { formatSize } from '../../units.js'

export default class ProfileList extends BaseCommand<typeof ProfileList> {
  static override summary = 'List the profiles for new virtual machines'
  static override description = 'Those that come with bay, those of /etc/bay/profiles, and your own in ~/.config/bay/profiles; '
    + 'of two with the same name, the later one counts. The host is not asked.'

  static override examples = [
    '<%= config.bin %> profile list',
    '<%= config.bin %> profile list --filter os=windows',
    '<%= config.bin %> profile list -o wide',
  ]

  static override flags = listFlags

  async run(): Promise<readonly ProfileRow[]> {
    const profiles = await loadProfiles()
    return this.showList(profiles.map(profileRow), columns)
  }
}

const columns: Column<ProfileRow>[] = [
  { key: 'name', get: (row) => row.name },
  { key: 'os', get: (row) => row.os },
  { key: 'vcpus', get: (row) => row.vcpus, align: 'right' },
  { key: 'memory', get: (row) => row.memory === null ? null : formatSize(row.memory), align: 'right' },
  { key: 'description', get: (row) => row.description },
  { key: 'source', get: (row) => row.source, wide: true },
]
