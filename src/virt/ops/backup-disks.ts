import { readDomain, type DomainDescription } from '../../xml/domain-description.js'
import type { BackupDiskSpec } from '../../xml/backup.js'
import type { BackedUpDisk, BackupManifest } from './backup-manifest.js'

export interface DiskToBackUp extends Omit<BackedUpDisk, 'bytes' | 'sha256' | 'capacity'> {
  /** whether QEMU can note in it what is written: qcow2 only */
  noting: boolean
}

export interface DisksToBackUp {
  disks: DiskToBackUp[]
  /** drives that have nothing of the machine's own, by their targets, and why */
  skipped: { target: string, why: string }[]
}

/** What of a machine's disks goes into a backup; removable media do not. `parent` is what an incremental one builds on. */
export function disksToBackUp(xml: string, parent: BackupManifest | null, sizes: (target: string) => number): DisksToBackUp {
  const { disks } = readDomain(xml)
  const own = disks.filter(isOwn)
  return {
    disks: own.map((disk) => {
      const { target, format, readonly } = disk
      const noting = format === 'qcow2' && !readonly
      const before = parent?.disks.find((each) => each.target === target && each.format === 'qcow2' && !each.readonly)
      const incremental = noting && before !== undefined && before.capacity === sizes(target)
      return {
        target, kind: incremental ? 'incremental' : 'full', file: `${target}.qcow2`, format: format ?? 'raw', readonly, noting,
        source: (disk.volume ?? disk.path ?? '').split('/').at(-1) ?? '',
      }
    }),
    skipped: disks.filter((disk) => !isOwn(disk)).map(({ target, device }) => ({ target, why: device === 'disk' ? 'it has no file' : `it is a ${device}` })),
  }
}

/** The same as libvirt wants it; `paths` are the files of the disks on the host. */
export function diskSpecs({ disks, skipped }: DisksToBackUp, paths: readonly string[], since: string | null): BackupDiskSpec[] {
  return [
    ...disks.map(({ target, kind, noting }, index) => ({ target, file: paths[index] ?? null, since: kind === 'incremental' ? since : null, noted: noting })),
    ...skipped.map(({ target }) => ({ target, file: null, since: null, noted: false })),
  ]
}

function isOwn({ device, path, volume }: DomainDescription['disks'][number]): boolean {
  return device === 'disk' && (path !== null || volume !== null)
}
