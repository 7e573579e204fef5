import { randomInt } from 'node:crypto'
import { lstat, open, rename, rm } from 'node:fs/promises'
import { UsageError } from './errors.js'

/**
 * A file that only its owner can read. It is whole on the disk before anything else happens, beside its place as
 * `PATH.new`, and takes its place with `keep()`; unless that is called, it is removed and what was there stays.
 */
export class SecretFile implements AsyncDisposable {
  readonly #path: string
  #kept = false

  private constructor(path: string) {
    this.#path = path
  }

  /** @throws UsageError when there is something else than a file, or it cannot be written */
  static async write(path: string, text: string): Promise<SecretFile> {
    if (path === '-') throw new UsageError('a password is not written to standard output', 'give the path of a file; it gets mode 0600')
    await refuseOther(path)
    const temporary = `${path}.new`
    // 'wx': never through a link that somebody else has put there.
    const file = await open(temporary, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`${path} cannot be written: ${error.message}`, ...error.code === 'EEXIST' ? [`if no other run uses it: rm ${temporary}`] : [])
    })
    const secret = new SecretFile(path)
    try {
      await file.writeFile(`${text}\n`)
      await file.sync()
      return secret
    } catch (error) {
      await secret[Symbol.asyncDispose]()
      throw error
    } finally {
      await file.close()
    }
  }

  async keep(): Promise<void> {
    await rename(`${this.#path}.new`, this.#path)
    this.#kept = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#kept) await rm(`${this.#path}.new`, { force: true })
  }
}

/** Letters and digits that nobody takes for each other: 5.8 bits each. */
const alphabet = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** A password that nobody can guess, as far as its length allows. */
export function randomPassword(length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}

/** A device, such as /dev/null, would be replaced by a file. */
async function refuseOther(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw new UsageError(`${path} cannot be written: ${error.message}`)
  })
  if (found && !found.isFile()) throw new UsageError(`${path} is no regular file`, 'give the path of a file; it gets mode 0600')
}
