import { BayError, UsageError } from '../../errors.js'
import { readPool } from '../../xml/pool.js'
import type { Connection } from '../connection.js'
import { VirtError } from '../errors.js'
import type { NewVm } from './new-vm.js'
import { planImage, type PlannedImage } from './plan-image.js'
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
}

const defaultSize = 20 * 2 ** 30

/**
 * The volumes for a machine's disks. Only looks: pools must run and no volume of those names may exist.
 * @throws UsageError, BayError `exists`, `wrong-state` or `not-found`
 */
export async function planDisks(connection: Connection, vm: NewVm, bus: string): Promise<PlannedDisk[]> {
  const image = vm.source.kind === 'image' ? await planImage(connection, vm.source.image, vm.source.linked, vm.disks[0]?.pool) : undefined
  const wanted = vm.disks.length === 0 ? unasked(vm, image) : vm.disks
  const disks = wanted.map((disk, index) => {
    const ofImage = index === 0 ? image : undefined
    const format = formatOf(disk.format, ofImage)
    const { pool, folder } = choosePool(connection, disk.pool)
    const volume = `${vm.name}${index === 0 ? '' : `-${index + 1}`}.${format === 'raw' ? 'img' : format}`
    refuseExisting(connection, pool, volume)
    return {
      pool, volume, format, bus: disk.bus ?? bus, path: `${folder}/${volume}`,
      capacity: capacityOf(disk.size, ofImage), ...(ofImage ? { image: ofImage } : {}),
    }
  })
  return vm.guest ? [...disks, planSeed(connection, vm, disks[0]?.pool)] : disks
}

/** On virtio and not as a CD-ROM: the kernels of cloud images have no driver for SATA. */
function planSeed(connection: Connection, { name }: NewVm, wanted: string | undefined): PlannedDisk {
  const { pool, folder } = choosePool(connection, wanted)
  const volume = seedVolume(name)
  refuseExisting(connection, pool, volume)
  return { pool, volume, format: 'raw', bus: 'virtio', path: `${folder}/${volume}`, capacity: 0, seed: true }
}

/** An image brings its own disk, an installer or nothing needs one, a kernel may do without. */
function unasked({ source }: NewVm, image: PlannedImage | undefined): NewVm['disks'] {
  if (source.kind === 'kernel') return []
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

function choosePool(connection: Connection, name: string | undefined): { pool: string, folder: string } {
  const pool = name ?? defaultPool(connection)
  using held = lookUp(connection, pool)
  if (!held.isActive()) throw new BayError('wrong-state', `the pool ${pool} is not active`, { hints: [`bay pool start ${pool}`] })
  return { pool, folder: readPool(held.xml()).path ?? '' }
}

function lookUp(connection: Connection, pool: string) {
  try {
    return connection.pool(pool)
  } catch (error) {
    if (!(error instanceof VirtError) || error.code !== 'not-found') throw error
    throw error.restated(`there is no pool named ${pool}`, ['bay pool list', `bay pool create ${pool} --path DIR`])
  }
}

/** The pool named default, else the only active one. */
function defaultPool(connection: Connection): string {
  using pools = connection.pools()
  const names = pools.map((each) => each.name())
  const active = pools.filter((each) => each.isActive()).map((each) => each.name())
  const found = names.includes('default') ? 'default' : active.length === 1 ? active[0] : undefined
  if (found !== undefined) return found
  throw new UsageError(`which pool shall the disk be in? None is named default`, ...(active.length > 0
    ? [`--disk SIZE,pool=${active[0]}`, `active pools: ${active.join(', ')}`]
    : ['bay pool create default --path /var/lib/libvirt/images']))
}

function refuseExisting(connection: Connection, pool: string, volume: string): void {
  try {
    using held = connection.pool(pool)
    using found = held.volume(volume)
    throw new BayError('exists', `the pool ${pool} has a volume ${found.name()} already`, {
      hints: [`bay vol show ${pool}/${volume}`, 'give the machine another name'],
    })
  } catch (error) {
    if (!(error instanceof VirtError) || error.code !== 'not-found') throw error
  }
}
