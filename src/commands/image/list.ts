import { BaseCommand } from '../../base.js'
import { listFlags } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { formatSize } from '../../units.js'
import { listImages, type ImageRow } from '../../virt/ops/list-images.js'

export default class ImageList extends BaseCommand<typeof ImageList> {
  static override summary = 'List the disk images that machines can be made from'
  static override description = 'Those of all running pools, with how many volumes are layers over each. An image is a volume whose name begins with image-.'
  static override examples = [
    '<%= config.bin %> image list',
    '<%= config.bin %> image list -o json --filter pool=default',
  ]

  static override flags = listFlags

  async run(): Promise<readonly ImageRow[]> {
    const host = await this.look()
    const rows = listImages(host).sort((a, b) => order(a).localeCompare(order(b), 'en', { numeric: true }))
    return this.showList(rows, columns, {
      nameOf: ({ name }) => name,
      xmlOf: (row) => {
        using volume = host.volumeByPath(row.path)
        return volume.xml()
      },
    })
  }
}

const order = ({ name, pool }: ImageRow) => `${name} ${pool}`
const size = (bytes: number | null) => bytes === null ? null : formatSize(bytes)

const columns: Column<ImageRow>[] = [
  { key: 'name', get: (row) => row.name },
  { key: 'pool', get: (row) => row.pool },
  { key: 'state', get: (row) => row.state },
  { key: 'format', get: (row) => row.format },
  { key: 'capacity', get: (row) => size(row.capacity), align: 'right' },
  { key: 'allocation', get: (row) => size(row.allocation), align: 'right' },
  { key: 'usedBy', header: 'USED-BY', get: (row) => row.usedBy.length, align: 'right' },
  { key: 'volume', get: (row) => row.volume, wide: true },
  { key: 'path', get: (row) => row.path, wide: true },
]
