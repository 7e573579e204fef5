import { BaseCommand } from '../../base.js'
import { find } from '../../find.js'
import { nameArg } from '../../flags.js'

export default class FilterXml extends BaseCommand<typeof FilterXml> {
  static override summary = 'Print a network filter\'s XML'
  static override description = 'libvirt\'s own description of it, which filter define takes.'

  static override examples = [
    '<%= config.bin %> filter xml clean-traffic',
    '<%= config.bin %> filter xml web > web.xml',
  ]

  static override args = nameArg('filter')

  async run(): Promise<string> {
    using filter = find.filter(await this.look(), this.args.name)
    return await this.showText(filter.xml())
  }
}
