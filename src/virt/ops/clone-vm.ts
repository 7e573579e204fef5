import { BayError } from '../../errors.js'
import { sh } from '../../shell.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { seedOfClone } from './clone-seed.js'
import { copyNvram } from './copy-nvram.js'
import { createDisk } from './create-vm.js'
import { lockName } from './host-lock.js'
import { journalFor } from './journal.js'
import type { ClonedDisk, ClonePlan } from './plan-clone.js'
import { Rollback } from './rollback.js'
import { markRun } from './run-mark.js'
import { refuseTakenName } from './check-vm-name.js'
import { withSeedIso } from './seed-disk.js'

export interface CloneOptions {
  start: boolean
  signal: AbortSignal
  /** hears of each step as it begins */
  report: (step: string) => void
}

export interface ClonedVm {
  uuid: string
  started: boolean
  disks: { pool: string, volume: string, path: string }[]
  nvram: string | null
}

/**
 * Makes a clone as planned; what was made is removed again when a step fails. Whoever calls has the source's name for itself.
 * @throws BayError `wrong-state` when the source was started or written meanwhile, `left-behind`
 */
export async function cloneVm(
  connection: Connection, source: Domain, plan: ClonePlan, { start, signal, report }: CloneOptions,
): Promise<ClonedVm> {
  const { name, uuid } = plan
  using _lock = await lockName(connection.uri(), 'vm', name, signal)
  refuseTakenName(connection, name)
  using journal = journalFor(connection, { command: 'vm clone', name })
  await using rollback = new Rollback(signal, journal)
  // No call of libvirt's ends a copy.
  signal.addEventListener('abort', () => report('the host ends the copy that it is at; then what was made is removed'), { once: true })
  const paths: string[] = []
  for (const each of plan.disks) {
    const { disk, source: from } = each
    report(`${disk.image?.linked ? 'making a layer over' : 'copying'} ${from.pool}/${from.name} as ${disk.pool}/${disk.volume}`)
    paths.push(await copyDisk(connection, source, each, rollback, signal))
  }
  const seedPath = await makeSeed(connection, plan, rollback, signal)
  report(`defining the machine ${name}`)
  using domain = await rollback.make(connection, { kind: 'domain', uuid, name }, () => connection.defineDomain(plan.xml(paths, seedPath)))
  // After the definition, which takes the file with it when it is undone.
  const nvram = plan.nvram && await copyNvram(connection, plan.nvram, rollback) ? plan.nvram.to : null
  if (start) {
    report('starting it')
    await rollback.make(connection, { kind: 'running', uuid, name }, async () => {
      await domain.start()
      markRun(domain, { leaseBefore: 0 })
    })
  }
  rollback.keep()
  const disks = plan.disks.map(({ disk: { pool, volume, path } }, index) => ({ pool, volume, path: paths[index] ?? path }))
  return { uuid, started: start, nvram, disks }
}

async function copyDisk(
  connection: Connection, source: Domain, { disk, source: from }: ClonedDisk, rollback: Rollback, signal: AbortSignal,
): Promise<string> {
  const before = changedAt(connection, from.path)
  const path = await createDisk(connection, disk, rollback, signal)
  signal.throwIfAborted()
  if (source.isActive() || (!disk.image?.linked && changedAt(connection, from.path) !== before)) {
    const name = source.name()
    throw new BayError('wrong-state', `${name} was started or written while it was cloned`, { hints: [sh`bay vm stop ${name}, and then again`] })
  }
  return path
}

function changedAt(connection: Connection, path: string): number | null {
  using volume = connection.volumeByPath(path)
  return readVolume(volume.xml()).modified
}

async function makeSeed(
  connection: Connection, { seed, name, uuid }: ClonePlan, rollback: Rollback, signal: AbortSignal,
): Promise<string | null> {
  if (!seed) return null
  return await withSeedIso(seedOfClone(connection, seed.from, { name, uuid }), signal, (image) =>
    createDisk(connection, { ...seed.to, capacity: image.capacity, image }, rollback, signal))
}
