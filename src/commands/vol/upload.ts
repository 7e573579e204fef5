import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { checksumFlag, parseChecksum } from '../../checksum-flag.js'
import { findRunningPool, parseVolumeName } from '../../find.js'
import { changeFlags, ifMissingFlag, sizeFlag } from '../../flags.js'
import { inputBytes } from '../../input-file.js'
import { checkName } from '../../names.js'
import { resumeUpload } from '../../virt/ops/resume-upload.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { fileSource, streamSource } from '../../virt/ops/upload-source.js'
import { uploadVolume } from '../../virt/ops/upload-volume.js'

export default class VolUpload extends ActionCommand<typeof VolUpload> {
  static override summary = 'Make a storage volume from a file'
  static override description = 'The file is read here and sent through libvirt, to a remote host too; holes stay holes. Its format is known by its first '
    + 'bytes. A failure or Ctrl-C leaves no volume. --overwrite deletes the volume of that name first, and only if no machine and no layer needs it.'

  static override examples = [
    '<%= config.bin %> vol upload disk.qcow2 default/web-1.qcow2',
    '<%= config.bin %> vol upload data.img default/data.img --size 40G --checksum sha256',
    'zcat disk.img.gz | <%= config.bin %> vol upload - default/disk.img --overwrite',
  ]

  static override args = {
    file: Args.string({ required: true, description: 'the file, raw or qcow2; - for standard input' }),
    name: Args.string({ required: true, description: 'the new volume, as POOL/NAME' }),
  }

  static override flags = {
    ...changeFlags,
    'format': Flags.option({ options: ['raw'] as const, description: 'store the bytes as they are, whatever they look like' })(),
    'size': sizeFlag({ helpValue: 'SIZE', description: 'make a raw volume larger than what is in it' }),
    'checksum': checksumFlag,
    'overwrite': Flags.boolean({ description: 'delete the volume of that name first, if nothing needs it', exclusive: ['if-missing'] }),
    'resume': Flags.boolean({
      description: 'of a raw file: leave what has arrived when it is cut, and go on there the next time', exclusive: ['if-missing', 'overwrite'],
    }),
    'if-missing': ifMissingFlag,
  }

  async run(): Promise<ActionResult> {
    const { format, size, overwrite, resume, 'if-missing': keep } = this.flags
    const { pool: poolName, name } = parseVolumeName(this.args.name)
    const existing = overwrite ? 'overwrite' : keep ? 'keep' : 'fail'
    checkName('vol', name)
    const { sum, expected } = parseChecksum(this.flags.checksum)
    return this.actOnOne({ action: 'upload', kind: 'vol' }, this.args.name, (_, host) => interruptible(async (signal) => {
      using pool = findRunningPool(host, poolName)
      using report = this.transfer('')
      report.step(`reading ${this.args.file === '-' ? 'standard input' : this.args.file}`)
      await using source = this.args.file === '-'
        ? await streamSource(inputBytes(), format, { sum })
        : await fileSource(this.args.file, format, { sum, expected }, signal)
      report.step(`uploading to ${this.args.name}`)
      const moved = (done: number, total: number | null) => report.moved(done, total)
      const options = { signal, moved, dryRun: this.dryRun }
      return { ...await (resume ? resumeUpload : uploadVolume)(host, pool, { name, size, existing, expected }, source, options) }
    }))
  }
}
