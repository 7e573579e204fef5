import { BayError, UsageError } from '../../errors.js'
import { Findings, type Looked } from '../../findings.js'
import { sh } from '../../shell.js'
import type { Connection } from '../connection.js'
import { VirtError } from '../errors.js'
import { checkSpace } from './check-pool-space.js'
import type { NewDisk, NewVm } from './new-vm.js'
import { planImage, type PlannedImage } from './plan-image.js'
import { PlanPools, type PlannedPool } from './plan-pools.js'
import { seedVolume } from './seed-volume.js'

/** A volume that a new machine needs and that does not exist yet. */
export interface PlannedDisk {
  pool: string
  volume: string
  /** bytes */
  capacity: number
  format: string
  bus: string
  /** where it will be, as far as that can be told before; the pool has the last word */
  path: string
  image?: PlannedImage
  /** the disc with what cloud-init reads; its content is made when the machine is */
  seed?: true
  /** what is needed only while the system is installed; its content is made when the machine is */
  install?: 'answers' | 'kernel' | 'initrd'
}

const defaultSize = 20 * 2 ** 30

export interface DiskPlan {
  disks: PlannedDisk[]
  /** the folders that the disks will be in, by their pools */
  folders: { pool: string, folder: string }[]
  notes: string[]
}

/** What is known before: the bus that suits, whether the host is this system, whether a machine has the name already. */
interface Circumstances { bus: string, ownHost: boolean, nameIsTaken: boolean }

/**
 * The volumes for a machine's disks. Only looks: pools must run and have room, and no volume of those names may exist.
 * @throws UsageError, BayError `exists`, `wrong-state`, `not-found` or `failed`; all that is found as one
 */
export async function planDisks(
  connection: Connection, vm: NewVm, { bus, ownHost, nameIsTaken }: Circumstances,
): Promise<DiskPlan> {
  const findings = new Findings()
  using pools = new PlanPools(connection)
  const { source } = vm
  const image = await findings.wait(async () =>
    source.kind === 'image' ? await planImage(connection, source.image, source.linked, vm.disks[0]?.pool) : undefined)
  const wanted = disksOf(vm, image.found)
  const disks = [
    ...wanted.map((disk, index) => {
      const ofImage = () => index === 0 ? image.value : undefined
      return planDisk(findings, pools, disk, { name: vm.name, index, bus, image: ofImage })
    }),
    ...vm.guest ? [findings.look(() => planSeed(pools.choose(wanted[0]?.pool), vm))] : [],
  ]
  const planned = disks.flatMap(({ found }) => found ?? [])
  if (!nameIsTaken) for (const disk of planned) findings.look(() => refuseExisting(pools.choose(disk.pool), disk))
  const notes: string[] = []
  for (const pool of pools.all) {
    const note = await findings.wait(() => checkSpace(pool, planned.filter((disk) => disk.pool === pool.pool), { ownHost }))
    notes.push(...note.found === undefined ? [] : [note.found])
  }
  findings.end()
  return { disks: planned, folders: pools.all.filter(({ holdsFiles }) => holdsFiles), notes }
}

interface DiskContext {
  name: string
  index: number
  bus: string
  image: () => PlannedImage | undefined
}

/** Its pool, format and size are looked at one by one, so that each is told. */
function planDisk(
  findings: Findings, pools: PlanPools, disk: NewDisk, { name, index, bus, image }: DiskContext,
): Looked<PlannedDisk> {
  const pool = findings.look(() => pools.choose(disk.pool))
  const format = findings.look(() => formatOf(disk.format, image()))
  const capacity = findings.look(() => capacityOf(disk.size, image()))
  return findings.look(() => {
    const volume = `${name}${index === 0 ? '' : `-${index + 1}`}.${format.value === 'raw' ? 'img' : format.value}`
    const ofImage = image()
    return {
      pool: pool.value.pool, volume, format: format.value, bus: disk.bus ?? bus, path: `${pool.value.folder}/${volume}`,
      capacity: capacity.value, ...(ofImage ? { image: ofImage } : {}),
    }
  })
}

/** On virtio and not as a CD-ROM: the kernels of cloud images have no driver for SATA. */
function planSeed({ pool, folder }: PlannedPool, { name }: NewVm): PlannedDisk {
  const volume = seedVolume(name)
  return { pool, volume, format: 'raw', bus: 'virtio', path: `${folder}/${volume}`, capacity: 0, seed: true }
}

/** What was asked for; else an image brings its own disk, an installer or nothing needs one, a kernel may do without. */
export function disksOf({ source, disks }: NewVm, image: PlannedImage | undefined): NewVm['disks'] {
  if (disks.length > 0 || source.kind === 'kernel') return disks
  return [{ size: image?.capacity ?? defaultSize }]
}

function formatOf(wanted: string | undefined, image: PlannedImage | undefined): string {
  if (image === undefined) return wanted ?? 'qcow2'
  const made = image.linked ? 'qcow2' : image.format
  if (wanted !== undefined && wanted !== made) {
    throw new UsageError(`the image makes a ${made} disk, not ${wanted}`, 'leave out format=, or convert the image first with qemu-img convert')
  }
  return made
}

function capacityOf(size: number, image: PlannedImage | undefined): number {
  if (image && size < image.capacity) {
    throw new UsageError(`the disk is smaller than its image, which has ${image.capacity} bytes`, 'give a larger --disk, or none for the image\'s own size')
  }
  return size
}

export function refuseExisting({ pool, handle }: PlannedPool, { volume }: PlannedDisk): void {
  try {
    using found = handle.volume(volume)
    throw new BayError('exists', `the pool ${pool} has a volume ${found.name()} already`, {
      hints: [sh`bay vol show ${pool}/${volume}`, 'give the machine another name'],
    })
  } catch (error) {
    if (!(error instanceof VirtError) || error.code !== 'not-found') throw error
  }
}
