import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { BayError } from '../../errors.js'
import { parse, serialize, el } from '../../xml/node.js'
import { all, attr, child, path, remove, textOf } from '../../xml/tree.js'
import { putSource } from '../../xml/domain-disks.js'
import { diskFiles } from '../../xml/snapshot.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { start } from '../flags.js'
import { changeDefinition, storedDefinition } from './change-definition.js'
import { journalFor } from './journal.js'
import { Rollback } from './rollback.js'

export interface MergeReport {
  step: (text: string) => void
  /** bytes that are merged, of how many */
  moved: (done: number, total: number) => void
  signal?: AbortSignal
}

interface Merge { target: string, base: string, layer: string }

/**
 * Moves what a layer of a machine's disk holds into the file right below it, of which the machine, or the layer above, then makes
 * use. QEMU does it, so it works on every host: that of the machine while it runs, else one of its own that has the disk, and
 * never runs anything.
 * @throws the signal's reason; VirtError. The machine is whole then, and the same again finishes it.
 */
export async function mergeLayer(connection: Connection, domain: Domain, merge: Merge, report: MergeReport): Promise<void> {
  if (domain.isActive()) return commit(domain, merge, report)
  const before = storedDefinition(domain)
  const uuid = randomUUID()
  const name = `bay-merge-${uuid.slice(0, 8)}`
  using journal = journalFor(connection, { command: 'snapshot delete', name: domain.name() })
  {
    // It goes whatever comes of it.
    await using rollback = new Rollback(undefined, journal)
    using worker = await rollback.make(connection, { kind: 'running', uuid, name },
      () => connection.startAs(workerXml(before, merge.target, { uuid, name }), start.paused))
    await commit(worker, merge, report)
  }
  changeDefinition(connection, domain, (root) => {
    for (const disk of all(root, 'devices/disk')) if (attr(child(disk, 'source'), 'file') === merge.layer) putSource(disk, merge.base)
  }, { command: 'snapshot delete', dryRun: false })
}

async function commit(domain: Domain, { target, base, layer }: Merge, { moved, signal }: MergeReport): Promise<void> {
  const uppermost = diskFiles(parse(domain.xml())).get(target) === layer
  signal?.throwIfAborted()
  domain.commitBlocks(target, base, uppermost ? null : layer)
  for (;;) {
    const job = domain.blockJob(target)
    if (job) moved(job.done, job.total)
    if (signal?.aborted) {
      await domain.endBlockJob(target, { pivot: false })
      throw halfMerged(layer, base, signal.reason)
    }
    if (job === null && !uppermost) return checkMerged(domain, layer)
    if (job === null) throw new BayError('failed', `merging ${layer} into ${base} ended too early`, { hints: ['the same again goes on with it'] })
    if (uppermost && job.done === job.total && await pivoted(domain, target)) return
    await pause(100)
  }
}

/** QEMU may say that it is not ready although all is moved: the guest has just written more. */
async function pivoted(domain: Domain, target: string): Promise<boolean> {
  try {
    await domain.endBlockJob(target, { pivot: true })
    return true
  } catch (error) {
    if (error instanceof VirtError && /not ready for pivot/.test(error.message)) return false
    throw error
  }
}

function checkMerged(domain: Domain, layer: string): void {
  const still = all(parse(domain.xml()), 'devices/disk').some((disk) => serialize(disk).includes(serialize(el('x', { file: layer })).slice(3, -2)))
  if (still) throw new BayError('failed', `${layer} could not be merged: the host has given it up`, { hints: ['which room is left: bay pool list', 'the same again goes on with it'] })
}

function halfMerged(layer: string, base: string, reason: unknown): BayError {
  const how = reason instanceof BayError ? reason.code : 'interrupted'
  return new BayError(how, `${how}; ${layer} is merged into ${base} in part: the machine is whole, the snapshot's own state is not`, {
    hints: ['the same again finishes it'],
  })
}

/** A machine that has one disk of another, and nothing else; it never runs. */
function workerXml(machine: string, target: string, { uuid, name }: { uuid: string, name: string }): string {
  const root = parse(machine)
  const disk = all(root, 'devices/disk').find((each) => attr(child(each, 'target'), 'dev') === target)
  if (!disk) throw new BayError('wrong-state', `the machine has no disk ${target} any more`)
  for (const each of ['address', 'alias', 'boot', 'iotune']) remove(disk, each)
  const type = path(root, 'os/type')
  return serialize(el('domain', { type: attr(root, 'type') },
    el('name', {}, name), el('uuid', {}, uuid), el('memory', { unit: 'MiB' }, 64),
    el('os', {}, el('type', { arch: attr(type, 'arch'), machine: attr(type, 'machine') }, textOf(type))),
    el('devices', {}, el('emulator', {}, textOf(path(root, 'devices/emulator'))), disk, el('memballoon', { model: 'none' })),
  ))
}
