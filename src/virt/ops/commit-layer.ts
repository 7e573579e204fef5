import { setTimeout as pause } from 'node:timers/promises'
import { BayError } from '../../errors.js'
import { parse, serialize, el } from '../../xml/node.js'
import { all, attr, child, path, remove, textOf } from '../../xml/tree.js'
import { diskFiles } from '../../xml/snapshot.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'

export interface MergeReport {
  step: (text: string) => void
  /** bytes that are merged, of how many */
  moved: (done: number, total: number) => void
  signal?: AbortSignal
}

/** Both are paths. */
export interface Merge { target: string, base: string, layer: string }

/** Moves what a layer of a running machine holds into the file right below it. @throws as `mergeLayer` */
export async function commitLayer(domain: Domain, { target, base, layer }: Merge, { moved, signal }: MergeReport): Promise<void> {
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

/** What the machine is called that QEMU needs for the disks of one that is off. */
export function helperName(uuid: string): string {
  return `bay-merge-${uuid.slice(0, 8)}`
}

/** A machine that has one disk of another, and nothing else; it never runs. */
export function helperXml(machine: string, target: string, { uuid, name }: { uuid: string, name: string }): string {
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
