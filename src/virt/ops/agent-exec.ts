import { UsageError } from '../../errors.js'
import type { Domain } from '../domain.js'
import { askAgent, strange } from './agent.js'

/** A command for the guest: no shell reads it. */
export interface GuestCommand {
  path: string
  args: readonly string[]
  /** `KEY=value`; when there are any, the command gets these and no others */
  env: readonly string[]
  /** what it reads on its standard input; without, nothing */
  input?: Uint8Array
}

/** How a command in the guest ended. */
export interface GuestEnd {
  /** null when a signal ended it */
  exitCode: number | null
  /** the number of a signal, or what Windows calls an exception */
  signal: number | null
  stdout: Buffer
  stderr: Buffer
  /** whether the agent kept only the beginning */
  stdoutTruncated: boolean
  stderrTruncated: boolean
}

/** libvirt passes no text of 4 MiB or more. */
const longestRequest = 4 * 2 ** 20 - 1024

/** Starts a command in the guest: its process id there. @throws UsageError when it is too long; as `askAgent` */
export async function startInGuest(domain: Domain, { path, args, env, input }: GuestCommand, seconds: number): Promise<number> {
  const request = {
    'path': path, 'arg': args, 'capture-output': true,
    ...env.length > 0 ? { env } : {}, ...input ? { 'input-data': Buffer.from(input).toString('base64') } : {},
  }
  if (Buffer.byteLength(JSON.stringify(request)) > longestRequest) {
    throw new UsageError('the command is too long: libvirt passes on less than 4 MiB')
  }
  return processId(await askAgent(domain, 'guest-exec', request, seconds))
}

/** How a command in the guest ended; null while it runs. The agent tells it once, and then forgets it. */
export async function endInGuest(domain: Domain, pid: number, seconds: number): Promise<GuestEnd | null> {
  return readEnd(await askAgent(domain, 'guest-exec-status', { pid }, seconds))
}

/** @throws BayError `failed` for what is no process id */
export function processId(answer: unknown): number {
  const pid = property(answer, 'pid')
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 0) throw strange('a process without a number')
  return pid
}

/** @throws BayError `failed` for what is no status */
export function readEnd(answer: unknown): GuestEnd | null {
  const exited = property(answer, 'exited')
  if (typeof exited !== 'boolean') throw strange('a process that neither runs nor has ended')
  if (!exited) return null
  return {
    exitCode: numberOf(answer, 'exitcode'), signal: numberOf(answer, 'signal'),
    stdout: bytesOf(answer, 'out-data'), stderr: bytesOf(answer, 'err-data'),
    stdoutTruncated: property(answer, 'out-truncated') === true, stderrTruncated: property(answer, 'err-truncated') === true,
  }
}

function numberOf(answer: unknown, key: string): number | null {
  const value = property(answer, key) ?? null
  if (value === null) return null
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw strange(`its ${key} is no whole number`)
  return value
}

function bytesOf(answer: unknown, key: string): Buffer {
  const value = property(answer, key) ?? ''
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw strange(`its ${key} is no base64`)
  return Buffer.from(value, 'base64')
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
}
