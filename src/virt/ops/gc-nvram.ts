import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { GarbageItem } from './gc-item.js'
import { canonical } from './gc-layers.js'
import type { MachinesUse } from './gc-machines.js'
import { codeOf } from './state-folder.js'

/** A file of UEFI variables in libvirt's own folder. */
export interface NvramFile {
  path: string
  /** the machine that libvirt named it after */
  machine: string
  size: number
  modified: Date
}

/** The files of that folder whose names libvirt chose. @throws the file system's error, such as EACCES without root's rights */
export function nvramFiles(folder: string): NvramFile[] {
  return namesIn(folder).flatMap((name) => {
    const [, machine] = /^(.+)_VARS\.(?:fd|qcow2)$/s.exec(name) ?? []
    const path = join(folder, name)
    const found = machine === undefined ? undefined : lstatSync(path, { throwIfNoEntry: false })
    // A symbolic link is nothing that libvirt made.
    return machine === undefined || !found?.isFile() ? [] : [{ path, machine, size: found.blocks * 512, modified: found.mtime }]
  })
}

/** Those whose machine is gone, and that no other machine names. */
export function garbageNvram(files: readonly NvramFile[], { names, paths }: MachinesUse): GarbageItem[] {
  const used = new Set([...paths].map((path) => canonical(path, { ownHost: true })))
  return files.filter(({ path, machine }) => !names.has(machine) && !used.has(canonical(path, { ownHost: true })))
    .map(({ path, machine, size, modified }) => ({
      kind: 'nvram', name: machine, pool: null, path, size, modified: modified.toISOString(), reason: `there is no machine ${machine}`,
      locks: [['vm', machine]], after: [], remove: () => rmSync(path, { force: true }),
    }))
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}
