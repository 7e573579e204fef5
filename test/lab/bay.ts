import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export interface BayOptions {
  /** What LIBVIRT_DEFAULT_URI says. */
  uri?: string
  /** Added to the clean environment; HOME or XDG_* here replace the temporary ones. */
  env?: Record<string, string>
  stdin?: string
  /** A command that runs it elsewhere, such as in a network namespace. */
  inside?: readonly string[]
  /** Milliseconds until it is killed: 120,000 unless told. */
  timeout?: number
}

export interface BayResult {
  /** null when a signal ended it. */
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** What stdout holds, parsed. */
  json(): unknown
  seconds: number
}

/** A run that is still under way. */
export interface RunningBay {
  /** Sends it a signal; nothing when it has ended already. */
  kill: (signal: NodeJS.Signals) => void
  /** Resolves once it has written this on stderr. @throws when it ends without */
  says: (text: string) => Promise<void>
  /** Resolves once it has written this on stdout. @throws when it ends without */
  prints: (text: string) => Promise<void>
  done: Promise<BayResult>
}

/** BAY_BIN is another build to be tested, as the path of its run.js. */
export const program = process.env['BAY_BIN'] ?? fileURLToPath(new URL('../../bin/run.js', import.meta.url))

/** Runs the built program as a user would, with nothing of this process's environment but PATH. */
export function bay(args: string[], options: BayOptions = {}): Promise<BayResult> {
  return startBay(args, options).done
}

/** The same, for who has something to do to it meanwhile. */
export function startBay(args: string[], options: BayOptions = {}): RunningBay {
  const started = performance.now()
  const [file = '', ...words] = [...options.inside ?? [], process.execPath, program, ...args]
  const child = spawn(file, words, {
    env: bayEnvironment(options),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeout ?? 120_000,
    killSignal: 'SIGKILL',
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  // A program that ends without reading its input is no failure of the test.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.stdin ?? '')
  const done = new Promise<BayResult>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const text = Buffer.concat(stdout).toString()
      resolve({
        code, signal, stdout: text, stderr: Buffer.concat(stderr).toString(),
        json: () => JSON.parse(text) as unknown,
        seconds: (performance.now() - started) / 1000,
      })
    })
  })
  const heard = (stream: Readable, chunks: Buffer[]) => (text: string) => new Promise<void>((resolve, reject) => {
    const look = () => { if (Buffer.concat(chunks).includes(text)) resolve() }
    stream.on('data', look)
    look()
    done.then(() => reject(new Error(`bay ended without saying "${text}": ${Buffer.concat(stderr).toString()}`)), reject)
  })
  return { kill: (signal) => { child.kill(signal) }, says: heard(child.stderr, stderr), prints: heard(child.stdout, stdout), done }
}

/** The clean environment that the program is run in. */
export function bayEnvironment({ uri, env }: BayOptions): Record<string, string> {
  const home = temporaryHome()
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_RUNTIME_DIR: join(home, 'run'),
    ...(uri === undefined ? {} : { LIBVIRT_DEFAULT_URI: uri }),
    ...env,
  }
}

let home: string | undefined

// One for the whole process: what a call keeps (a journal, the embedded host), the next one finds.
function temporaryHome(): string {
  if (home === undefined) {
    const made = home = mkdtempSync(join(tmpdir(), 'bay-home-'))
    mkdirSync(join(made, 'run'), { mode: 0o700 })
    process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  }
  return home
}
