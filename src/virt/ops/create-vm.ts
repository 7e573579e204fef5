import { serialize } from '../../xml/node.js'
import { volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import type { StoragePool } from '../pool.js'
import type { StorageVolume } from '../volume.js'
import { refuseTakenName } from './check-vm-name.js'
import { lockName } from './host-lock.js'
import { journalFor } from './journal.js'
import { makeVolume } from './make-volume.js'
import type { PlannedDisk } from './plan-disks.js'
import type { VmPlan } from './plan-vm.js'
import { whilePoolIsBusy } from './retry.js'
import { reserveAddress, type Reservation } from './reserve-address.js'
import { Rollback } from './rollback.js'
import { markRun } from './run-mark.js'
import { startInstaller } from './start-installer.js'
import { startNetworks } from './start-networks.js'
import { uploadFile } from './upload.js'
import { newestLease } from './vm-addresses.js'

export interface CreateOptions {
  signal?: AbortSignal
  /** hears of each step as it begins */
  report: (step: string) => void
}

export interface CreatedVm {
  uuid: string
  started: boolean
  disks: { pool: string, volume: string, path: string }[]
  /** in its network's DHCP server; null when it needed none */
  reservation: Reservation | null
}

/**
 * Makes a machine as planned: its volumes, its definition, its autostart, its start. When a step fails or the user
 * interrupts, what was made is removed in reverse, found by the UUID and the volumes that this run wrote down first; when
 * the run is killed, `bay recover` does that.
 * @throws BayError `exists` when another run has just made it, `left-behind`
 */
export async function createVm(connection: Connection, plan: VmPlan, { signal, report }: CreateOptions): Promise<CreatedVm> {
  const { uuid, request: { name, autostart, start } } = plan
  using _lock = await lockName(connection.uri(), 'vm', name, signal)
  // The plan was made before this run had the name for itself.
  refuseTakenName(connection, name)
  startNetworks(connection, plan.networks, report)
  using journal = journalFor(connection, { command: 'vm create', name })
  await using rollback = new Rollback(signal, journal)
  const paths: string[] = []
  for (const disk of plan.disks) {
    report(`creating the volume ${disk.pool}/${disk.volume}`)
    paths.push(await createDisk(connection, disk, rollback, signal))
  }
  report(`defining the machine ${name}`)
  using domain = await rollback.make(connection, { kind: 'domain', uuid, name }, () => connection.defineDomain(plan.xml(paths)))
  const reservation = await reserve(connection, plan, rollback, report)
  // What is not installed yet must not start with the host: that is done afterwards.
  if (autostart && !plan.install) await rollback.make(connection, { kind: 'autostart', uuid, name }, () => domain.setAutostart(true))
  if (start) {
    report(plan.install ? 'starting the installer' : 'starting it')
    const run = () => plan.install ? startInstaller(connection, domain) : startNew(connection, domain, plan)
    await rollback.make(connection, { kind: 'running', uuid, name }, run)
  }
  rollback.keep()
  const disks = plan.disks.map(({ pool, volume, path, install }, index) => ({ pool, volume, path: paths[index] ?? path, install }))
  return { uuid, started: start, disks: disks.flatMap(({ install, ...disk }) => install === undefined ? disk : []), reservation }
}

/** Makes a volume and fills it; gives its path on the host. */
export async function createDisk(
  connection: Connection, disk: PlannedDisk, rollback: Rollback, signal?: AbortSignal,
): Promise<string> {
  using pool = connection.pool(disk.pool)
  using volume = await makeVolume(connection, pool, disk.volume, rollback, () => newVolume(connection, pool, disk))
  const { image } = disk
  if (image?.from === 'file' && !image.linked) {
    await uploadFile(image.file.path, image.file.length, volume, signal)
  }
  if (image && !image.linked && disk.capacity > image.capacity) await whilePoolIsBusy(() => volume.resize(BigInt(disk.capacity)))
  return volume.path()
}

async function reserve(
  connection: Connection, { address }: VmPlan, rollback: Rollback, report: (step: string) => void,
): Promise<Reservation | null> {
  if (!address?.reservation) return null
  const { hostname, ...made } = address.reservation
  report(`reserving ${made.ip} in the network ${made.network}`)
  await rollback.make(connection, { kind: 'reservation', ...made }, () => reserveAddress(connection, made, hostname))
  return made
}

/** From nothing, as a layer over the image, or as the host's own copy of another volume. */
async function newVolume(
  connection: Connection, pool: StoragePool, { image, volume, capacity, format }: PlannedDisk,
): Promise<StorageVolume> {
  const backing = image?.linked ? { path: image.path, format: image.format } : undefined
  const xml = serialize(volumeElement({ name: volume, capacity, format, ...backing && { backing } }))
  if (image?.from !== 'volume' || image.linked) return pool.createVolume(xml)
  using source = connection.volumeByPath(image.path)
  return await pool.cloneVolume(xml, source)
}

/** A new machine has new MAC addresses, so no lease can be of an earlier run, unless somebody chose one. */
async function startNew(connection: Connection, domain: Domain, { request: { nics } }: VmPlan): Promise<void> {
  const leaseBefore = nics.some(({ mac }) => mac !== undefined) ? newestLease(connection, domain) : 0
  await domain.start()
  markRun(domain, { leaseBefore })
}
