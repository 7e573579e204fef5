import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base.js'
import { find } from '../../find.js'
import { nameArg } from '../../flags.js'
import { storedXml } from '../../virt/ops/define.js'

export default class NetXml extends BaseCommand<typeof NetXml> {
  static override summary = 'Print a network\'s XML'
  static override description = 'libvirt\'s own description of it: as it runs, or with --inactive as it will start next.'

  static override examples = [
    '<%= config.bin %> net xml lab',
    '<%= config.bin %> net xml --inactive lab > lab.xml',
  ]

  static override args = nameArg('net')
  static override flags = { inactive: Flags.boolean({ description: 'as it is stored, not as it runs' }) }

  async run(): Promise<string> {
    using network = find.net(await this.look(), this.args.name)
    return await this.showText(this.flags.inactive ? storedXml(network) ?? network.xml() : network.xml())
  }
}
