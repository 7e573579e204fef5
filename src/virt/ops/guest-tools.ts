import { BayError } from '../../errors.js'
import type { Domain } from '../domain.js'
import type { GuestEnd } from './agent-exec.js'
import { aboutFile } from './agent-files.js'
import { execInVm } from './exec-vm.js'

/** What a file in the guest is. */
export interface GuestStat {
  kind: 'file' | 'directory' | 'other'
  /** the bits that chmod takes */
  mode: number
  size: number
  owner: string
}

const within = 60_000

/** In English, for its words are read; the agent gives a command these variables and no others. */
const env = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C']

/** Runs one of the guest's own programs. @throws BayError `failed` when it fails, in its words; as `execInVm` */
export async function runTool(domain: Domain, path: string, ...args: string[]): Promise<string> {
  const end = await execInVm(domain, { path, args, env }, { timeout: within })
  if (end.exitCode !== 0) throw new BayError('failed', `in ${domain.name()}: ${saidBy(path, end)}`)
  return end.stdout.toString().trimEnd()
}

/** null when there is no such file. @throws BayError `not-allowed`; as `runTool` */
export async function statInGuest(domain: Domain, path: string): Promise<GuestStat | null> {
  try {
    return readStat(await runTool(domain, 'stat', '-L', '-c', '%f %s %u:%g', '--', path))
  } catch (caught) {
    const error = aboutFile(caught, domain.name(), path)
    if (error instanceof BayError && error.code === 'not-found' && /^in /.test((caught as Error).message)) return null
    throw error
  }
}

const types: Record<number, GuestStat['kind']> = { 0o100000: 'file', 0o040000: 'directory' }

/** What `stat -c '%f %s %u:%g'` prints. @throws BayError `failed` for anything else */
export function readStat(text: string): GuestStat {
  const [, mode = '', size = '', owner = ''] = /^([0-9a-f]{1,8}) (\d{1,15}) (\d+:\d+)$/.exec(text) ?? []
  if (owner === '') throw new BayError('failed', 'the guest\'s stat gave no proper answer')
  const bits = Number.parseInt(mode, 16)
  return { kind: types[bits & 0o170000] ?? 'other', mode: bits & 0o7777, size: Number(size), owner }
}

/** null when the guest has no such program, or there is no such file. */
export async function sha256InGuest(domain: Domain, path: string): Promise<string | null> {
  try {
    return /^\\?([0-9a-f]{64}) /.exec(await runTool(domain, 'sha256sum', '--', path))?.[1] ?? null
  } catch (error) {
    if (error instanceof BayError && error.code === 'failed') return null
    throw error
  }
}

function saidBy(path: string, { stderr, exitCode, signal }: GuestEnd): string {
  return stderr.toString().trim().split('\n').at(-1) || `${path} ended with ${exitCode ?? `signal ${signal}`}`
}
