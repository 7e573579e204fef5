import { BayError, UsageError } from '../errors.js'
import { PartFile, type Facts } from './download-part.js'
import { request, shownUrl, TransferError, transferFailure } from './download-request.js'
import { IdleWatch, withRetries, type Patience } from './download-retry.js'

export interface DownloadOptions extends Patience {
  /** Whether the content is checked afterwards, so that a redirect from https to http does no harm. */
  checked: boolean
  /** hears how far it is, in bytes; total is null when the server does not say */
  progress?: (done: number, total: number | null) => void
  /** looks at the file once its first bytes are there; what it throws ends the download */
  inspect?: () => Promise<unknown>
}

export interface Downloaded {
  /** in hexadecimal */
  sha256: string
  /** bytes */
  length: number
}

/** The URL, when bay can download from there. @throws UsageError */
export function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.host !== '') return url
  // Not the URL itself, which may hold a password.
  throw new UsageError('that is no URL from which bay can download', 'http:// and https:// work; a file is given by its path')
}

/**
 * Downloads into the file `path`, going on where an earlier run stopped if the server still has the same file. What was
 * fetched stays for the next run when it fails or is interrupted; whoever calls keeps other runs away from the file.
 * @throws BayError `failed`; UsageError from `inspect`; the signal's reason
 */
export async function download(url: URL, path: string, options: DownloadOptions): Promise<Downloaded> {
  await using part = await PartFile.open(path)
  await withRetries(shownUrl(url), () => fetchInto(part, url, options), () => part.size, options)
  if (part.size === 0) throw new BayError('failed', `${shownUrl(url)}: the server sends nothing`)
  return { sha256: part.sha256(), length: part.size }
}

/** A text of at most 1 MiB, such as a list of checksums. @throws as `download` */
export function downloadText(url: URL, options: Patience): Promise<string> {
  return withRetries(shownUrl(url), async () => {
    using watch = new IdleWatch(options)
    const response = await request(url, { signal: watch.signal, checked: false })
    const pieces: Uint8Array[] = []
    for await (const piece of body(response, watch)) {
      pieces.push(piece)
      if (pieces.reduce((sum, { length }) => sum + length, 0) > textLimit) throw new BayError('failed', 'it is too long for a list of checksums')
    }
    return Buffer.concat(pieces).toString()
  }, () => 0, options)
}

const textLimit = 2 ** 20
/** So much of a file tells what it is. */
const headLength = 64 * 1024

async function fetchInto(part: PartFile, url: URL, options: DownloadOptions): Promise<void> {
  const from = await part.resumption()
  using watch = new IdleWatch(options)
  const headers: Record<string, string> = from ? { 'range': `bytes=${from.at}-`, 'if-range': from.validator } : {}
  const response = await request(url, { headers, signal: watch.signal, checked: options.checked })
  const total = await begin(part, response, from)
  let inspected = false
  for await (const piece of body(response, watch)) {
    await part.append(piece)
    options.progress?.(part.size, total)
    if (inspected || part.size < headLength) continue
    await options.inspect?.()
    inspected = true
  }
  // A server that says no length may end whenever it likes.
  if (total !== null && part.size < total) throw new TransferError('the server cut the connection')
  if (total !== null && part.size > total) await startOver(part, 'the server sent more than it said')
  if (!inspected && part.size > 0) await options.inspect?.()
}

type Resumption = Awaited<ReturnType<PartFile['resumption']>>

/** Makes the file ready for what comes; gives the bytes of the whole. */
async function begin(part: PartFile, response: Response, from: Resumption): Promise<number | null> {
  const encoding = response.headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity') throw new BayError('failed', `the server packs what it sends (${encoding}), which it was asked not to`)
  if (response.status === 200) {
    const facts = factsOf(response)
    await part.restart(facts)
    return facts.total
  }
  if (from === null || !continues(response, from)) return await startOver(part, 'the file on the server is another one now', response)
  return from.total
}

/** Whether it is the rest of the same file: not every server heeds If-Range. */
function continues(response: Response, { at, validator, total }: NonNullable<Resumption>): boolean {
  const same = [response.headers.get('etag'), response.headers.get('last-modified')].some((each) => each === validator)
  const [, start, whole] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? []
  return response.status === 206 && same && Number(start) === at && Number(whole) === total
}

async function startOver(part: PartFile, why: string, response?: Response): Promise<never> {
  await response?.body?.cancel()
  await part.restart(null)
  throw new TransferError(why)
}

function factsOf({ headers }: Response): Facts {
  const length = headers.get('content-length')
  const etag = headers.get('etag')
  // A weak ETag says "as good as the same", and bytes must be the same. https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5
  const strong = etag !== null && /^"/.test(etag) ? etag : null
  return { validator: strong ?? headers.get('last-modified'), total: length !== null && /^\d+$/.test(length) ? Number(length) : null }
}

async function* body(response: Response, watch: IdleWatch): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of response.body ?? []) {
      watch.touch()
      yield piece as Uint8Array
      watch.touch()
    }
  } catch (error) {
    watch.signal.throwIfAborted()
    throw transferFailure(error)
  }
}
