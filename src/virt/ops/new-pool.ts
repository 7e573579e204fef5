import { posix } from 'node:path'
import { UsageError } from '../../errors.js'
import type { PoolAuth, PoolSpec } from '../../xml/pool.js'
import { poolFields, poolTypeTable, poolTypes, type PoolField } from './pool-types.js'
import { absolute, checkDevice, checkPoolName, parseHost } from './pool-values.js'

/** What the user said of a pool that is to be made. */
export interface PoolRequest {
  name: string
  type: string
  path?: string
  sourceHost?: readonly string[]
  sourceDir?: string
  sourceDevice?: readonly string[]
  sourceName?: string
  initiator?: string
  format?: string
  authUser?: string
  authSecret?: string
  /** make what is not there yet, or make it whatever is there */
  build?: 'keep' | 'overwrite'
}

/** A pool, and what may be made on its devices. */
export interface NewPool {
  spec: PoolSpec
  build: PoolRequest['build']
}

/**
 * A request as libvirt takes it.
 * @throws UsageError for a flag that the type needs or does not have, and for values that the type cannot have
 */
export function newPool(request: PoolRequest): NewPool {
  const { type } = request
  checkFields(request)
  checkBuild(request)
  const { sourceDevice, sourceHost, authUser: _user, authSecret: _secret, build, ...rest } = request
  const path = request.path ?? poolTypeTable[type]?.path?.(request.sourceName ?? '')
  const format = request.format ?? (type === 'disk' ? 'gpt' : undefined)
  const auth = authOf(request)
  return {
    build,
    spec: {
      ...rest, ...(path === undefined ? {} : { path: absolute('--path', path) }),
      ...(sourceDevice === undefined ? {} : { sourceDevices: sourceDevice.map((each) => checkDevice(type, each)) }),
      ...(sourceHost === undefined ? {} : { sourceHosts: sourceHost.map(parseHost) }),
      ...(request.sourceName === undefined ? {} : { sourceName: checkPoolName(type, request.sourceName) }),
      ...(request.sourceDir === undefined ? {} : { sourceDir: checkFolder(request) }),
      ...(format === undefined ? {} : { format }), ...(auth === undefined ? {} : { auth }),
    },
  }
}

function checkFields(request: PoolRequest): void {
  const type = poolTypeTable[request.type]
  if (!type) throw new UsageError(`pools of type ${request.type} cannot be made here`, `types: ${poolTypes.join(', ')}`, 'bay pool define FILE takes every type')
  const { needs, allows = [], several = [], formats = [] } = type
  for (const need of needs) {
    const { flag, says, example } = poolFields[need]
    if (!said(request, need)) throw new UsageError(`a pool of type ${request.type} needs ${flag}: ${says}`, `for example ${flag} ${exampleOf(request.type, need) ?? example}`)
  }
  for (const field of Object.keys(poolFields).filter((each) => isField(each))) {
    const { flag } = poolFields[field]
    const given = request[field]
    if (given === undefined) continue
    if (![...needs, ...allows].includes(field)) {
      throw new UsageError(`a pool of type ${request.type} has no ${flag}`, `it takes ${[...needs, ...allows].map((each) => poolFields[each].flag).join(', ')}`)
    }
    if (Array.isArray(given) && given.length > 1 && !several.includes(field)) throw new UsageError(`a pool of type ${request.type} has only one ${flag}`)
  }
  if (request.format !== undefined && !formats.includes(request.format)) {
    throw new UsageError(`a pool of type ${request.type} has no format "${request.format}"`, `formats: ${formats.join(', ')}`)
  }
}

function checkBuild({ type, build, format, sourceDevice }: PoolRequest): void {
  if (build === undefined) return
  const { builds, overwrites } = poolTypeTable[type] ?? {}
  const flag = build === 'keep' ? '--build' : '--overwrite'
  if (builds === undefined || (build === 'overwrite' && !overwrites)) {
    const types = poolTypes.filter((each) => poolTypeTable[each]?.[build === 'keep' ? 'builds' : 'overwrites'])
    throw new UsageError(`a pool of type ${type} has no ${flag}`, `it is for ${types.join(', ')}`)
  }
  if (!sourceDevice?.length) throw new UsageError(`${flag} needs --source-device: where to make ${builds}`, 'for example --source-device /dev/sdb')
  if (type === 'fs' && (format === undefined || format === 'auto')) {
    throw new UsageError(`${flag} needs --format: which file system to make`, 'for example --format ext4 or --format xfs')
  }
}

/** @throws UsageError when only one half is said */
function authOf({ type, authUser: user, authSecret: secret }: PoolRequest): PoolAuth | undefined {
  if (user === undefined && secret === undefined) return undefined
  if (user === undefined) throw new UsageError('--auth-secret needs --auth-user: who the host is for the server')
  if (secret === undefined) throw new UsageError('--auth-user needs --auth-secret: which of libvirt\'s secrets has the password', 'virsh secret-list')
  return { type: poolTypeTable[type]?.auth ?? 'chap', user, secret: uuidShape.test(secret) ? { uuid: secret } : { usage: secret } }
}

const uuidShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A share of CIFS is a name; the others are folders. */
function checkFolder({ type, format, sourceDir: folder = '' }: PoolRequest): string {
  if (type === 'netfs' && format !== 'cifs') return absolute('--source-dir', folder)
  return posix.normalize(folder).replace(/(?<=.)\/+$/, '')
}

function said(request: PoolRequest, field: PoolField): boolean {
  return request[field] !== undefined && request[field].length > 0
}

/** Where the general example would mislead. */
function exampleOf(type: string, field: PoolField): string | undefined {
  if (field === 'sourceDevice' && type.startsWith('iscsi')) return 'iqn.2024-01.org.example:disks'
  if (field === 'sourceName') return { zfs: 'tank/vms', rbd: 'vms', gluster: 'vms' }[type]
  return undefined
}

function isField(field: string): field is PoolField {
  return Object.hasOwn(poolFields, field)
}
