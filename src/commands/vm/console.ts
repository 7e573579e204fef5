import { BaseCommand } from '../../base.js'
import { consoleFlags, consoleSteps } from '../../console-flags.js'
import { typeInto } from '../../console-keys.js'
import { BayError, UsageError } from '../../errors.js'
import { find } from '../../find.js'
import { nameArg } from '../../flags.js'
import { guestText } from '../../output/guest-output.js'
import { PlainStream } from '../../output/plain-stream.js'
import { RawTerminal } from '../../output/raw-terminal.js'
import { isReaderGone, writeOut } from '../../output/streams.js'
import { ConsoleInput } from '../../virt/ops/console-input.js'
import { ConsoleSteps } from '../../virt/ops/console-steps.js'
import { interruptible } from '../../virt/ops/interrupt.js'
import { openConsole } from '../../virt/ops/open-console.js'
import { talkOn, type TalkEnd } from '../../virt/ops/talk.js'

interface Heard { name: string, ended: TalkEnd, output: string, encoding: 'utf8' | 'base64' }

export default class VmConsole extends BaseCommand<typeof VmConsole> {
  static override summary = 'Use the serial console of a virtual machine'
  static override description = 'On a terminal every key goes to the guest; Ctrl-] leaves. In a pipe what comes on standard input is typed. With --until and '
    + '--send it is a script: the steps are taken in their order, and then it ends. What the guest prints is passed on as it is.'

  static override examples = [
    '<%= config.bin %> vm console web-1',
    "<%= config.bin %> vm console web-1 --until 'login:' --timeout 60s",
    "<%= config.bin %> vm console web-1 --send '\\n' --until 'login: ' --send 'root\\n' --until '# $' --timeout 30s",
    '<%= config.bin %> vm console web-1 --plain < /dev/null > boot.log',
  ]

  static override args = nameArg('vm')
  static override flags = consoleFlags

  async run(): Promise<Heard> {
    const { raw } = await this.parse(VmConsole)
    const steps = new ConsoleSteps(consoleSteps(raw))
    if (this.structured && steps.over && this.flags.timeout === undefined) throw new UsageError('nothing says when to end', 'give --until REGEX or --timeout TIME')
    const host = await this.change()
    using domain = find.vm(host, this.args.name)
    using stream = openConsole(domain, this.flags)
    const input = new ConsoleInput()
    const { said, output } = this.#listener()
    const isScript = !steps.over
    if (!isScript && process.stdin.isTTY) this.note(`connected to ${this.args.name}; Ctrl-] leaves`)
    const ended = await interruptible(async (signal) => {
      using _terminal = isScript ? null : new RawTerminal()
      using _keys = isScript ? null : typeInto(input)
      return await talkOn(host, domain, stream, { input, steps, output, deaf: isReaderGone, timeout: this.flags.timeout, signal })
    }, (how) => ({ message: how }))
    this.#tell(ended, steps.awaited)
    const result = { name: this.args.name, ended, ...guestText(Buffer.concat(said)) }
    return this.structured ? await this.showValue(result, '') : result
  }

  /** To a program it is told at the end, in one value. */
  #listener(): { said: Buffer[], output: (bytes: Buffer) => Promise<void> } {
    const said: Buffer[] = []
    const plain = new PlainStream()
    const hear = (bytes: Buffer) => Promise.resolve(void said.push(bytes))
    const show = (bytes: Buffer) => writeOut(this.flags.plain ? plain.push(bytes) : bytes)
    return { said, output: this.structured ? hear : show }
  }

  #tell(ended: TalkEnd, awaited: RegExp | undefined): void {
    const { name } = this.args
    if (awaited && ended === 'time') throw new BayError('timeout', `the console of ${name} has not shown ${awaited.source} in time`)
    if (awaited && ended === 'off') throw new BayError('wrong-state', `${name} went off before its console showed ${awaited.source}`)
    if (ended === 'off') this.note(`\n${name} has gone off`)
    if (ended === 'left' && process.stdin.isTTY) this.note(`\nleft the console of ${name}`)
  }
}
