import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { ActionCommand, type ActionResult } from '../../action.js'
import { UsageError } from '../../errors.js'
import { find } from '../../find.js'
import { changeFlags, nameArg, timeoutFlag } from '../../flags.js'
import { localContent } from '../../local-content.js'
import { withDeadline } from '../../virt/ops/deadline.js'
import { mustHaveAgent } from '../../virt/ops/agent.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { pushFile, refuseRelative } from '../../virt/ops/push-file.js'

export default class VmPush extends ActionCommand<typeof VmPush> {
  static override summary = 'Copy a file into a virtual machine, by its guest agent'
  static override description = 'Needs neither network nor password. The file is there whole or not at all; one that is replaced keeps its owner and mode.'
  static override examples = [
    '<%= config.bin %> vm push web-1 nginx.conf /etc/nginx/nginx.conf',
    '<%= config.bin %> vm push web-1 setup.sh /root/ --mode 700',
    'tar -c site | <%= config.bin %> vm push web-1 - /tmp/site.tar',
  ]

  static override args = {
    ...nameArg('vm'),
    local: Args.string({ required: true, ignoreStdin: true, description: 'the file here; - for standard input' }),
    remote: Args.string({ required: true, ignoreStdin: true, description: 'the file in the guest, or a directory for it' }),
  }

  static override flags = {
    ...changeFlags,
    'mode': Flags.string({ helpValue: 'OCTAL', description: 'its permissions, such as 600 (default: those of the replaced file, else of the local one)' }),
    'verify': Flags.boolean({ description: 'compare checksums before it is put in its place; needs sha256sum in the guest' }),
    'in-place': Flags.boolean({ description: 'write straight into the file: for guests without mktemp and mv, such as Windows', exclusive: ['mode', 'verify'] }),
    'timeout': timeoutFlag,
  }

  async run(): Promise<ActionResult> {
    const { args: { local, remote }, flags } = this
    const mode = flags.mode === undefined ? undefined : octal(flags.mode)
    refuseRelative(remote)
    const content = await localContent(local)
    return this.actOnOne({ action: 'push', kind: 'vm' }, this.args.name, async (name, host) => {
      using domain = find.vm(host, name)
      if (this.dryRun) {
        mustHaveAgent(domain)
        return { changed: true, said: `would copy ${local} to ${remote}`, local, remote, bytes: content.size, sha256: content.sha256 }
      }
      using transfer = this.transfer('')
      transfer.step(`copying to ${remote}`)
      const push = (signal: AbortSignal) => pushFile(domain, {
        ...content, content: content.bytes(), path: remote, mode, newMode: content.mode, inPlace: flags['in-place'], verify: flags.verify,
        signal,
        moved: (done) => transfer.moved(done, content.size),
      })
      const { path, changed, ...about } = await interruptible((stopped) => withDeadline(flags.timeout, stopped, push))
      return { changed, said: changed ? `${path} written (${about.bytes} bytes)` : `${path} is so already`, local, remote: path, ...about }
    })
  }
}

function octal(text: string): number {
  if (!/^[0-7]{3,4}$/.test(text)) throw new UsageError(`--mode "${text}" is no mode`, 'three or four octal digits, such as 644')
  return Number.parseInt(text, 8)
}
