import { ActionCommand, type ActionResult } from '../../action.js'
import { BayError } from '../../errors.js'
import { namesOf } from '../../find.js'
import { bringUpFlags, changeFlags, ifMissingFlag, nameArg } from '../../flags.js'
import { checkName } from '../../names.js'
import { poolSource, poolSourceFlags } from '../../pool-flags.js'
import { sh } from '../../shell.js'
import { createPool } from '../../virt/ops/create-pool.js'
import { newPool } from '../../virt/ops/new-pool.js'

export default class PoolCreate extends ActionCommand<typeof PoolCreate> {
  static override summary = 'Create a storage pool'
  static override description = 'A folder for volumes, made when it is not there, unless --type says otherwise. Defines the pool, starts it and '
    + 'sets it to start with its host; when a step fails, nothing stays. What is on devices is taken as it is: only --build makes a file system, '
    + 'a partition table or a volume group, and only where nothing is.'

  static override examples = [
    '<%= config.bin %> pool create vms --path /srv/vms',
    '<%= config.bin %> pool create shared --type netfs --path /srv/shared --source-host nas --source-dir /export/vms --format nfs',
    '<%= config.bin %> pool create data --type fs --path /srv/data --source-device /dev/sdb1 --format xfs --build',
    '<%= config.bin %> pool create fast --type logical --source-name vg0 --if-missing',
  ]

  static override args = nameArg('pool')
  static override flags = { ...changeFlags, ...poolSourceFlags, ...bringUpFlags, 'if-missing': ifMissingFlag }

  async run(): Promise<ActionResult> {
    const { flags } = this
    const wanted = newPool({ name: checkName('pool', this.args.name), ...poolSource(flags) })
    const { spec: { name: poolName, sourceDevices = [] } } = wanted
    const options = { autostart: flags.autostart, start: !flags['no-start'], dryRun: this.dryRun }
    return this.actOnOne({ action: 'create', kind: 'pool' }, poolName, async (name, host) => {
      const exists = namesOf.pool(host).includes(name)
      if (exists && flags['if-missing']) return { changed: false, said: 'exists already' }
      if (exists) throw new BayError('exists', `there is a pool ${name} already`, { hints: [sh`bay pool show ${name}`, 'give another name, or --if-missing'] })
      if (flags.overwrite) await this.confirm(`make the pool anew on ${sourceDevices.join(', ')}, with loss of all that is there?`)
      return { ...await createPool(host, wanted, options) }
    })
  }
}
