import { constants, fstatSync, openSync, writeSync, type Stats } from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import { BayError } from '../errors.js'

/**
 * Keeps a broken stdout or stderr from ending the process with a stack trace. Call it once, early.
 * `onBroken` hears of the first error of stdout that no `writeOut` has thrown; EPIPE means that the reader has all it
 * wanted (`| head -1`), and nobody needs the rest of the work.
 * A broken stderr is no reason to stop: there is nobody to tell.
 */
export function guardStreams(onBroken: (error: NodeJS.ErrnoException) => void): void {
  listen()
  tellBroken = onBroken
  if (firstError) onBroken(firstError)
}

/** Forgets listeners that others have put on stdout, such as oclif, whose listener throws what `writeOut` reports already. */
export function listenAlone(): void {
  if (!stdoutUsed) return
  process.stdout.removeAllListeners('error')
  process.stdout.on('error', heard)
}

/**
 * Writes text, or bytes, to stdout whole, whatever its length and whether stdout is a pipe, a file or a terminal; resolves when
 * the system has it. A reader that has gone away counts as success.
 * @throws BayError failed when it cannot be written, such as on a full disk.
 */
export async function writeOut(text: string | Uint8Array): Promise<void> {
  if (capture) return capture(text.toString())
  return writePast(text)
}

/** The same, past whoever captures. */
export async function writePast(text: string | Uint8Array): Promise<void> {
  if (text.length === 0) return
  listen()
  try {
    const rest = writeAtOnce(Buffer.from(text))
    if (rest.length > 0) await writeStream(rest)
  } catch (error) {
    if (!isSystemError(error)) throw error
    if (error.code === 'EPIPE') heard(error)
    if (readerGone(error)) return
    throw cannotWrite(error)
  }
}

/** Does work whose results on stdout go to `take` instead; one at a time. */
export async function captured<T>(work: () => Promise<T>, take: (text: string) => void): Promise<T> {
  capture = take
  try {
    return await work()
  } finally {
    capture = undefined
  }
}

/** Whether the reader of stdout has gone away, so that nobody needs more of the result. */
export function isReaderGone(): boolean {
  return firstError?.code === 'EPIPE'
}

/** Writes text, or bytes, to stderr; what cannot be written there is lost, for there is nobody to tell. */
export function writeErr(text: string | Uint8Array): void {
  listen()
  process.stderr.write(text)
}

/** Whether a person can be asked: questions are shown on stderr and read from stdin. */
export function isInteractive(): boolean {
  // Node's types say boolean, but what is no terminal has undefined.
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/** Whether colour and animation are welcome on this stream: not in a pipe, with NO_COLOR or with TERM=dumb. */
export function useColor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  return stream.isTTY === true && env.TERM !== 'dumb'
}

/** The columns of a terminal; Infinity for anything else, so that a script gets every character. */
export function widthOf(stream: { isTTY?: boolean, columns?: number }): number {
  return stream.isTTY === true && stream.columns !== undefined && stream.columns > 0 ? stream.columns : Infinity
}

/** Whether somebody looks at stdout. */
export function isTerminal(): boolean {
  return mayBeTerminal() && process.stdout.isTTY === true
}

/** The columns of stdout's terminal; Infinity when it is none. */
export function outWidth(): number {
  return mayBeTerminal() ? widthOf(process.stdout) : Infinity
}

/** Whether colours are welcome there. */
export function showsColor(): boolean {
  return mayBeTerminal() && useColor(process.stdout)
}

/** To make `process.stdout` takes Node some milliseconds, and what is no terminal needs it for nothing. */
function mayBeTerminal(): boolean {
  const kind = fstatSync(1)
  return kind.isCharacterDevice() && !isNull(kind)
}

/** /dev/null: https://www.kernel.org/doc/html/latest/admin-guide/devices.html */
function isNull({ rdev }: Stats): boolean {
  return rdev === 0x103
}

/** How large a picture on stdout's terminal may be, with room for the prompt. */
export function terminalSize(): { columns: number, lines: number } {
  const { columns = 80, rows = 24 } = process.stdout
  return { columns: Math.max(1, columns), lines: Math.max(1, rows - 2) }
}

let listening = false
let stdoutUsed = false
let capture: ((text: string) => void) | undefined
let thrown: Error | undefined
let firstError: NodeJS.ErrnoException | undefined
let tellBroken: ((error: NodeJS.ErrnoException) => void) | undefined

/** Without a listener an error of a stream ends the process. */
function listen(): void {
  if (listening) return
  listening = true
  onceUsed('stderr', (stderr) => stderr.on('error', () => {}))
  onceUsed('stdout', (stdout) => {
    stdoutUsed = true
    stdout.on('error', heard)
  })
}

/** Node makes these streams when somebody first asks for them, which takes some milliseconds: nobody does so just to listen. */
function onceUsed(name: 'stdout' | 'stderr', use: (stream: NodeJS.WriteStream) => void): void {
  const own = Object.getOwnPropertyDescriptor(process, name)
  if (!own?.get) return use(process[name])
  Object.defineProperty(process, name, {
    configurable: true, enumerable: true,
    get: () => {
      Object.defineProperty(process, name, own)
      use(process[name])
      return process[name]
    },
  })
}

function heard(error: NodeJS.ErrnoException): void {
  if (firstError || error === thrown) return
  firstError = error
  tellBroken?.(error)
}

let pending = 0

async function writeStream(bytes: Uint8Array): Promise<void> {
  pending += 1
  try {
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(bytes, (error) => {
        if (!error) return resolve()
        // The stream tells its listeners the same error afterwards.
        if (!('code' in error && error.code === 'EPIPE')) thrown = error
        reject(error)
      })
    })
  } finally {
    pending -= 1
  }
}

/** Writes what a file or a pipe takes without Node's stream, and gives the rest. */
function writeAtOnce(bytes: Buffer): Buffer {
  const kind = fstatSync(1)
  // Node's own stream for files forgets what a short write left over.
  if (kind.isFile() || isNull(kind)) return writeTo(1, bytes)
  if (!kind.isFIFO() || pending > 0) return bytes
  const pipe = openPipe()
  return pipe === null ? bytes : writeTo(pipe, bytes)
}

function writeTo(fd: number, bytes: Buffer): Buffer {
  let done = 0
  try {
    while (done < bytes.length) done += writeSync(fd, bytes, done)
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EAGAIN') throw error
  }
  return bytes.subarray(done)
}

let nonBlocking: number | null | undefined

/**
 * Stdout's pipe, opened once more so that a reader who is slow keeps nobody from hearing Ctrl-C; null when it is another user's.
 * To make our own stdout non-blocking would do so for every process that has it.
 */
function openPipe(): number | null {
  try {
    nonBlocking ??= openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    nonBlocking = null
  }
  return nonBlocking
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error
}

function readerGone(error: NodeJS.ErrnoException): boolean {
  const afterwards = error.code === 'ERR_STREAM_DESTROYED' && firstError?.code === 'EPIPE'
  return error.code === 'EPIPE' || afterwards
}

function cannotWrite(error: NodeJS.ErrnoException): BayError {
  const [, text = error.message] = getSystemErrorMap().get(error.errno ?? 0) ?? []
  return new BayError('failed', `cannot write the result: ${text.charAt(0).toUpperCase()}${text.slice(1)}`, { cause: error })
}
