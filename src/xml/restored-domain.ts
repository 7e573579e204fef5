import { putSource } from './domain-disks.js'
import { writeBay } from './metadata.js'
import type { XmlElement } from './node.js'
import { all, attr, child, children, path, remove, upsert } from './tree.js'

export interface RestoredDomain {
  name: string
  uuid: string
  /** new MAC addresses, in the order of the interfaces; null keeps those that it had */
  macs: readonly string[] | null
  /** the new files of its disks, by their targets */
  disks: ReadonlyMap<string, string>
  /** the file of its UEFI variables; null for a machine without */
  nvram: string | null
  /** the targets of CD-ROM drives that are to be empty */
  eject: readonly string[]
}

/** Makes a machine's document that of its copy out of a backup; whatever is not named here stays. */
export function restoreDomain(root: XmlElement, to: RestoredDomain): void {
  upsert(root, 'name', {}, to.name)
  upsert(root, 'uuid', {}, to.uuid)
  // The machine's own marks are of what is not in the backup: addresses that are reserved, an installation that goes on.
  if (to.macs) writeBay(root, null)
  const { macs } = to
  if (macs) all(root, 'devices/interface').forEach((nic, index) => upsert(nic, 'mac', { address: macs[index] }))
  for (const disk of all(root, 'devices/disk')) {
    const target = attr(child(disk, 'target'), 'dev') ?? ''
    const file = to.disks.get(target)
    if (file !== undefined) {
      remove(disk, 'backingStore')
      if (attr(disk, 'type') !== 'block') disk.attributes['type'] = 'file'
      putSource(disk, file)
    } else if (to.eject.includes(target)) {
      remove(disk, 'source')
    }
  }
  const nvram = path(root, 'os/nvram')
  if (to.nvram === null) return
  if (nvram && children(nvram, 'source').length > 0) upsert(nvram, 'source', { file: to.nvram })
  // libvirt itself finds the one that is named after the machine.
  else if (nvram || !to.nvram.endsWith(`/${to.name}_VARS.fd`)) upsert(root, 'os/nvram', {}, to.nvram)
}
