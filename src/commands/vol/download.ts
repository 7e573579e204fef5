import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../base.js'
import { checksumFlag, parseChecksum } from '../../checksum-flag.js'
import { UsageError } from '../../errors.js'
import { findVolume } from '../../find.js'
import { volumeArg } from '../../flags.js'
import { writeOut } from '../../output/streams.js'
import { Transfer } from '../../output/transfer.js'
import { downloadToFile, downloadToStream, writersOf, type Downloaded } from '../../virt/ops/download-volume.js'
import { interruptible } from '../../virt/ops/interrupt.js'

export default class VolDownload extends BaseCommand<typeof VolDownload> {
  static override summary = 'Copy a storage volume into a file'
  static override description = 'Through libvirt, from a remote host too; holes stay holes. The file has its name once it is whole, and only its owner can '
    + 'read it. With --resume a run that is cut leaves FILE.part, and the next one goes on there, if the volume is still the same.'

  static override examples = [
    '<%= config.bin %> vol download default/web-1.qcow2 web-1.qcow2',
    '<%= config.bin %> vol download default/data.img data.img --resume --checksum sha256',
    '<%= config.bin %> vol download default/data.img - | gzip > data.img.gz',
  ]

  static override args = { ...volumeArg, file: Args.string({ required: true, description: 'the file; - for standard output' }) }
  static override flags = {
    overwrite: Flags.boolean({ description: 'replace the file that is there' }),
    resume: Flags.boolean({ description: 'go on with what an earlier run left, and leave what this one has' }),
    checksum: checksumFlag,
  }

  async run(): Promise<Downloaded & { changed: true }> {
    const { overwrite, resume, quiet } = this.flags
    const { file: path } = this.args
    const wanted = parseChecksum(this.flags.checksum)
    if (path === '-' && (overwrite || resume)) throw new UsageError('--overwrite and --resume are for files, not for standard output')
    if (path === '-' && this.structured) throw new UsageError('standard output takes the volume, and not the result too', 'leave out -o, or give a file')
    const host = await this.change()
    using found = findVolume(host, this.args.name)
    const writers = writersOf(host, found.pool, found.volume)
    if (writers.length > 0) this.note(`bay: ${writers.join(', ')} may write to it meanwhile, so the copy may be inconsistent; bay vm suspend stops that`)
    using report = new Transfer({ quiet })
    report.step(`downloading ${this.args.name}`)
    const download = { name: this.args.name, pool: found.pool, volume: found.volume, ...wanted }
    const done = await interruptible((signal) => {
      const moved = (at: number, total: number | null) => report.moved(at, total)
      const options = { signal, moved, note: (text: string) => report.note(text) }
      return path === '-' ? downloadToStream(download, writeOut, options) : downloadToFile(download, { path, overwrite, resume }, options)
    }, (how) => ({ message: resume ? `${how}; what has come stays in ${path}.part, and --resume goes on there` : `${how}; nothing stays` }))
    report[Symbol.dispose]()
    const { said, ...rest } = done
    const result = { action: 'download', kind: 'vol', name: this.args.name, changed: true as const, path: path === '-' ? null : path, ...rest }
    if (path === '-') this.note(`vol ${this.args.name}: ${said}`)
    else await this.showValue(result, `vol ${this.args.name}: ${said}\n`)
    return { ...result, said }
  }
}
