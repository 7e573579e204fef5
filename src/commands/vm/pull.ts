import * as Args from '@oclif/core/args'
import { statSync } from 'node:fs'
import { basename, join, posix } from 'node:path'
import { BaseCommand } from '../../base.js'
import { UsageError } from '../../errors.js'
import { find } from '../../find.js'
import { nameArg, timeoutFlag } from '../../flags.js'
import { escapeControl } from '../../output/escape.js'
import { writeOut } from '../../output/streams.js'
import { Transfer } from '../../output/transfer.js'
import { writeResultFile } from '../../result-file.js'
import { withDeadline } from '../../virt/ops/deadline.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { pullFile } from '../../virt/ops/pull-file.js'

interface Pulled { name: string, remote: string, path: string | null, bytes: number }

export default class VmPull extends BaseCommand<typeof VmPull> {
  static override summary = 'Copy a file out of a virtual machine, by its guest agent'
  static override description = 'Needs neither network nor password. The file here is for you alone, whole or not there, and replaces one of its name.'
  static override examples = [
    '<%= config.bin %> vm pull web-1 /var/log/syslog .',
    '<%= config.bin %> vm pull web-1 /etc/os-release -',
  ]

  static override args = {
    ...nameArg('vm'),
    remote: Args.string({ required: true, ignoreStdin: true, description: 'the file in the guest' }),
    local: Args.string({ required: true, ignoreStdin: true, description: 'the file here, or a directory for it; - for standard output' }),
  }

  static override flags = { timeout: timeoutFlag }

  async run(): Promise<Pulled> {
    const { name, remote, local } = this.args
    if (local === '-' && this.structured) throw new UsageError('standard output cannot have both the file and the result', 'give the name of a file')
    using domain = find.vm(await this.change(), name)
    const path = local === '-' ? null : isFolder(local) ? join(local, basename(posix.normalize(remote))) : local
    using transfer = new Transfer({ quiet: this.flags.quiet || path === null })
    transfer.step(`copying ${remote}`)
    let bytes = 0
    await interruptible((stopped) => withDeadline(this.flags.timeout, stopped, async (signal) => {
      const content = pullFile(domain, remote, { signal, moved: (done, total) => transfer.moved(bytes = done, total) })
      if (path !== null) return await writeResultFile(path, content, { replace: true })
      for await (const piece of content) await writeOut(piece)
    }))
    transfer[Symbol.dispose]()
    const result = { name, remote, path, bytes }
    if (path === null) return result
    return await this.showValue(result, `vm ${escapeControl(name)}: ${escapeControl(path)} written (${bytes} bytes)\n`)
  }
}

function isFolder(path: string): boolean {
  return path.endsWith('/') || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
