import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Outcome {
  /** null when a signal ended it. */
  code: number | null
  stdout: string
  stderr: string
}

interface Options {
  env?: Record<string, string>
  /** Milliseconds until it is killed: 60,000 unless told. */
  timeout?: number
}

/** Runs a program to its end; a failure is an outcome like any other. */
export function run(file: string, args: string[], options: Options = {}): Promise<Outcome> {
  const env = { ...process.env, ...options.env }
  return new Promise((resolve) => {
    const child = execFile(file, args, { env, timeout: options.timeout ?? 60_000, killSignal: 'SIGKILL', maxBuffer: 64 << 20 },
      (error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr: stderr || (error?.message ?? '') }))
    child.stdin?.end()
  })
}

type LabScript = 'host.sh' | 'guest.sh' | 'cloud-image.sh' | 'unpacked.sh'

/** The path of a shell script of the lab. */
export function labScript(name: LabScript): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

/** Runs a script of the lab and gives what it printed; its failure is an error that says why. */
export async function lab(name: LabScript, args: string[], options: Options = {}): Promise<string> {
  const { code, stdout, stderr } = await run('bash', [labScript(name), ...args], options)
  if (code !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr.trim() || `exit code ${code}`}`)
  return stdout.trim()
}
