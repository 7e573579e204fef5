import { execFile } from 'node:child_process'
import { BayError } from '../errors.js'

/** One call of iproute2: never a shell, so that a name is an argument and nothing else. */
export interface IpCall {
  program: 'ip' | 'bridge'
  args: readonly string[]
}

/** iproute2 refused: `reason` is what it, or the kernel, said. */
export class IpError extends BayError {
  readonly reason: string

  constructor({ program, args }: IpCall, reason: string) {
    const denied = /not permitted|Permission denied/i.test(reason)
    super(denied ? 'not-allowed' : 'failed', `${program} ${args.join(' ')}: ${reason}`, {
      hints: denied ? ['bridges are changed by root: sudo bay …'] : /not supported/i.test(reason) ? ['this system\'s kernel cannot do that'] : [],
    })
    this.reason = reason
  }
}

/** What the call printed. @throws IpError; BayError when there is no iproute2 */
export function run(call: IpCall): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(call.program, call.args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else if (error.code === 'ENOENT') reject(missing(call.program))
      else reject(new IpError(call, reasonIn(stderr) || error.message))
    })
  })
}

/** What `ip -json …` says, as a list. */
export async function ask(...args: string[]): Promise<unknown[]> {
  const text = await run({ program: 'ip', args: ['-json', ...args] })
  return text.trim() === '' ? [] : JSON.parse(text) as unknown[]
}

/** The call as it would be typed; what iproute2 names has no blanks. */
export function typed({ program, args }: IpCall): string {
  return [program, ...args].join(' ')
}

/** The user's PATH may be without the folders of the system's programs. */
export function systemEnvironment(): NodeJS.ProcessEnv {
  return { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`, LC_ALL: 'C' }
}

/** In a group of its own Ctrl-C does not reach it. */
const options = {
  env: systemEnvironment(),
  timeout: 20_000, maxBuffer: 64 << 20, detached: true,
}

function missing(program: string): BayError {
  return new BayError('failed', `there is no program ${program}`, { hints: ['apt install iproute2', 'dnf install iproute'] })
}

/** Its first line says it; `RTNETLINK answers:` says nothing to anybody. */
function reasonIn(stderr: string): string {
  return (stderr.trim().split('\n')[0] ?? '').replace(/^(RTNETLINK answers|Error): /, '').replace(/\.$/, '')
}
