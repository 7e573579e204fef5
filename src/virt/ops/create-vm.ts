import { serialize } from '../../xml/node.js'
import { volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { undefine } from '../flags.js'
import type { StorageVolume } from '../volume.js'
import type { PlannedDisk } from './plan-disks.js'
import type { VmPlan } from './plan-vm.js'
import { whilePoolIsBusy } from './retry.js'
import { Rollback } from './rollback.js'
import { markRun } from './run-mark.js'
import { uploadFile } from './upload.js'

export interface CreateOptions {
  signal?: AbortSignal
  /** hears of each step as it begins */
  report: (step: string) => void
}

export interface CreatedVm {
  uuid: string
  started: boolean
  disks: { pool: string, volume: string, path: string }[]
}

/**
 * Makes a machine as planned: its volumes, its definition, its autostart, its start. When a step fails or the user
 * interrupts, what was made is removed in reverse, found by the UUID and the volumes that this run made.
 */
export async function createVm(connection: Connection, plan: VmPlan, { signal, report }: CreateOptions): Promise<CreatedVm> {
  await using rollback = new Rollback(signal)
  const paths: string[] = []
  for (const disk of plan.disks) {
    report(`creating the volume ${disk.pool}/${disk.volume}`)
    paths.push(await createDisk(connection, disk, rollback, signal))
  }
  report(`defining the machine ${plan.request.name}`)
  using domain = await define(connection, plan, paths, rollback)
  if (plan.request.autostart) await rollback.step(() => domain.setAutostart(true), () => nothing)
  if (plan.request.start) {
    report('starting it')
    await start(connection, domain, plan, rollback)
  }
  rollback.keep()
  return {
    uuid: plan.uuid, started: plan.request.start,
    disks: plan.disks.map(({ pool, volume, path }, index) => ({ pool, volume, path: paths[index] ?? path })),
  }
}

const nothing = { leaves: '', removeBy: '', undo: () => undefined }

/** Makes a volume and fills it; gives its path on the host. */
async function createDisk(connection: Connection, disk: PlannedDisk, rollback: Rollback, signal?: AbortSignal): Promise<string> {
  using pool = connection.pool(disk.pool)
  using volume = await rollback.step(
    () => whilePoolIsBusy(() => makeVolume(connection, disk, () => pool.createVolume(volumeXml(disk)))),
    () => ({
      leaves: `the volume ${disk.pool}/${disk.volume}`,
      removeBy: `bay vol delete --yes ${disk.pool}/${disk.volume}`,
      undo: () => whilePoolIsBusy(() => deleteVolume(connection, disk)),
    }),
  )
  const { image } = disk
  if (image?.from === 'file' && !image.linked) {
    await uploadFile(image.file.path, image.file.length, volume, signal)
  }
  if (image && !image.linked && disk.capacity > image.capacity) await whilePoolIsBusy(() => volume.resize(BigInt(disk.capacity)))
  return volume.path()
}

/** From nothing, as a layer over the image, or as the host's own copy of another volume. */
async function makeVolume(
  connection: Connection, { image, pool, volume, capacity, format }: PlannedDisk, fromNothing: () => Promise<StorageVolume>,
): Promise<StorageVolume> {
  if (image?.from !== 'volume' || image.linked) return fromNothing()
  using held = connection.pool(pool)
  using source = connection.volumeByPath(image.path)
  return await held.cloneVolume(serialize(volumeElement({ name: volume, capacity, format })), source)
}

function volumeXml({ volume, capacity, format, image }: PlannedDisk): string {
  return serialize(volumeElement({
    name: volume, capacity, format, ...(image?.linked ? { backing: { path: image.path, format: image.format } } : {}),
  }))
}

function deleteVolume(connection: Connection, { pool, volume }: PlannedDisk): void {
  using held = connection.pool(pool)
  using found = held.volume(volume)
  found.delete()
}

async function define(connection: Connection, plan: VmPlan, paths: readonly string[], rollback: Rollback): Promise<Domain> {
  const { uuid, request } = plan
  return rollback.step(() => connection.defineDomain(plan.xml(paths)), () => ({
    leaves: `the machine ${request.name}`,
    removeBy: `bay vm delete --yes --keep-disks ${request.name}`,
    undo: () => {
      using made = connection.domainByUuid(uuid)
      made.undefine(undefine.nvram | undefine.managedSave)
    },
  }))
}

/** A handle is given up before anything is undone, so the machine is found again by its UUID. */
async function start(connection: Connection, domain: Domain, { uuid, request }: VmPlan, rollback: Rollback): Promise<void> {
  await rollback.step(() => domain.start(), () => ({
    leaves: `the running machine ${request.name}`,
    removeBy: `bay vm stop --force ${request.name}`,
    undo: async () => {
      using made = connection.domainByUuid(uuid)
      await made.destroy()
    },
  }))
  // A new machine has new MAC addresses, so no lease can be of an earlier run.
  markRun(domain, { leaseBefore: 0 })
}
