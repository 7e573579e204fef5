import { posix } from 'node:path'
import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import { readPool, type PoolSpec } from '../../xml/pool.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import { unlessGone } from './gone.js'
import { deviceKind, usesOfDevice, type DeviceUse } from './local-device.js'
import type { NewPool } from './new-pool.js'
import { isOwnHost } from './own-host.js'
import { poolTypeTable } from './pool-types.js'
import { machineUses } from './volume-use.js'

/**
 * Two pools on one folder would each delete the other's volumes; libvirt compares no more than the letters of the path.
 * @throws BayError `exists`
 */
export function refuseTakenSource(connection: Connection, { name, type, path, sourceDevices = [] }: PoolSpec): void {
  using pools = connection.pools()
  for (const pool of pools) {
    const xml = unlessGone(() => pool.xml(), failure.noPool)
    const other = xml === null ? null : readPool(xml)
    if (!other || other.name === name) continue
    const same = onDevices(type) && onDevices(other.type)
    const device = same ? sourceDevices.find((each) => other.source.devices.includes(each)) : undefined
    const folder = path !== undefined && other.path !== null && [type, other.type].every(ownsFolder)
      && samePlace(other.path, path)
    const taken = folder ? `path ${path}` : device && `device ${device}`
    if (taken !== undefined) throw new BayError('exists', `the pool ${other.name} has the ${taken} already`, { hints: [sh`bay pool show ${other.name}`] })
  }
}

/**
 * What can be seen of the devices before anything is made: of machines on every host, of the system only where it is our own.
 * Whether a device is blank is seen by libvirt, when something is to be made there.
 * @throws BayError `wrong-state` for one that is in use; UsageError for one that is none
 */
export function refuseUsedDevices(connection: Connection, { spec: { type, path, sourceDevices = [] }, build }: NewPool): void {
  if (!onDevices(type) || sourceDevices.length === 0) return
  const machines = machineUses(connection, { running: false })
  for (const device of sourceDevices) {
    const users = machines.filter(({ files }) => files.has(device)).map((machine) => machine.name)
    if (users.length > 0) throw new BayError('wrong-state', `machines have ${device} as a disk: ${users.join(', ')}`, { hints: users.slice(0, 1).map((user) => sh`bay vm show ${user}`) })
  }
  if (!isOwnHost(connection)) return
  for (const device of sourceDevices) lookAt(device, { type, path, making: build !== undefined })
}

function lookAt(device: string, { type, path, making }: { type: string, path: string | undefined, making: boolean }): void {
  const kind = deviceKind(device)
  if (kind === 'missing') throw new UsageError(`there is no ${device} on this host`, 'lsblk lists the block devices')
  if (kind === 'other') throw new UsageError(`${device} is no block device`, ...type === 'fs' ? ['a folder is a pool of type dir: --path DIR'] : ['lsblk lists the block devices'])
  const elsewhere = (use: DeviceUse) => type === 'fs' && 'mounted' in use && use.mounted !== path
  const [use] = usesOfDevice(device).filter((each) => making || elsewhere(each))
  if (use) {
    throw new BayError('wrong-state', `${device} is in use: ${told(use)}`, {
      hints: ['lsblk shows by whom', ...'mounted' in use ? [`umount ${use.mounted}`] : []],
    })
  }
}

function told(use: DeviceUse): string {
  if ('mounted' in use) return `mounted at ${use.mounted}`
  return 'swap' in use ? 'the system swaps to it' : `${use.held} is on it`
}

function samePlace(a: string, b: string): boolean {
  return posix.normalize(`${a}/`) === posix.normalize(`${b}/`)
}

/** The others' paths are folders of devices, which several pools share. */
function ownsFolder(type: string): boolean {
  return ['dir', 'fs', 'netfs'].includes(type)
}

function onDevices(type: string): boolean {
  return poolTypeTable[type]?.onDevices === true
}
