import { fstatSync, writeSync } from 'node:fs'
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

/**
 * Writes text, or bytes, to stdout whole, whatever its length and whether stdout is a pipe, a file or a terminal; resolves when
 * the system has it. A reader that has gone away counts as success.
 * @throws BayError failed when it cannot be written, such as on a full disk.
 */
export async function writeOut(text: string | Uint8Array): Promise<void> {
  if (text.length === 0) return
  if (capture) return capture(text.toString())
  listen()
  try {
    // Node's own stream for files forgets what a short write left over.
    if (fstatSync(process.stdout.fd).isFile()) writeWhole(process.stdout.fd, Buffer.from(text))
    else await writeStream(text)
  } catch (error) {
    if (!isSystemError(error)) throw error
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
  return process.stdout.isTTY === true
}

/** Whether colours are welcome there. */
export function showsColor(): boolean {
  return useColor(process.stdout)
}

/** How large a picture on stdout's terminal may be, with room for the prompt. */
export function terminalSize(): { columns: number, lines: number } {
  const { columns = 80, rows = 24 } = process.stdout
  return { columns: Math.max(1, columns), lines: Math.max(1, rows - 2) }
}

let listening = false
let capture: ((text: string) => void) | undefined
let thrown: Error | undefined
let firstError: NodeJS.ErrnoException | undefined
let tellBroken: ((error: NodeJS.ErrnoException) => void) | undefined

/** Without a listener an error of a stream ends the process. */
function listen(): void {
  if (listening) return
  listening = true
  process.stderr.on('error', () => {})
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (firstError || error === thrown) return
    firstError = error
    tellBroken?.(error)
  })
}

function writeStream(text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (!error) return resolve()
      // The stream tells its listeners the same error afterwards.
      if (!('code' in error && error.code === 'EPIPE')) thrown = error
      reject(error)
    })
  })
}

function writeWhole(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done)
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
