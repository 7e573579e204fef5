import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { bayEnvironment, program } from '../lab/bay.js'

/** What is typed once this is on the screen. */
export type Typed = readonly [question: string, keys: string]

export const keys = { up: '\u001b[A', down: '\u001b[B', enter: '\r', interrupt: '\u0003' }

export interface Terminal {
  /** null when it was killed, for it went on waiting */
  code: number | null
  /** what was shown, without colours and without the movements of the cursor */
  screen: string
  /** the terminal's modes after it ended, as stty tells them */
  modes: string
}

interface TerminalOptions {
  uri?: string
  home?: string
  env?: Record<string, string>
  /** hears all that was shown until now, whenever there is more */
  seen?: (screen: string) => void
}

/** Bay on a terminal of its own: each answer is typed when its question is there, after the one before. */
export async function onTerminal(
  line: string, typed: readonly Typed[], { uri = 'test:///default', home, env = {}, seen }: TerminalOptions = {},
): Promise<Terminal> {
  const command = `stty cols 80 rows 24; ${process.execPath} ${program} -c ${uri} ${line}; code=$?; echo; stty -a | tr '\\n' ' '; exit $code`
  const { code, screen } = await typedAt(command, typed, { ...home === undefined ? bayEnvironment({}) : { HOME: home }, TERM: 'xterm', ...env }, seen)
  const end = screen.lastIndexOf('\nspeed ')
  return { code, screen: screen.slice(0, end), modes: screen.slice(end + 1) }
}

/** Any command line of sh on such a terminal, which script(1) makes. */
export async function typedAt(
  command: string, typed: readonly Typed[], env: Record<string, string>, seen: (screen: string) => void = () => undefined,
): Promise<Omit<Terminal, 'modes'>> {
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { PATH: process.env['PATH'] ?? '', ...env }, stdio: ['pipe', 'pipe', 'inherit'], timeout: 40_000, killSignal: 'SIGKILL',
  })
  let shown = ''
  let from = 0
  const answers = [...typed]
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
    seen(plain(shown))
    for (;;) {
      const [next] = answers
      const at = next ? plain(shown).indexOf(next[0], from) : -1
      if (!next || at < 0) return
      from = at + next[0].length
      answers.shift()
      child.stdin.write(next[1])
    }
  })
  const [code] = await once(child, 'close') as [number | null]
  return { code, screen: plain(shown) }
}

function plain(text: string): string {
  return text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|\u001b[78=>]/g, '').replaceAll('\r', '')
}
