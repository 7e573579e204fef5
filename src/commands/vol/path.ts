import { BaseCommand } from '../../base.js'
import { findVolume } from '../../find.js'
import { volumeArg } from '../../flags.js'

export default class VolPath extends BaseCommand<typeof VolPath> {
  static override summary = 'Print a storage volume\'s path on its host'
  static override description = 'For scripts: the path and nothing else.'

  static override examples = [
    '<%= config.bin %> vol path default/web-1.qcow2',
    'qemu-img info "$(<%= config.bin %> vol path default/web-1.qcow2)"',
  ]

  static override args = volumeArg

  async run(): Promise<{ pool: string, name: string, path: string }> {
    using found = findVolume(await this.look(), this.args.name)
    const path = found.volume.path()
    return await this.showValue({ pool: found.pool, name: found.name, path }, `${path}\n`)
  }
}
