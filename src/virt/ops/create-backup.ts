import { chmod, copyFile, mkdir, open, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BayError } from '../../errors.js'
import { backupElement, checkpointElement } from '../../xml/backup.js'
import { serialize } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure, VirtError } from '../errors.js'
import { domainXml, start } from '../flags.js'
import { disksToBackUp, diskSpecs, type DisksToBackUp } from './backup-disks.js'
import { endOfBackup } from './backup-job.js'
import { manifestFile, type BackedUpDisk, type BackupManifest } from './backup-manifest.js'
import { fileSum } from './backup-store.js'
import { storedDefinition } from './change-definition.js'
import { freeze, hasAgent } from './freeze.js'
import { journalFor, type Journal } from './journal.js'
import type { BackupPlan } from './plan-backup.js'
import { Rollback } from './rollback.js'
import { syncFolder } from './state-folder.js'
import { forgetCheckpoint, hasCheckpoint, incomplete } from './undo-backup.js'

export interface BackupOptions {
  /** true: or not at all; undefined: if an agent is connected */
  quiesce: boolean | undefined
  /** this program's version */
  version: string
  signal: AbortSignal
  step: (text: string) => void
  moved: (done: number, total: number) => void
  note: (text: string) => void
}

/**
 * Makes a backup as planned: QEMU writes the disks, as they are at one moment, into a folder that is not whole until its manifest
 * is written and it is renamed. When it fails or is interrupted, the job, its checkpoint and the files go; a machine that was off
 * is off again, and file systems are thawed, whatever happens. Whoever calls has the machine's name for itself.
 * @throws BayError `failed` with QEMU's reason, `left-behind`; VirtError
 */
export async function createBackup(
  connection: Connection, domain: Domain, plan: BackupPlan, options: BackupOptions,
): Promise<BackupManifest> {
  const { signal } = options
  const made = { uuid: domain.uuid(), name: domain.name() }
  const before = domain.state().state
  using journal = journalFor(connection, { command: 'backup create', name: made.name })
  await using rollback = new Rollback(signal, journal)
  const draft = `${plan.folder}${incomplete}`
  await rollback.make(connection, { kind: 'backup-folder', path: draft }, () => makeFolder(draft))
  const written = await writeDisks(connection, domain, { plan, draft, rollback, journal, options })
  options.step('checking the files')
  const manifest: BackupManifest = {
    version: 1, name: plan.name, vm: made.name, uuid: made.uuid, time: written.time, kind: written.kind,
    parent: written.kind === 'incremental' ? plan.parent?.name ?? null : null, checkpoint: written.checkpoint, state: before,
    quiesced: written.quiesced, disks: await sums(draft, written, signal), xml: await writeXml(draft, domain),
    nvram: await writeNvram(draft, plan, options), tpm: plan.tpm,
    skipped: written.disks.skipped.map(({ target, why }) => `${target}: ${why}`),
    bay: options.version, libvirt: versionText(connection.libraryVersion()),
  }
  await writeManifest(draft, manifest)
  await rollback.step(() => rename(draft, plan.folder), () => ({
    leaves: plan.folder, removeBy: `rm -r ${plan.folder}`, undo: () => rename(plan.folder, draft),
  }))
  syncFolder(dirname(plan.folder))
  rollback.keep()
  return manifest
}

interface Written {
  time: string
  kind: BackupManifest['kind']
  checkpoint: string | null
  quiesced: boolean
  disks: DisksToBackUp
  sizes: ReadonlyMap<string, number>
}

interface Work { plan: BackupPlan, draft: string, rollback: Rollback, journal: Journal | undefined, options: BackupOptions }

/** A machine that is off has nobody who would read its disks: it is started, but its guest is not let run. */
async function writeDisks(connection: Connection, domain: Domain, work: Work): Promise<Written> {
  const { plan, journal, options: { step, signal, moved } } = work
  const made = { uuid: domain.uuid(), name: domain.name() }
  await using passing = new Rollback(undefined, journal)
  if (plan.off) {
    step('starting it, paused')
    await passing.make(connection, { kind: 'paused', ...made }, () => domain.start(start.paused))
  }
  forgetSuperseded(domain, plan, work.options)
  step('writing its disks')
  const written = await begin(connection, domain, work)
  const [first] = written.disks.disks
  if (first) await endOfBackup(domain, join(work.draft, first.file), signal, moved)
  return written
}

/** Frozen only for the moment in which the job begins: what is written after it is not in the backup. */
async function begin(connection: Connection, domain: Domain, work: Work): Promise<Written> {
  const { journal, plan, options } = work
  await using frozen = new Rollback(undefined, journal)
  const quiesced = !plan.off && await quiesce(connection, domain, frozen, options)
  try {
    return { quiesced, ...await beginJob(connection, domain, work, plan) }
  } catch (error) {
    const fallback = error instanceof VirtError ? withoutNotes(domain, plan, error) : null
    if (fallback === null) throw error
    options.note(`${domain.name()}: a full backup is made, for ${fallback.why}`)
    return { quiesced, ...await beginJob(connection, domain, work, fallback) }
  }
}

type Notes = Pick<BackupPlan, 'parent' | 'noted'>

/** What else can be made when libvirt refuses an incremental backup or its checkpoint. */
function withoutNotes(domain: Domain, { parent, noted }: BackupPlan, error: VirtError): Notes & { why: string } | null {
  if (error.code === 'cannot-connect') return null
  if (noted && domain.snapshotCount() > 0 && /snapshot|checkpoint/i.test(error.message)) return { parent: null, noted: false, why: `libvirt allows no checkpoint beside snapshots: ${error.message}` }
  const broken = error.is(failure.checkpointInconsistent) || /bitmap|checkpoint/i.test(error.message)
  return parent && broken ? { parent: null, noted, why: `its note of what was written is broken, as after a crash: ${error.message}` } : null
}

async function beginJob(connection: Connection, domain: Domain, { plan, draft, rollback }: Work, { parent, noted }: Notes): Promise<Omit<Written, 'quiesced'>> {
  const sizes = new Map<string, number>()
  const sizeOf = (target: string) => {
    const size = sizes.get(target) ?? domain.diskSize(target).capacity
    sizes.set(target, size)
    return size
  }
  const disks = disksToBackUp(domain.xml(), parent, sizeOf)
  const [first] = disks.disks
  if (!first) throw new BayError('failed', 'it has no disk that could be backed up')
  for (const { target } of disks.disks) sizeOf(target)
  const specs = diskSpecs(disks, draft, parent?.checkpoint ?? null)
  const checkpoint = noted && specs.some((spec) => spec.noted) ? `bay-${plan.name}` : null
  const record = { kind: 'backup', uuid: domain.uuid(), name: domain.name(), checkpoint: checkpoint ?? '', file: join(draft, first.file) } as const
  const time = new Date().toISOString()
  await rollback.make(connection, record, () => domain.beginBackup(
    serialize(backupElement(specs)), checkpoint === null ? null : serialize(checkpointElement(checkpoint, specs)),
  ))
  return { time, checkpoint, disks, sizes, kind: disks.disks.some(({ kind }) => kind === 'incremental') ? 'incremental' : 'full' }
}

async function quiesce(
  connection: Connection, domain: Domain, frozen: Rollback, { quiesce: wanted, note, step }: BackupOptions,
): Promise<boolean> {
  if (wanted === false || (wanted === undefined && !hasAgent(domain))) return false
  if (domain.state().state !== 'running' && wanted === undefined) return false
  step('asking the guest to write out its file systems')
  try {
    await frozen.make(connection, { kind: 'frozen', uuid: domain.uuid(), name: domain.name() }, () => freeze(domain))
    return true
  } catch (error) {
    if (wanted === true || !(error instanceof BayError) || error.code === 'cannot-connect') throw error
    note(`${domain.name()}: the file systems are as after a power cut, for the guest did not write them out: ${error.message}`)
    return false
  }
}

/** QEMU may run as another user: it passes the folder, but cannot list it. */
async function makeFolder(draft: string): Promise<void> {
  try {
    await mkdir(dirname(draft), { recursive: true, mode: 0o711 })
    await mkdir(draft, { mode: 0o700 })
    await chmod(draft, 0o711)
  } catch (cause) {
    throw new BayError('failed', `the folder ${draft} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

async function sums(draft: string, { disks: { disks }, sizes }: Written, signal: AbortSignal): Promise<BackedUpDisk[]> {
  const all: BackedUpDisk[] = []
  for (const { noting: _noting, ...disk } of disks) {
    await synced(join(draft, disk.file))
    all.push({ ...disk, capacity: sizes.get(disk.target) ?? 0, ...await fileSum(draft, disk.file, signal) })
  }
  return all
}

/** With its passwords, so it is for its owner only. */
async function writeXml(draft: string, domain: Domain): Promise<BackupManifest['xml']> {
  const xml = domain.isPersistent() ? storedDefinition(domain) : domain.xml(domainXml.secure)
  await writeFile(join(draft, 'domain.xml'), xml, { mode: 0o600, flag: 'wx', flush: true })
  return fileSum(draft, 'domain.xml')
}

/** libvirt makes it at the first start. */
async function writeNvram(draft: string, { nvram }: BackupPlan, { note }: BackupOptions): Promise<BackupManifest['nvram']> {
  if (nvram === null) return null
  try {
    await copyFile(nvram, join(draft, 'nvram.fd'))
  } catch (error) {
    note(`the UEFI variables are not in the backup: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
  await chmod(join(draft, 'nvram.fd'), 0o600)
  await synced(join(draft, 'nvram.fd'))
  return { ...await fileSum(draft, 'nvram.fd'), path: nvram }
}

async function writeManifest(draft: string, manifest: BackupManifest): Promise<void> {
  const path = join(draft, manifestFile)
  await writeFile(`${path}.new`, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
  await rename(`${path}.new`, path)
  await chmod(draft, 0o700)
  syncFolder(draft)
}

async function synced(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Nothing builds on these any more, and every note costs the guest's writing a little. */
function forgetSuperseded(domain: Domain, { superseded }: BackupPlan, { note }: BackupOptions): void {
  for (const name of superseded) {
    try {
      if (hasCheckpoint(domain, name)) forgetCheckpoint(domain, name)
    } catch (error) {
      if (!(error instanceof BayError) || error.code === 'cannot-connect') throw error
      note(`the checkpoint ${name} stays in the machine: ${error.message}`)
    }
  }
}

function versionText(version: number): string {
  return `${Math.floor(version / 1_000_000)}.${Math.floor(version / 1000) % 1000}.${version % 1000}`
}
