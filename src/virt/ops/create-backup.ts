import { BayError } from '../../errors.js'
import { backupElement, checkpointElement, type BackupDiskSpec } from '../../xml/backup.js'
import { readDomain } from '../../xml/domain-description.js'
import { serialize } from '../../xml/node.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { failure, VirtError } from '../errors.js'
import { backupBegin, domainXml, start } from '../flags.js'
import { disksToBackUp, diskSpecs, type DisksToBackUp } from './backup-disks.js'
import { endOfBackup } from './backup-job.js'
import type { BackedUpDisk, BackupManifest } from './backup-manifest.js'
import type { BackupStore } from './backup-store.js'
import type { BackupTarget } from './backup-target.js'
import { storedDefinition } from './change-definition.js'
import { freeze, hasAgent } from './freeze.js'
import { journalFor, type Journal } from './journal.js'
import type { BackupPlan } from './plan-backup.js'
import { Rollback } from './rollback.js'
import { forgetCheckpoint, hasCheckpoint } from './undo-backup.js'

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
 * Makes a backup as planned: QEMU writes the disks, as they are at one moment, into files that are no backup until the manifest
 * is written. When it fails or is interrupted, the job, its checkpoint and the files go; a machine that was off
 * is off again, and file systems are thawed, whatever happens. Whoever calls has the machine's name for itself.
 * @throws BayError `failed` with QEMU's reason, `left-behind`; VirtError
 */
export async function createBackup(
  connection: Connection, domain: Domain, store: BackupStore, plan: BackupPlan, options: BackupOptions,
): Promise<BackupManifest> {
  const { signal } = options
  const made = { uuid: domain.uuid(), name: domain.name() }
  const before = domain.state().state
  using journal = journalFor(connection, { command: 'backup create', name: made.name })
  await using rollback = new Rollback(signal, journal)
  const target = store.target({ connection, vm: made.name, name: plan.name, rollback })
  await target.begin()
  const written = await writeDisks(connection, domain, { plan, target, rollback, journal, options })
  options.step('checking the files')
  const manifest: BackupManifest = {
    version: 1, name: plan.name, vm: made.name, uuid: made.uuid, time: written.time, kind: written.kind,
    parent: written.kind === 'incremental' ? plan.parent?.name ?? null : null, checkpoint: written.checkpoint, state: before,
    quiesced: written.quiesced, disks: await sums(target, written, signal), xml: await writeXml(target, domain),
    nvram: await writeNvram(target, written, options), tpm: plan.tpm,
    skipped: written.disks.skipped.map(({ target, why }) => `${target}: ${why}`),
    bay: options.version, libvirt: versionText(connection.libraryVersion()),
  }
  await target.finish(manifest)
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
  /** the file of the first disk */
  file: string
  /** the host's file of the UEFI variables; of many machines only one that runs tells */
  nvram: string | null
}

interface Work { plan: BackupPlan, target: BackupTarget, rollback: Rollback, journal: Journal | undefined, options: BackupOptions }

/** A machine that is off has nobody who would read its disks: it is started, but its guest is not let run. */
async function writeDisks(connection: Connection, domain: Domain, work: Work): Promise<Written> {
  const { plan, rollback, options: { step, signal, moved } } = work
  if (plan.off) {
    step('starting it, paused')
    // Until all is whole, so that whoever undoes it can tell that it was off.
    await rollback.make(connection, { kind: 'paused', uuid: domain.uuid(), name: domain.name() }, () => domain.start(start.paused))
  }
  await forgetSuperseded(domain, plan, work.options)
  step('writing its disks')
  const written = await begin(connection, domain, work)
  await endOfBackup(domain, written.file, signal, moved)
  // Once somebody lets it run it is theirs.
  if (plan.off && domain.state().state === 'paused') await domain.destroy()
  return written
}

/** Frozen only for the moment in which the job begins: what is written after it is not in the backup. */
async function begin(connection: Connection, domain: Domain, work: Work): Promise<Written> {
  const { journal, plan, options } = work
  const job = await prepare(domain, work, plan)
  await using frozen = new Rollback(undefined, journal)
  const quiesced = !plan.off && await quiesce(connection, domain, frozen, options)
  try {
    return { quiesced, ...await beginJob(connection, domain, work, job) }
  } catch (error) {
    const fallback = error instanceof VirtError ? withoutNotes(domain, plan, error) : null
    if (fallback === null) throw error
    options.note(`${domain.name()}: a full backup is made, for ${fallback.why}`)
    return { quiesced, ...await beginJob(connection, domain, work, await prepare(domain, work, fallback)) }
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

interface PreparedJob extends Omit<Written, 'quiesced' | 'time'> { specs: BackupDiskSpec[] }

async function prepare(domain: Domain, { plan, target }: Work, { parent, noted }: Notes): Promise<PreparedJob> {
  const sizes = new Map<string, number>()
  const sizeOf = (disk: string) => {
    const size = sizes.get(disk) ?? domain.diskSize(disk).capacity
    sizes.set(disk, size)
    return size
  }
  const xml = domain.xml()
  const disks = disksToBackUp(xml, parent, sizeOf)
  for (const disk of disks.disks) sizeOf(disk.target)
  const paths = await target.disks(disks.disks, sizeOf, parent)
  const [file] = paths
  if (file === undefined) throw new BayError('failed', 'it has no disk that could be backed up')
  const specs = diskSpecs(disks, paths, parent?.checkpoint ?? null)
  const checkpoint = noted && specs.some((spec) => spec.noted) ? `bay-${plan.name}` : null
  const kind = disks.disks.some((disk) => disk.kind === 'incremental') ? 'incremental' : 'full'
  return { specs, checkpoint, disks, sizes, file, kind, nvram: readDomain(xml).nvram }
}

async function beginJob(
  connection: Connection, domain: Domain, { target, rollback }: Work, { specs, ...job }: PreparedJob,
): Promise<Omit<Written, 'quiesced'>> {
  const { checkpoint, file } = job
  const record = { kind: 'backup', uuid: domain.uuid(), name: domain.name(), checkpoint: checkpoint ?? '', file } as const
  const time = new Date().toISOString()
  await rollback.make(connection, record, () => domain.beginBackup(
    serialize(backupElement(specs)), checkpoint === null ? null : serialize(checkpointElement(checkpoint, specs)),
    target.reuse ? backupBegin.reuse : 0,
  ))
  return { time, ...job }
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

async function sums(target: BackupTarget, { disks: { disks }, sizes }: Written, signal: AbortSignal): Promise<BackedUpDisk[]> {
  const all: BackedUpDisk[] = []
  for (const { noting: _noting, ...disk } of disks) {
    all.push({ ...disk, capacity: sizes.get(disk.target) ?? 0, ...await target.sum(disk.file, signal) })
  }
  return all
}

/** With its passwords, so it is for its owner only. */
async function writeXml(target: BackupTarget, domain: Domain): Promise<BackupManifest['xml']> {
  return await target.write('domain.xml', domain.isPersistent() ? storedDefinition(domain) : domain.xml(domainXml.secure))
}

/** libvirt makes it at the first start. */
async function writeNvram(target: BackupTarget, { nvram }: Written, { note }: BackupOptions): Promise<BackupManifest['nvram']> {
  if (nvram === null) return null
  const copied = await target.copy(nvram, 'nvram.fd')
  if (copied === null) note(`the UEFI variables are not in the backup, for there are none yet: ${nvram}`)
  return copied && { ...copied, path: nvram }
}

/** Nothing builds on these any more, and every note costs the guest's writing a little. */
async function forgetSuperseded(domain: Domain, { superseded }: BackupPlan, { note }: BackupOptions): Promise<void> {
  for (const name of superseded) {
    try {
      if (hasCheckpoint(domain, name)) await forgetCheckpoint(domain, name)
    } catch (error) {
      if (!(error instanceof BayError) || error.code === 'cannot-connect') throw error
      note(`the checkpoint ${name} stays in the machine: ${error.message}`)
    }
  }
}

function versionText(version: number): string {
  return `${Math.floor(version / 1_000_000)}.${Math.floor(version / 1000) % 1000}.${version % 1000}`
}
