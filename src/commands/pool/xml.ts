import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base.js'
import { find } from '../../find.js'
import { nameArg } from '../../flags.js'
import { storedXml } from '../../virt/ops/define.js'

export default class PoolXml extends BaseCommand<typeof PoolXml> {
  static override summary = 'Print a storage pool\'s XML'
  static override description = 'libvirt\'s own description of it: as it runs, or with --inactive as it will start next.'

  static override examples = [
    '<%= config.bin %> pool xml default',
    '<%= config.bin %> pool xml --inactive default > default.xml',
  ]

  static override args = nameArg('pool')
  static override flags = { inactive: Flags.boolean({ description: 'as it is stored, not as it runs' }) }

  async run(): Promise<string> {
    using pool = find.pool(await this.look(), this.args.name)
    return await this.showText(this.flags.inactive ? storedXml(pool) ?? pool.xml() : pool.xml())
  }
}
