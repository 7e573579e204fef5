import * as Flags from '@oclif/core/flags'
import type { PoolRequest } from './virt/ops/new-pool.js'
import { poolTypes } from './virt/ops/pool-types.js'

/** What a pool is made of. The other names are those that virsh has for them. */
export const poolSourceFlags = {
  'path': Flags.string({ aliases: ['target'], helpValue: 'DIR', description: 'where its volumes are on the host; an absolute path' }),
  'type': Flags.option({ options: poolTypes, default: 'dir', helpValue: poolTypes.join('|'), description: 'what it is made of' })(),
  'source-host': Flags.string({
    multiple: true, multipleNonGreedy: true, helpValue: 'HOST[:PORT]', description: 'the server that has the storage; repeatable for rbd',
  }),
  'source-dir': Flags.string({ aliases: ['source-path'], helpValue: 'DIR', description: 'the folder on that server' }),
  'source-device': Flags.string({
    aliases: ['source-dev'], multiple: true, multipleNonGreedy: true, helpValue: 'DEVICE',
    description: 'the disk, partition or iSCSI target; repeatable for logical and zfs',
  }),
  'source-name': Flags.string({ helpValue: 'NAME', description: 'the volume group, dataset, RBD pool or Gluster volume' }),
  'format': Flags.string({ aliases: ['source-format'], helpValue: 'FORMAT', description: 'the format of the source, such as nfs, xfs or gpt' }),
  'initiator': Flags.string({ aliases: ['source-initiator'], helpValue: 'IQN', description: 'the iSCSI name of the host, for iscsi and iscsi-direct' }),
  'auth-user': Flags.string({ aliases: ['auth-username'], helpValue: 'USER', description: 'who the host is for the server, for iscsi, iscsi-direct and rbd' }),
  'auth-secret': Flags.string({ helpValue: 'SECRET', description: 'the secret of libvirt\'s with the password, by its UUID or by what it is for' }),
  'build': Flags.boolean({ description: 'make what the pool needs on its devices, unless it is there; refused where anything else is' }),
  'overwrite': Flags.boolean({ description: 'make it whatever is on the devices, which is lost', exclusive: ['build'] }),
}

interface Given {
  'type': string
  'path'?: string | undefined
  'source-host'?: string[] | undefined
  'source-dir'?: string | undefined
  'source-device'?: string[] | undefined
  'source-name'?: string | undefined
  'format'?: string | undefined
  'initiator'?: string | undefined
  'auth-user'?: string | undefined
  'auth-secret'?: string | undefined
  'build': boolean
  'overwrite': boolean
}

export function poolSource(flags: Given): Omit<PoolRequest, 'name'> {
  return {
    type: flags.type, build: flags.overwrite ? 'overwrite' : flags.build ? 'keep' : undefined,
    path: flags.path, sourceHost: flags['source-host'], sourceDir: flags['source-dir'], sourceDevice: flags['source-device'],
    sourceName: flags['source-name'], initiator: flags.initiator, format: flags.format,
    authUser: flags['auth-user'], authSecret: flags['auth-secret'],
  }
}
