import { join } from 'node:path'
import { BayError } from '../../errors.js'
import { chainOf, fileSum, type StoredBackup } from './backup-store.js'
import type { BackupManifest } from './backup-manifest.js'
import { Qcow2 } from './qcow2.js'
import { codeOf } from './state-folder.js'

/** What is wrong with a backup; empty when all is as it was written, and all that it builds on is there. */
export async function verifyBackup(backup: StoredBackup, all: readonly StoredBackup[], signal: AbortSignal): Promise<string[]> {
  const { manifest, path, state } = backup
  if (state === 'incomplete') return ['it is being made, or was cut']
  if (manifest === null || state === 'damaged') return ['its manifest is missing or damaged']
  return [...missingLinks(backup, all), ...await damagedFiles(path, manifest, signal)]
}

function missingLinks(backup: StoredBackup, all: readonly StoredBackup[]): string[] {
  try {
    chainOf(backup, all)
    return []
  } catch (error) {
    if (error instanceof BayError) return [error.message]
    throw error
  }
}

async function damagedFiles(path: string, { disks, xml, nvram }: BackupManifest, signal: AbortSignal): Promise<string[]> {
  const wrong: string[] = []
  for (const wanted of [...disks, xml, ...nvram ? [nvram] : []]) {
    try {
      const found = await fileSum(path, wanted.file, signal)
      if (found.bytes !== wanted.bytes) wrong.push(`${wanted.file} has ${found.bytes} bytes instead of ${wanted.bytes}`)
      else if (found.sha256 !== wanted.sha256) wrong.push(`${wanted.file} is not what was written: its checksum differs`)
      else if ('target' in wanted) await checkDisk(join(path, wanted.file))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') wrong.push(`${wanted.file} is missing`)
      else if (codeOf(error) !== '' || (error instanceof BayError && error.code === 'failed')) wrong.push(`${wanted.file}: ${messageOf(error)}`)
      else throw error
    }
  }
  return wrong
}

async function checkDisk(path: string): Promise<void> {
  await using disk = await Qcow2.open(path)
  await disk.check()
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** @throws BayError `failed` that names what is wrong with any of these */
export async function refuseDamaged(
  chain: readonly StoredBackup[], all: readonly StoredBackup[], signal: AbortSignal,
): Promise<void> {
  for (const backup of chain) {
    const findings = await verifyBackup(backup, all, signal)
    if (findings.length > 0) throw new BayError('failed', `the backup ${backup.path} is damaged: ${findings.join('; ')}`)
  }
}
