import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { UsageError } from '../errors.js'
import { sh } from '../shell.js'
import { standardInput } from '../stdin.js'
import { sha512Crypt } from './sha512-crypt.js'

/** A text that is never printed: strings, JSON and what Node shows of it are `***`. `reveal()` is the one way out. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return '***'
  }

  toJSON(): string {
    return '***'
  }

  [inspect.custom](): string {
    return '***'
  }
}

/** PAM takes no longer answer at a login (PAM_MAX_RESP_SIZE). */
const longest = 512
/** More than a line of that length, in a file that is no password's. */
const mostBytes = 4096

/**
 * The first line of a file that only its owner can read, or of standard input for `-`: a password, its hash, or another secret
 * of that form, which `what` names.
 * @throws UsageError when others may read the file, it is someone else's, or its first line is no password
 */
export async function readPasswordFile(path: string, what = 'password'): Promise<Secret> {
  if (path === '-') {
    const stdin = standardInput()
    if (stdin.isTTY) throw new UsageError(`a ${what} from a terminal would be seen`, 'pipe it in, or give a file')
    return passwordIn(await bytesOf(stdin, 'standard input'), 'standard input')
  }
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`the ${what} file ${path} cannot be read: ${reason(error)}`)
  })
  try {
    // Of what is open, not of the path: the file cannot be exchanged in between. A pipe is fine: <(pass show vm).
    const { mode, uid } = await file.stat()
    if ((mode & 0o077) !== 0) throw new UsageError(`others may read the ${what} file ${path}`, sh`chmod 600 ${path}`)
    if (!isOurs(uid)) throw new UsageError(`the ${what} file ${path} belongs to another user`, sh`make it yours: chown, then chmod 600 ${path}`)
    const bytes = await bytesOf(file.createReadStream({ autoClose: false }), path).catch((error: NodeJS.ErrnoException) => {
      throw error instanceof UsageError ? error : new UsageError(`the ${what} file ${path} cannot be read: ${reason(error)}`)
    })
    return passwordIn(bytes, path)
  } finally {
    await file.close()
  }
}

/**
 * What /etc/shadow keeps of a password: SHA-512 crypt with a random salt. A whole hash (`$6$…`, `$y$…`) is used as it is.
 * @throws UsageError when it is empty, too long, has a line's end or NUL, or begins like a hash and is none
 */
export function hashPassword(password: Secret): Secret {
  const text = password.reveal()
  refuseBad(text, 'the password')
  return isHash(text) ? password : new Secret(sha512Crypt(text))
}

/** Whether chpasswd takes the text as a hash: of SHA-512 or yescrypt, whole, and with no sign that would end its field. */
export function isHash(text: string): boolean {
  return /^\$6\$(?:rounds=\d{4,9}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86}$/.test(text)
    || /^\$y\$[./0-9A-Za-z]{2,16}\$[./0-9A-Za-z]{1,86}\$[./0-9A-Za-z]{43}$/.test(text)
}

async function bytesOf(stream: Readable, path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Buffer | string>) {
    chunks.push(Buffer.from(chunk))
    length += chunk.length
    if (length > mostBytes) throw new UsageError(`${path} is too long for a password file`, `its first line is the password, at most ${longest} bytes`)
  }
  return Buffer.concat(chunks)
}

/** The messages never show what was read. */
function passwordIn(bytes: Buffer, path: string): Secret {
  const end = bytes.indexOf('\n')
  const line = end < 0 ? bytes : bytes.subarray(0, end)
  const what = `the first line of ${path}`
  const text = decode(line)
  if (text === undefined) throw new UsageError(`${what} is not UTF-8`)
  refuseBad(text, what)
  return new Secret(text)
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function refuseBad(text: string, what: string): void {
  if (text === '') throw new UsageError(`${what} is empty`)
  if (text.includes('\0')) throw new UsageError(`${what} has a NUL byte`)
  // A file from Windows: the carriage return would silently be part of the password.
  if (/[\r\n]/.test(text)) throw new UsageError(`${what} has a line's end in it`, 'write it with LF at the end, and nothing more')
  if (Buffer.byteLength(text) > longest) throw new UsageError(`${what} is too long for a password`, `at most ${longest} bytes`)
  if (/^\$(6|y)\$/.test(text) && !isHash(text)) throw new UsageError(`${what} begins like a hash, but is not a whole one`, 'openssl passwd -6')
}

/** With sudo, the files of who called it are ours too. */
function isOurs(uid: number): boolean {
  const user = process.geteuid?.()
  return uid === user || (user === 0 && uid === Number(process.env['SUDO_UID'] ?? Number.NaN))
}

function reason(error: NodeJS.ErrnoException): string {
  return { ENOENT: 'there is no such file', EACCES: 'permission denied', EISDIR: 'it is a folder' }[error.code ?? ''] ?? error.message
}
