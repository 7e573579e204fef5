import { BaseCommand } from '../../base.js'
import { findVolume } from '../../find.js'
import { volumeArg } from '../../flags.js'

export default class VolXml extends BaseCommand<typeof VolXml> {
  static override summary = 'Print a storage volume\'s XML'
  static override description = 'libvirt\'s own description of it.'

  static override examples = [
    '<%= config.bin %> vol xml default/web-1.qcow2',
    '<%= config.bin %> vol xml default/web-1.qcow2 > web-1.xml',
  ]

  static override args = volumeArg

  async run(): Promise<string> {
    using found = findVolume(await this.look(), this.args.name)
    return await this.showText(found.volume.xml())
  }
}
