import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { BayError, UsageError } from '../../errors.js'
import { download, downloadText, parseUrl } from '../../provision/download.js'
import { findChecksum, parseSha256, sha256Of } from '../../provision/download-checksums.js'
import { forgetOldParts, removePart } from '../../provision/download-part.js'
import { shownUrl } from '../../provision/download-request.js'
import { readImageFile, type ImageFile } from '../../provision/image-file.js'
import { isUrl } from './image-name.js'
import { digest, imageCache, lockKey } from './image-name-lock.js'

/** What an image is made of, and by what it is checked. */
export interface ImageOrigin {
  /** a local file, or a URL */
  from: string
  /** the sum itself */
  sha256?: string | undefined
  /** a list of sums: a local file, or a URL */
  sha256sums?: string | undefined
}

/** Hears what goes on. */
export interface AddReport {
  step: (text: string) => void
  note: (text: string) => void
  /** bytes of the step that are done; total is null when nobody knows */
  moved: (done: number, total: number | null) => void
}

export interface SourceOptions {
  signal: AbortSignal
  report: AddReport
}

/** A file that is ready to be stored; other runs are kept away from it until it is given up. */
export interface ImageSource extends Disposable {
  file: ImageFile
  /** in hexadecimal; null when nobody has asked for it */
  sha256: string | null
  /** whether it was as it should be, rather than merely computed */
  checked: boolean
  /** Removes what was downloaded. */
  forget: () => Promise<void>
}

/** The origin for people, without secrets. @throws UsageError for a URL of another kind, and a sum that is none */
export function shownOrigin({ from, sha256, sha256sums }: ImageOrigin): string {
  if (sha256 !== undefined) parseSha256(sha256)
  if (sha256sums !== undefined && isUrl(sha256sums)) parseUrl(sha256sums)
  return isUrl(from) ? shownUrl(parseUrl(from)) : resolve(from)
}

/**
 * The file at `from`, downloaded if it is elsewhere, and checked.
 * @throws BayError `failed` when it cannot be had, or is not what it should be; UsageError when it cannot be an image
 */
export async function openSource(origin: ImageOrigin, options: SourceOptions): Promise<ImageSource> {
  return isUrl(origin.from) ? fromUrl(parseUrl(origin.from), origin, options) : fromFile(resolve(origin.from), origin, options)
}

async function fromFile(path: string, origin: ImageOrigin, { signal, report }: SourceOptions): Promise<ImageSource> {
  const file = await readImageFile(path)
  const expected = await expectedSum(origin, basename(path), { signal, report })
  if (expected !== null) report.step(`checking ${path}`)
  const sha256 = expected === null ? null : await sha256Of(path, signal)
  if (sha256 !== null && sha256 !== expected) throw wrongSum(path, sha256, expected ?? '')
  return { file, sha256, checked: sha256 !== null, forget: () => Promise.resolve(), [Symbol.dispose]: () => undefined }
}

async function fromUrl(url: URL, origin: ImageOrigin, { signal, report }: SourceOptions): Promise<ImageSource> {
  const name = fileName(url)
  const expected = await expectedSum(origin, name, { signal, report })
  if (expected === null) report.note(`${name} is not checked: give --sha256 or --sha256sums to be sure of what it is`)
  const path = join(imageCache(), `${digest(url.href)}.part`)
  const lock = await lockKey(`download ${url.href}`, { signal, waiting: () => report.step(`waiting for another run that downloads ${name}`) })
  try {
    await forgetOldParts(imageCache())
    const { sha256 } = await fetched(url, path, { signal, report, expected })
    const file = await readImageFile(path, name)
    const away = { forget: () => removePart(path), [Symbol.dispose]: () => lock[Symbol.dispose]() }
    return { file, sha256, checked: expected !== null, ...away }
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
}

/** Downloads; what is no image, or not the right one, does not stay. What is merely cut short does, for the next run. */
async function fetched(url: URL, path: string, options: SourceOptions & { expected: string | null }) {
  const { signal, report, expected } = options
  const name = fileName(url)
  report.step(`downloading ${name}`)
  try {
    const done = await download(url, path, {
      signal, checked: expected !== null, inspect: () => readImageFile(path, name),
      progress: (done, total) => report.moved(done, total), retrying: (why) => report.note(why),
    })
    if (expected !== null && done.sha256 !== expected) throw wrongSum(shownUrl(url), done.sha256, expected)
    return done
  } catch (error) {
    if (error instanceof WrongSum || error instanceof UsageError) await removePart(path)
    throw error instanceof UsageError ? new UsageError(error.message, `download it by hand first: ${shownUrl(url)}`, ...error.hints) : error
  }
}

async function expectedSum(origin: ImageOrigin, name: string, { signal, report }: SourceOptions): Promise<string | null> {
  const { sha256, sha256sums } = origin
  if (sha256 !== undefined) return parseSha256(sha256)
  if (sha256sums === undefined) return null
  report.step('reading the checksums')
  if (!isUrl(sha256sums)) return findChecksum(await readList(sha256sums), name)
  return findChecksum(await downloadText(parseUrl(sha256sums), { signal, retrying: (why) => report.note(why) }), name)
}

function readList(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`the checksums ${path} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`)
  })
}

/** The name that the file has in lists of checksums. */
function fileName({ pathname, host }: URL): string {
  const last = pathname.slice(pathname.lastIndexOf('/') + 1)
  if (last === '') return host
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}

class WrongSum extends BayError {}

function wrongSum(what: string, found: string, expected: string): WrongSum {
  return new WrongSum('failed', `${what} is not the right file, nothing was added: its SHA-256 sum is ${found}, and should be ${expected}`)
}
