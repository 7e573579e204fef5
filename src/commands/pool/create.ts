import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { BayError } from '../../errors.js'
import { namesOf } from '../../find.js'
import { bringUpFlags, changeFlags, ifMissingFlag, nameArg } from '../../flags.js'
import { checkName } from '../../names.js'
import { createPool } from '../../virt/ops/create-pool.js'
import { poolSpec, poolTypes } from '../../virt/ops/new-pool.js'

export default class PoolCreate extends ActionCommand<typeof PoolCreate> {
  static override summary = 'Create a storage pool'
  static override description = 'A folder for volumes, made when it is not there, unless --type says otherwise. Defines the pool, starts it and '
    + 'sets it to start with its host; when a step fails, nothing stays. What other types need must be there: no disk is formatted.'

  static override examples = [
    '<%= config.bin %> pool create vms --path /srv/vms',
    '<%= config.bin %> pool create shared --type netfs --path /srv/shared --source-host nas --source-dir /export/vms --format nfs',
    '<%= config.bin %> pool create fast --type logical --source-name vg0 --if-missing',
  ]

  static override args = nameArg('pool')
  static override flags = {
    ...changeFlags, ...bringUpFlags,
    'path': Flags.string({ helpValue: 'DIR', description: 'where its volumes are on the host; an absolute path' }),
    'type': Flags.option({ options: poolTypes, default: 'dir', helpValue: poolTypes.join('|'), description: 'what it is made of' })(),
    'source-host': Flags.string({ helpValue: 'HOST', description: 'the server that has the storage' }),
    'source-dir': Flags.string({ helpValue: 'DIR', description: 'the folder on that server' }),
    'source-device': Flags.string({ helpValue: 'DEVICE', description: 'the disk, partition or iSCSI target' }),
    'source-name': Flags.string({ helpValue: 'NAME', description: 'the volume group, dataset, RBD pool or Gluster volume' }),
    'initiator': Flags.string({ helpValue: 'IQN', description: 'the iSCSI name of the host, for iscsi-direct' }),
    'format': Flags.string({ helpValue: 'FORMAT', description: 'the format of the source, such as nfs, xfs or gpt' }),
    'if-missing': ifMissingFlag,
  }

  async run(): Promise<ActionResult> {
    const { flags } = this
    const spec = poolSpec({
      name: checkName('pool', this.args.name), type: flags.type, path: flags.path, sourceHost: flags['source-host'], sourceDir: flags['source-dir'],
      sourceDevice: flags['source-device'], sourceName: flags['source-name'], initiator: flags.initiator, format: flags.format,
    })
    const options = { autostart: flags.autostart, start: !flags['no-start'], dryRun: this.dryRun }
    return this.actOnOne({ action: 'create', kind: 'pool' }, spec.name, async (name, host) => {
      if (!namesOf.pool(host).includes(name)) return { ...await createPool(host, spec, options) }
      if (flags['if-missing']) return { changed: false, said: 'exists already' }
      throw new BayError('exists', `there is a pool ${name} already`, { hints: [`bay pool show ${name}`, 'give another name, or --if-missing'] })
    })
  }
}
