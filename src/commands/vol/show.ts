import { BaseCommand } from '../../base.js'
import { findVolume } from '../../find.js'
import { volumeArg } from '../../flags.js'
import { jsonColumns } from '../../output/columns.js'
import type { Field } from '../../output/details.js'
import { formatSize } from '../../units.js'
import { describeVolume, type VolumeDetails } from '../../virt/ops/list-volumes.js'

export default class VolShow extends BaseCommand<typeof VolShow> {
  static override summary = 'Show everything about a storage volume'
  static override description = 'Its size and format, what it is a layer over, and which machines and volumes need it.'

  static override examples = [
    '<%= config.bin %> vol show default/web-1.qcow2',
    '<%= config.bin %> vol show default/web-1.qcow2 -o json',
  ]

  static override args = volumeArg

  async run(): Promise<VolumeDetails> {
    const host = await this.look()
    using found = findVolume(host, this.args.name)
    return await this.showObject(describeVolume(host, found.pool, found.volume), fields, columns, () => found.volume.xml())
  }
}

const size = (bytes: number | null) => bytes === null ? null : formatSize(bytes)

const fields: Field<VolumeDetails>[] = [
  { label: 'Pool', get: (volume) => volume.pool },
  { label: 'Name', get: (volume) => volume.name },
  { label: 'Path', get: (volume) => volume.path },
  { label: 'Type', get: (volume) => volume.type },
  { label: 'Format', get: (volume) => volume.format },
  { label: 'Capacity', get: (volume) => size(volume.capacity) },
  { label: 'Allocation', get: (volume) => size(volume.allocation) },
  { label: 'Layer over', get: ({ backing }) => backing && `${backing.path} (${backing.format ?? 'unknown format'})` },
  { label: 'Encrypted', get: ({ encryption }) => encryption && `${encryption.format} (${encryption.secret === null ? 'no secret' : `secret ${encryption.secret}`})` },
  { label: 'Used by', get: (volume) => volume.usedBy },
  { label: 'Layers over it', get: (volume) => volume.layers },
]

const columns = jsonColumns<VolumeDetails>('pool', 'name', 'path', 'type', 'format', 'capacity', 'allocation', 'backing', 'usedBy', 'layers', 'encryption')
