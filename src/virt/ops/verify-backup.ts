import { BayError } from '../../errors.js'
import type { BackedUpDisk } from './backup-manifest.js'
import { chainOf, type StoredBackup, type WholeBackup } from './backup-store.js'
import { codeOf } from './state-folder.js'

/** What is wrong with a backup; empty when all is as it was written, and all that it builds on is there. */
export async function verifyBackup(backup: StoredBackup, all: readonly StoredBackup[], signal: AbortSignal): Promise<string[]> {
  const { manifest, state } = backup
  if (state === 'incomplete') return ['it is being made, or was cut']
  if (manifest === null || state === 'damaged') return ['its manifest is missing or damaged']
  return [...missingLinks(backup, all), ...await damagedFiles({ ...backup, manifest }, all, signal)]
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

async function damagedFiles(
  { files, manifest }: WholeBackup, all: readonly StoredBackup[], signal: AbortSignal,
): Promise<string[]> {
  const { disks, xml, nvram } = manifest
  const wrong: string[] = []
  for (const wanted of [...disks, xml, ...nvram ? [nvram] : []]) {
    const disk = disks.find((each) => each === wanted)
    try {
      const found = await files.sum(wanted.file, signal)
      if (found === null) wrong.push(`${wanted.file} is missing`)
      else if (found.bytes !== wanted.bytes) wrong.push(`${wanted.file} has ${found.bytes} bytes instead of ${wanted.bytes}`)
      else if (found.sha256 !== wanted.sha256) wrong.push(`${wanted.file} is not what was written: its checksum differs`)
      else if (disk) await files.check(disk.file, belowOf(disk, manifest.parent, all))
    } catch (error) {
      if (codeOf(error) === '' && !(error instanceof BayError && error.code === 'failed')) throw error
      wrong.push(`${wanted.file}: ${messageOf(error)}`)
    }
  }
  return wrong
}

/** The same disk in the backup that it builds on. */
function belowOf(
  { target, kind }: BackedUpDisk, parent: string | null, all: readonly StoredBackup[],
): { name: string, file: string } | null {
  const manifest = kind === 'full' ? null : all.find(({ name }) => name === parent)?.manifest
  const below = manifest?.disks.find((disk) => disk.target === target)
  return manifest && below ? { name: manifest.name, file: below.file } : null
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
