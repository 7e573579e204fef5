import { el, parse } from './node.js'
import type { XmlElement } from './node.js'
import { all, attr } from './tree.js'

/** One disk of a machine in a backup job. */
export interface BackupDiskSpec {
  target: string
  /** the new file on the host; null leaves the disk out */
  file: string | null
  /** the checkpoint since which the changes are wanted; null for all of the disk */
  since: string | null
  /** whether what is written from now on is noted, for the next backup */
  noted: boolean
}

/** A `<domainbackup>` that QEMU writes into files of the host: https://libvirt.org/formatbackup.html */
export function backupElement(disks: readonly BackupDiskSpec[]): XmlElement {
  return el('domainbackup', { mode: 'push' }, el('disks', {}, ...disks.map(({ target, file, since }) => file === null
    ? el('disk', { name: target, backup: 'no' })
    : el('disk', { name: target, backup: 'yes', type: 'file', backupmode: since === null ? 'full' : 'incremental', incremental: since },
        el('target', { file }), el('driver', { type: 'qcow2' })))))
}

/** A `<domaincheckpoint>`: https://libvirt.org/formatcheckpoint.html */
export function checkpointElement(name: string, disks: readonly BackupDiskSpec[]): XmlElement {
  return el('domaincheckpoint', {}, el('name', {}, name), el('disks', {},
    ...disks.map(({ target, noted }) => el('disk', { name: target, checkpoint: noted ? 'bitmap' : 'no' }))))
}

/** The files that a backup job writes. */
export function backupFiles(xml: string): string[] {
  return all(parse(xml), 'disks/disk/target').flatMap((target) => attr(target, 'file') ?? [])
}
