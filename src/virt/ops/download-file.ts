import { constants, openSync } from 'node:fs'
import { lstat, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { BayError, UsageError } from '../../errors.js'
import { FileLock } from '../file-lock.js'
import { filePieces, lengthOf, type Piece } from '../sparse-file.js'
import { codeOf } from './state-folder.js'

interface Wanted { overwrite: boolean, resume: boolean }

/** So much of what is there is compared with the volume before a run goes on behind it. */
const compared = 2 ** 20

/** A file that is being filled as `PATH.part`, for its owner only, and has its name once it is whole. */
export class DownloadFile implements AsyncDisposable {
  readonly #path: string
  readonly #part: string
  readonly #file: FileHandle
  readonly #lock: FileLock
  readonly #wanted: Wanted
  #length = 0
  #stays: boolean
  #writing: Promise<void> = Promise.resolve()

  private constructor(path: string, file: FileHandle, lock: FileLock, wanted: Wanted) {
    this.#path = path
    this.#part = `${path}.part`
    this.#file = file
    this.#lock = lock
    this.#wanted = wanted
    this.#stays = wanted.resume
  }

  /** @throws BayError `exists`, `busy` when another run fills it; UsageError when it cannot be written */
  static async open(path: string, wanted: Wanted): Promise<DownloadFile> {
    await refuseExisting(path, wanted)
    const part = `${path}.part`
    const { O_RDWR, O_RDONLY, O_CREAT, O_NOFOLLOW } = constants
    const file = await open(part, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`${path} cannot be written: ${error.message}`)
    })
    const lock = await FileLock.take(openSync(part, O_RDONLY | O_NOFOLLOW), { exclusive: true, timeout: 0 })
    if (lock) return new DownloadFile(path, file, lock, wanted)
    await file.close()
    throw new BayError('busy', `another run is downloading to ${path}`, { hints: ['again once that run has ended'] })
  }

  /**
   * Keeps what an earlier run left, if its end is what the volume has there and the volume has not changed since: how many bytes.
   * `changed` is in milliseconds since 1970; null when nobody knows.
   */
  async goOn(read: (from: number, length: number) => Buffer, changed: number | null): Promise<number> {
    const { size, mtimeMs } = await this.#file.stat()
    const length = Math.min(size, compared)
    if (length === 0 || (changed !== null && changed > mtimeMs)) return 0
    const { buffer } = await this.#file.read(Buffer.alloc(length), 0, length, size - length)
    if (!buffer.equals(read(size - length, length))) return 0
    this.#length = size
    return size
  }

  /** What is there up to a byte. */
  pieces(to: number): AsyncIterable<Piece> {
    return filePieces(this.#part, this.#file, { from: 0, to })
  }

  /**
   * Begins to write it once the piece before has been written; its bytes are in use until the next call ends. Gives how many
   * bytes that are. @throws BayError on a full disk
   */
  async append(piece: Piece): Promise<number> {
    await this.#writing
    // What another run left behind, and this one does not go on with, goes before the first byte.
    if (this.#length === 0) await this.#file.truncate(0)
    if ('data' in piece) {
      this.#writing = this.#write(piece.data, this.#length)
      // It is heard of at the next piece or at the end, unless another failure comes first.
      this.#writing.catch(() => undefined)
    }
    this.#length += lengthOf(piece)
    return lengthOf(piece)
  }

  /** Runs a check that shows whether the content is right; what is wrong is of no use to a later run. */
  unlessWrong(check: () => void): void {
    this.#stays = false
    check()
  }

  /** It is whole: it is on the disk, and has its name. */
  async keep(): Promise<void> {
    await this.#writing
    await this.#file.truncate(this.#length).catch((error: unknown) => { throw this.#cannotWrite(error) })
    await this.#file.sync().catch((error: unknown) => { throw this.#cannotWrite(error) })
    await refuseExisting(this.#path, this.#wanted)
    await rename(this.#part, this.#path)
    this.#stays = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What could not be written whole ends where it ended; a hole at the end of what has come belongs to it.
    await this.#writing.catch(() => { this.#length = 0 })
    if (this.#stays && this.#length > 0) await this.#file.truncate(this.#length).catch(() => undefined)
    await this.#file.close()
    if (!this.#stays) await rm(this.#part, { force: true })
    this.#lock[Symbol.dispose]()
  }

  async #write(bytes: Buffer, at: number): Promise<void> {
    try {
      for (let done = 0; done < bytes.length;) {
        done += (await this.#file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
      }
    } catch (error) {
      throw this.#cannotWrite(error)
    }
  }

  #cannotWrite(error: unknown): BayError {
    const why = codeOf(error) === 'ENOSPC' ? 'no space is left there' : error instanceof Error ? error.message : String(error)
    return new BayError('failed', `${this.#path} cannot be written: ${why}`, { cause: error })
  }
}

/** A device, such as /dev/null, would be replaced by a file. */
async function refuseExisting(path: string, { overwrite }: Wanted): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw new UsageError(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  })
  if (found === null) return
  if (!found.isFile()) throw new UsageError(`${path} is no regular file`, 'give the path of a file, or - for standard output')
  if (!overwrite) throw new BayError('exists', `there is a file ${path} already`, { hints: ['give another name, or --overwrite'] })
}
