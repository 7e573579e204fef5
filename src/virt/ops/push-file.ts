import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Domain } from '../domain.js'
import { mustHaveAgent } from './agent.js'
import { GuestFile } from './agent-files.js'
import { runTool, sha256InGuest, statInGuest } from './guest-tools.js'

export interface Push {
  content: AsyncIterable<Buffer>
  /** bytes; null when nobody knows before */
  size: number | null
  /** of the content, when it is known before it is sent: equal content is not sent again */
  sha256: string | null
  /** its name, for a directory in the guest; null when it has none */
  name: string | null
  /** where to in the guest */
  path: string
  /** undefined for that of the file that is replaced, else `newMode` */
  mode: number | undefined
  newMode: number
  /** straight into the file, for guests without mktemp and mv; a push that is cut leaves half of it */
  inPlace: boolean
  verify: boolean
  signal?: AbortSignal
  moved?: (done: number) => void
}

export interface Pushed { changed: boolean, path: string, bytes: number, sha256: string | null }

/**
 * Writes a file in the guest by its agent: beside its place, for the agent's user alone, and then in one step into it.
 * @throws BayError `wrong-state` without an agent, `not-found` without the directory, `not-allowed`; the signal's reason. Then
 * nothing is left in the guest, unless it does not answer any more.
 */
export async function pushFile(domain: Domain, push: Push): Promise<Pushed> {
  mustHaveAgent(domain)
  refuseRelative(push.path)
  if (push.inPlace) return { changed: true, path: push.path, ...await writeTo(domain, push.path, push) }
  const { path, there } = await targetOf(domain, push)
  const mode = push.mode ?? there?.mode ?? push.newMode
  const maySame = push.sha256 !== null && there?.size === push.size && there.mode === mode
  if (maySame && await sha256InGuest(domain, path) === push.sha256) {
    return { changed: false, path, bytes: there.size, sha256: push.sha256 }
  }
  // It makes a file that only the agent's user can read; the agent itself would make one that all can write.
  const part = await runTool(domain, 'mktemp', `${path}.part-XXXXXX`)
    .catch(async (error: unknown) => { throw await whyNot(domain, path, error) })
  if (!part.startsWith(`${path}.part-`)) throw new BayError('failed', 'the guest\'s mktemp gave no proper answer')
  try {
    const written = await writeTo(domain, part, push)
    if (push.verify) await verify(domain, part, written.sha256)
    if (there) await runTool(domain, 'chown', '--', there.owner, part)
    await runTool(domain, 'chmod', '--', mode.toString(8), part)
    push.signal?.throwIfAborted()
    await runTool(domain, 'mv', '-f', '--', part, path)
    return { changed: true, path, ...written }
  } catch (error) {
    await runTool(domain, 'rm', '-f', '--', part).catch(() => undefined)
    throw error
  }
}

async function whyNot(domain: Domain, path: string, error: unknown): Promise<unknown> {
  const folder = posix.dirname(path)
  if (!(error instanceof BayError) || error.code !== 'failed') return error
  const found = await statInGuest(domain, folder)
  if (found?.kind === 'directory') return error
  const hint = sh`bay vm exec ${domain.name()} -- mkdir -p ${folder}`
  return new BayError('not-found', `there is no directory ${folder} in ${domain.name()}`, { hints: [hint], cause: error })
}

/** @throws UsageError: the agent's own folder is nobody's business */
export function refuseRelative(path: string): void {
  if (!/^(?:\/|[A-Za-z]:[\\/])/.test(path)) throw new UsageError(`"${path}" is no whole path in the guest`, 'begin it with /')
}

/** A link leads on; a directory takes the file under its own name. */
async function targetOf(domain: Domain, { path, name }: Push) {
  const there = await statInGuest(domain, path)
  if (there?.kind === 'other') throw new UsageError(`${path} in ${domain.name()} is no file`, sh`bay vm exec --stdin ${domain.name()} -- tee ${path}`)
  if (there?.kind === 'file') return { path: await runTool(domain, 'readlink', '-f', '--', path), there }
  if (there === null) return { path, there }
  if (name === null) throw new UsageError(`${path} in ${domain.name()} is a directory`, 'name the file in it')
  const inside = posix.join(path, name)
  const found = await statInGuest(domain, inside)
  if (found && found.kind !== 'file') throw new UsageError(`${inside} in ${domain.name()} is no file`)
  return { path: inside, there: found }
}

async function writeTo(domain: Domain, path: string, { content, signal, moved }: Push): Promise<{ bytes: number, sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  await using file = await GuestFile.open(domain, path, 'w')
  for await (const piece of content) {
    signal?.throwIfAborted()
    hash.update(piece)
    await file.write(piece)
    bytes += piece.length
    moved?.(bytes)
  }
  signal?.throwIfAborted()
  await file.close()
  return { bytes, sha256: hash.digest('hex') }
}

async function verify(domain: Domain, path: string, sha256: string): Promise<void> {
  const found = await sha256InGuest(domain, path)
  if (found === sha256) return
  throw new BayError('failed', found === null ? `${domain.name()} has no sha256sum to verify with` : 'what arrived in the guest is not what was sent')
}
