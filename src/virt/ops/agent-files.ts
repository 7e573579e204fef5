import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import type { Domain } from '../domain.js'
import { askAgent, strange } from './agent.js'

/** Seconds for an answer, beside what a piece takes in a guest that is slow. */
const answerWithin = 10
/** What an emulated guest was seen to read and write, in bytes a second, or more. */
const slowest = 5_000

/** How much goes in one request: an agent reads a longer one ever slower, and libvirt passes on no text of 4 MiB. */
const pieceSize = 48 * 1024

/** A file in the guest that its agent holds open. Close it: the agent keeps it for as long as it runs. */
export class GuestFile implements AsyncDisposable {
  readonly #domain: Domain
  readonly #handle: number
  #open = true

  private constructor(domain: Domain, handle: number) {
    this.#domain = domain
    this.#handle = handle
  }

  /** `mode` is fopen's. @throws BayError `not-found`, `not-allowed` in words that name the path; as `askAgent` */
  static async open(domain: Domain, path: string, mode: 'r' | 'w'): Promise<GuestFile> {
    try {
      const handle = await askAgent(domain, 'guest-file-open', { path, mode }, answerWithin)
      if (typeof handle !== 'number' || !Number.isSafeInteger(handle)) throw strange('a file without a number')
      return new GuestFile(domain, handle)
    } catch (error) {
      throw aboutFile(error, domain.name(), path)
    }
  }

  /** The next bytes; none at the end. */
  async read(): Promise<Buffer> {
    const answer = await this.#ask('guest-file-read', { count: pieceSize }, pieceSize)
    const text = property(answer, 'buf-b64')
    if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw strange('a file that is no base64')
    return Buffer.from(text, 'base64')
  }

  async write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + pieceSize)
      const count = property(await this.#ask('guest-file-write', { 'buf-b64': piece.toString('base64') }, piece.length), 'count')
      if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 1 || count > piece.length) throw strange('it wrote nothing')
      at += count
    }
  }

  /** Closes it, and so learns whether the guest has stored all of it. */
  async close(): Promise<void> {
    this.#open = false
    await this.#ask('guest-file-close', {}, 0)
  }

  /** What went wrong before is what is told. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open) await this.close().catch(() => undefined)
  }

  #ask(command: string, args: Record<string, unknown>, bytes: number): Promise<unknown> {
    return askAgent(this.#domain, command, { handle: this.#handle, ...args }, answerWithin + Math.ceil(bytes / slowest))
  }
}

/** What the agent says of a path, in our words. Its own texts are the C library's; the guest's language may be any. */
export function aboutFile(error: unknown, name: string, path: string): unknown {
  if (!(error instanceof BayError)) return error
  if (/No such file or directory/.test(error.message)) return new BayError('not-found', `there is no ${path} in ${name}`, { cause: error })
  if (/Permission denied|Operation not permitted/.test(error.message)) return new BayError('not-allowed', `the agent in ${name} may not use ${path}`, { cause: error })
  if (/Is a directory/.test(error.message)) return isDirectory(name, path)
  return error
}

export function isDirectory(name: string, path: string): UsageError {
  return new UsageError(`${path} in ${name} is a directory, and files go one by one`, sh`bay vm exec ${name} -- tar -cf /tmp/it.tar -C ${path} . and then that file`)
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined
}
