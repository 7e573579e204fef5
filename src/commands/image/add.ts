import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { findRunningPool } from '../../find.js'
import { changeFlags, ifMissingFlag } from '../../flags.js'
import { checkName } from '../../names.js'
import { Transfer } from '../../output/transfer.js'
import { addImage, defaultImagePool, planAddImage } from '../../virt/ops/add-image.js'
import { interruptible } from '../../virt/ops/interrupt.js'

export default class ImageAdd extends ActionCommand<typeof ImageAdd> {
  static override summary = 'Keep a disk image in a pool, for machines to be made from it'
  static override description = 'From a file here or from a URL; both become a volume of the pool, on a remote host too. vm create --image NAME '
    + 'copies it, with --linked a machine is a layer over it. A download that was cut goes on where it stopped when it is run again.'

  static override examples = [
    '<%= config.bin %> image add debian-12 debian-12-generic-amd64.qcow2',
    '<%= config.bin %> image add alma-9 https://repo.almalinux.org/almalinux/9/cloud/x86_64/images/AlmaLinux-9-GenericCloud-latest.x86_64.qcow2 '
    + '--sha256sums https://repo.almalinux.org/almalinux/9/cloud/x86_64/images/CHECKSUM',
    '<%= config.bin %> image add base disk.img --pool fast --sha256 "$(cut -c-64 disk.img.sha256)" --replace',
  ]

  static override args = {
    name: Args.string({ required: true, description: 'what to call it' }),
    source: Args.string({ required: true, description: 'the image, qcow2 or raw: a file, or a URL of http or https' }),
  }

  static override flags = {
    ...changeFlags,
    'pool': Flags.string({ helpValue: 'POOL', description: 'the pool to keep it in (default: default, or the only one that is active)' }),
    'sha256': Flags.string({ helpValue: 'HEX', description: 'the SHA-256 sum that the file must have', exclusive: ['sha256sums'] }),
    'sha256sums': Flags.string({ helpValue: 'URL|FILE', description: 'a list of SHA-256 sums that has the file\'s, by its name' }),
    'replace': Flags.boolean({ description: 'delete the image of that name first, if nothing needs it', exclusive: ['if-missing'] }),
    'if-missing': ifMissingFlag,
  }

  async run(): Promise<ActionResult> {
    const { sha256, sha256sums, replace, 'if-missing': keep, quiet } = this.flags
    const existing = replace ? 'replace' : keep ? 'keep' : 'fail'
    const add = this.dryRun ? planAddImage : addImage
    return this.actOnOne({ action: 'add', kind: 'image' }, checkName('image', this.args.name), (name, host) => interruptible(async (signal) => {
      using pool = findRunningPool(host, this.flags.pool ?? defaultImagePool(host))
      using report = new Transfer({ quiet })
      return { ...await add(host, pool, { name, existing, from: this.args.source, sha256, sha256sums }, { signal, report }) }
    }))
  }
}
