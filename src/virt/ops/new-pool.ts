import { posix } from 'node:path'
import { UsageError } from '../../errors.js'
import type { PoolSpec } from '../../xml/pool.js'

/** What the user said of a pool that is to be made. */
export interface PoolRequest {
  name: string
  type: string
  path?: string
  sourceHost?: string
  sourceDir?: string
  sourceDevice?: string
  sourceName?: string
  initiator?: string
  format?: string
}

type Need = Exclude<keyof PoolRequest, 'name' | 'type'>

interface PoolType {
  needs: readonly Need[]
  allows?: readonly Need[]
  /** where its volumes appear, when nothing is said */
  path?: (request: PoolRequest) => string
}

/** The types that can be made here, and what each takes: https://libvirt.org/storage.html */
const types: Readonly<Record<string, PoolType>> = {
  'dir': { needs: ['path'] },
  'fs': { needs: ['path', 'sourceDevice'], allows: ['format'] },
  'netfs': { needs: ['path', 'sourceHost', 'sourceDir'], allows: ['format'] },
  'logical': { needs: ['sourceName'], allows: ['path', 'sourceDevice'], path: ({ sourceName }) => `/dev/${sourceName}` },
  'disk': { needs: ['sourceDevice'], allows: ['path', 'format'], path: () => '/dev' },
  'iscsi': { needs: ['sourceHost', 'sourceDevice'], allows: ['path'], path: () => '/dev/disk/by-path' },
  'iscsi-direct': { needs: ['sourceHost', 'sourceDevice', 'initiator'] },
  'zfs': { needs: ['sourceName'] },
  'rbd': { needs: ['sourceHost', 'sourceName'] },
  'gluster': { needs: ['sourceHost', 'sourceName'], allows: ['sourceDir'] },
}

export const poolTypes = Object.keys(types)

/**
 * A request as libvirt takes it.
 * @throws UsageError for a flag that the type needs or does not have, and for a path that is not absolute
 */
export function poolSpec(request: PoolRequest): PoolSpec {
  const type = types[request.type]
  if (!type) throw new UsageError(`pools of type ${request.type} cannot be made here`, `types: ${poolTypes.join(', ')}`, 'bay pool define FILE takes every type')
  checkFields(request, type)
  const { sourceDevice, path: given = type.path?.(request), ...rest } = request
  return {
    ...rest, ...(given === undefined ? {} : { path: absolute(given) }),
    ...(sourceDevice === undefined ? {} : { sourceDevices: [sourceDevice] }),
  }
}

function checkFields(request: PoolRequest, { needs, allows = [] }: PoolType): void {
  for (const need of needs) {
    if (!request[need]) throw new UsageError(`a pool of type ${request.type} needs ${flags[need]}`, `for example ${flags[need]} ${examples[need]}`)
  }
  for (const field of Object.keys(flags).filter((each) => isNeed(each))) {
    if (request[field] !== undefined && ![...needs, ...allows].includes(field)) {
      throw new UsageError(`a pool of type ${request.type} has no ${flags[field]}`, `it takes ${[...needs, ...allows].map((each) => flags[each]).join(', ')}`)
    }
  }
}

/** Without the parts that lead nowhere, so that one folder has one path. */
function absolute(path: string): string {
  if (!path.startsWith('/')) throw new UsageError(`--path "${path}" is not absolute`, `for example --path ${posix.join('/var/lib/libvirt', path)}`)
  return posix.normalize(path).replace(/(?<=.)\/+$/, '')
}

const flags: Readonly<Record<Need, string>> = {
  path: '--path', sourceHost: '--source-host', sourceDir: '--source-dir', sourceDevice: '--source-device',
  sourceName: '--source-name', initiator: '--initiator', format: '--format',
}

const examples: Readonly<Record<Need, string>> = {
  path: '/srv/vms', sourceHost: 'nas.example.org', sourceDir: '/export/vms', sourceDevice: '/dev/sdb1',
  sourceName: 'vg0', initiator: 'iqn.2024-01.org.example:client', format: 'auto',
}

function isNeed(field: string): field is Need {
  return Object.hasOwn(flags, field)
}
