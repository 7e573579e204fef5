import { existsSync, rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { backupFiles } from '../../xml/backup.js'
import type { Domain } from '../domain.js'
import { failure } from '../errors.js'
import { checkpointMetadata, start } from '../flags.js'
import { askMade } from './ask-made.js'
import { hasAgent, thaw } from './freeze.js'
import { unlessGone } from './gone.js'
import type { Made, Undoing } from './undo-kind.js'

/** A backup job with the checkpoint that it made: known by the file that it writes, which nobody else chose. */
export interface MadeBackup extends Made {
  /** '' when it makes none */
  checkpoint: string
  file: string
}

export const backupJob: Undoing<MadeBackup> = {
  fields: ['uuid', 'name', 'checkpoint', 'file'],
  leaves: ({ name }) => `the backup job of ${name}, or its checkpoint`,
  removeBy: () => 'bay recover',
  isThere: (connection, made) => askMade(connection, made,
    (domain) => isWriting(domain, made.file) || hasCheckpoint(domain, made.checkpoint)),
  undo: async (connection, { uuid, checkpoint, file }) => {
    using domain = connection.domainByUuid(uuid)
    await endJob(domain, file)
    if (hasCheckpoint(domain, checkpoint)) await forgetCheckpoint(domain, checkpoint)
  },
}

/** What a backup wrote that never became whole. */
export const backupFolder: Undoing<{ path: string }> = {
  fields: ['path'],
  leaves: ({ path }) => `the files of a backup that is not whole in ${path}`,
  removeBy: ({ path }) => sh`rm -r ${path}`,
  isThere: (_, { path }) => existsSync(path),
  undo: (_, { path }) => removeIncomplete(path),
}

export function removeIncomplete(path: string): void {
  if (path.endsWith(incomplete)) rmSync(path, { recursive: true, force: true })
}

/** The end of the name of a folder that is not whole, or about to go. */
export const incomplete = '.incomplete'

/** A machine that was off, and was started without running, for its disks to be read. Once somebody lets it run it is theirs. */
export const pausedDomain: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the machine ${name}, started and paused`,
  removeBy: ({ name }) => sh`bay vm stop --force ${name}`,
  isThere: (connection, made) => askMade(connection, made, (domain) => domain.state().state === 'paused'),
  undo: async (connection, { uuid }) => {
    using domain = connection.domainByUuid(uuid)
    if (domain.state().state === 'paused') await domain.destroy()
  },
}

/** File systems in a guest that its agent holds. */
export const frozenGuest: Undoing<Made> = {
  fields: ['uuid', 'name'],
  leaves: ({ name }) => `the file systems of ${name}, held by its agent`,
  removeBy: () => 'bay recover',
  isThere: (connection, made) => askMade(connection, made, hasAgent),
  undo: async (connection, { uuid }) => {
    using domain = connection.domainByUuid(uuid)
    await thaw(domain)
  },
}

/**
 * Deletes a checkpoint with its bitmaps. Only QEMU can remove those, so a machine that is off is started for it, without letting
 * its guest run. Where they cannot be reached only libvirt's note goes: they are broken, or the machine's memory is saved.
 */
export async function forgetCheckpoint(domain: Domain, name: string): Promise<void> {
  using checkpoint = domain.checkpoint(name)
  const started = !domain.isActive() && !domain.hasSavedState() && await startedPaused(domain)
  try {
    checkpoint.delete(domain.isActive() ? 0 : checkpointMetadata)
  } catch (error) {
    if (!(error instanceof BayError) || error.code === 'cannot-connect') throw error
    checkpoint.delete(checkpointMetadata)
  } finally {
    if (started && domain.state().state === 'paused') await domain.destroy()
  }
}

/** False when the host does not start it, or somebody else does. */
async function startedPaused(domain: Domain): Promise<boolean> {
  try {
    await domain.start(start.paused)
    return true
  } catch (error) {
    if (!(error instanceof BayError) || error.code === 'cannot-connect') throw error
    return false
  }
}

export function hasCheckpoint(domain: Domain, name: string): boolean {
  if (name === '') return false
  using found = unlessGone(() => domain.checkpoint(name), failure.noCheckpoint)
  return found !== null
}

/** Whether a backup job of the machine's writes this file. */
export function isWriting(domain: Domain, file: string): boolean {
  if (!domain.isActive()) return false
  const xml = unlessGone(() => domain.backupXml(), failure.noBackup, failure.operationInvalid)
  return xml !== null && backupFiles(xml).includes(file)
}

const mostPauses = 300

async function endJob(domain: Domain, file: string): Promise<void> {
  if (!isWriting(domain, file)) return
  unlessGone(() => domain.abortJob(), failure.operationInvalid)
  for (let pauses = 0; isWriting(domain, file); pauses += 1) {
    if (pauses === mostPauses) throw new BayError('timeout', 'the backup job was asked to end, and does not')
    await pause(100)
  }
}
