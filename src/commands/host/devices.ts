import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base.js'
import { listFlags } from '../../flags.js'
import type { Column } from '../../output/table.js'
import { listHostDevices, type HostDeviceRow } from '../../virt/ops/list-host-devices.js'

export default class HostDevices extends BaseCommand<typeof HostDevices> {
  static override summary = 'List the host\'s devices that machines can have to themselves'
  static override description = 'Those on PCI and USB, as libvirt tells of them: what they are, the driver that has them, their IOMMU group, what the host '
    + 'has on them, and the machines that use them. --pci, --usb and --gpu choose; --gpu lists graphics cards with all of their functions.'

  static override examples = [
    '<%= config.bin %> host devices --gpu',
    '<%= config.bin %> host devices --usb -o json',
    '<%= config.bin %> host devices --pci --filter class=network -c qemu+ssh://root@server/system',
  ]

  static override flags = {
    ...listFlags,
    pci: Flags.boolean({ description: 'those on PCI' }),
    gpu: Flags.boolean({ description: 'graphics cards' }),
    usb: Flags.boolean({ description: 'those on USB' }),
  }

  async run(): Promise<readonly HostDeviceRow[]> {
    const host = await this.look()
    const { pci, gpu, usb } = this.flags
    const rows = listHostDevices(host, { pci, gpu, usb }).sort((a, b) => order(a).localeCompare(order(b), 'en', { numeric: a.kind === 'usb' }))
    return this.showList(rows, columns, {
      nameOf: ({ address }) => address,
      xmlOf: ({ node }) => {
        using device = host.device(node)
        return device.xml()
      },
    })
  }
}

const order = ({ kind, address }: HostDeviceRow) => `${kind} ${address}`

const columns: Column<HostDeviceRow>[] = [
  { key: 'address', get: (row) => row.address },
  { key: 'kind', get: (row) => row.kind },
  { key: 'class', get: (row) => row.class },
  { key: 'vendor', get: (row) => row.vendor ?? row.vendorId },
  { key: 'product', get: (row) => row.product ?? row.productId },
  { key: 'driver', get: (row) => row.driver },
  { key: 'iommuGroup', header: 'GROUP', get: (row) => row.iommuGroup, align: 'right' },
  { key: 'usedBy', header: 'USED-BY', get: (row) => row.usedBy },
  { key: 'hostUses', header: 'HOST-USES', get: (row) => row.hostUses },
  { key: 'vendorId', header: 'VENDOR-ID', get: (row) => row.vendorId, wide: true },
  { key: 'productId', header: 'PRODUCT-ID', get: (row) => row.productId, wide: true },
  { key: 'node', get: (row) => row.node, wide: true },
]
