import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readdir, readFile, rm, stat, statfs, writeFile, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BayError } from '../errors.js'
import { formatSize } from '../units.js'

/** What a server says of a file, by which it is known again. */
export interface Facts {
  /** what If-Range takes: a strong ETag, or a date; null when the server gives neither */
  validator: string | null
  /** bytes; null when the server does not say */
  total: number | null
}

/** The file that a download grows in, hashed as it grows. What the server said of it stands beside it, in FILE.json. */
export class PartFile implements AsyncDisposable {
  readonly #file: FileHandle
  readonly #path: string
  #facts: Facts | null
  #size: number
  #hash: Hash = createHash('sha256')
  #hashed = 0

  private constructor(file: FileHandle, path: string, size: number, facts: Facts | null) {
    this.#file = file
    this.#path = path
    this.#size = size
    this.#facts = facts
  }

  static async open(path: string): Promise<PartFile> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW
    const file = await open(path, flags, 0o600).catch((error: NodeJS.ErrnoException) => { throw cannotWrite(path, error) })
    const { size } = await file.stat()
    return new PartFile(file, path, size, await readFacts(path))
  }

  get size(): number {
    return this.#size
  }

  /**
   * Where a download can go on; null when it must begin anew. The last byte of a file that is whole is fetched again, for
   * the server to say that it still is the same file.
   */
  async resumption(): Promise<{ at: number, validator: string, total: number } | null> {
    const { validator, total } = this.#facts ?? { validator: null, total: null }
    const at = Math.min(this.#size, (total ?? 0) - 1)
    if (validator === null || total === null || at <= 0) return null
    await this.#cut(at)
    await this.#catchUp()
    return { at, validator, total }
  }

  /** Empties it, for a file of which the server says this. @throws BayError when so much does not fit */
  async restart(facts: Facts | null): Promise<void> {
    await this.#cut(0)
    this.#facts = facts
    if (facts === null) await rm(`${this.#path}.json`, { force: true })
    else await writeFile(`${this.#path}.json`, JSON.stringify(facts), { mode: 0o600 }).catch((error: unknown) => this.#fail(error))
    if (facts?.total) await this.#refuseTooLarge(facts.total)
  }

  async append(piece: Uint8Array): Promise<void> {
    await this.#file.appendFile(piece).catch((error: unknown) => this.#fail(error))
    this.#hash.update(piece)
    this.#size += piece.length
    this.#hashed = this.#size
  }

  /** Of all that is in it, in hexadecimal. */
  sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }

  async #cut(size: number): Promise<void> {
    // Also when it is of that size: a write that failed may have left some of its bytes.
    await this.#file.truncate(size)
    this.#size = size
    if (this.#hashed <= size) return
    this.#hash = createHash('sha256')
    this.#hashed = 0
  }

  /** Hashes what an earlier run has left. */
  async #catchUp(): Promise<void> {
    while (this.#hashed < this.#size) {
      const wanted = Math.min(pieceSize, this.#size - this.#hashed)
      const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(wanted), 0, wanted, this.#hashed)
      if (bytesRead === 0) throw new BayError('failed', `${this.#path} became shorter while it was read`)
      this.#hash.update(buffer.subarray(0, bytesRead))
      this.#hashed += bytesRead
    }
  }

  async #refuseTooLarge(total: number): Promise<void> {
    const { bavail, bsize } = await statfs(dirname(this.#path))
    const free = bavail * bsize
    if (total <= free) return
    await this.restart(null)
    throw noRoom(this.#path, `${formatSize(total)} are needed, ${formatSize(free)} are free`)
  }

  /** A full disk is not left full. */
  async #fail(error: unknown): Promise<never> {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw cannotWrite(this.#path, error as NodeJS.ErrnoException)
    await this.#cut(0)
    await rm(`${this.#path}.json`, { force: true })
    throw noRoom(this.#path, 'no space left')
  }
}

const pieceSize = 1024 * 1024

/** Removes a download, whole or not. */
export async function removePart(path: string): Promise<void> {
  await Promise.all([rm(path, { force: true }), rm(`${path}.json`, { force: true })])
}

/** Removes what downloads of the past have left in a folder and nobody has gone on with for a week. */
export async function forgetOldParts(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.part'))
  await Promise.all(names.map(async (name) => {
    const path = join(folder, name)
    const found = await stat(path).catch(() => null)
    if (found && Date.now() - found.mtimeMs > oldAge) await removePart(path)
  }))
}

const oldAge = 7 * 24 * 60 * 60_000

async function readFacts(path: string): Promise<Facts | null> {
  try {
    const { validator, total } = JSON.parse(await readFile(`${path}.json`, 'utf8')) as Partial<Record<keyof Facts, unknown>>
    return { validator: typeof validator === 'string' ? validator : null, total: Number.isSafeInteger(total) ? Number(total) : null }
  } catch {
    // Without what the server said, the download begins anew.
    return null
  }
}

function noRoom(path: string, why: string): BayError {
  return new BayError('failed', `there is not enough room in ${dirname(path)}: ${why}`, { hints: ['give it another folder: XDG_CACHE_HOME=/path/with/room'] })
}

function cannotWrite(path: string, error: NodeJS.ErrnoException): BayError {
  return new BayError('failed', `the download cannot be kept in ${path}: ${error.message}`, { cause: error, hints: ['give it another folder: XDG_CACHE_HOME=/path'] })
}
