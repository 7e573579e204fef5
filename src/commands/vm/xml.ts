import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base.js'
import { find } from '../../find.js'
import { nameArg } from '../../flags.js'
import { domainXml } from '../../virt/flags.js'

export default class VmXml extends BaseCommand<typeof VmXml> {
  static override summary = 'Print a virtual machine\'s XML'
  static override description = 'libvirt\'s own description of it: as it runs, or with --inactive as it will start next. Without passwords.'

  static override examples = [
    '<%= config.bin %> vm xml web-1',
    '<%= config.bin %> vm xml --inactive web-1 > web-1.xml',
  ]

  static override args = nameArg('vm')
  static override flags = { inactive: Flags.boolean({ description: 'as it is stored, not as it runs' }) }

  async run(): Promise<string> {
    using domain = find.vm(await this.look(), this.args.name)
    return await this.showText(domain.xml(this.flags.inactive ? domainXml.inactive : 0))
  }
}
