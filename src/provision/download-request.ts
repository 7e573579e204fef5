import { BayError } from '../errors.js'

export interface RequestOptions {
  headers?: Record<string, string>
  signal: AbortSignal
  /** Whether the content is checked by other means, so that a redirect from https to http does no harm. */
  checked: boolean
}

/** What may go well when it is tried again. */
export class TransferError extends Error {
  /** milliseconds that the server asks to wait; 0 when it does not say */
  readonly after: number
  /** Whether it most likely fails again at once, unless this run has had an answer before: no such host, nobody listens. */
  readonly likelyForGood: boolean

  constructor(message: string, more: { after?: number, likelyForGood?: boolean, cause?: unknown } = {}) {
    super(message, { cause: more.cause })
    this.after = more.after ?? 0
    this.likelyForGood = more.likelyForGood ?? false
  }
}

/** A URL for people: without user, password and query, any of which may be a secret. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`
}

/**
 * The answer to a GET, after at most ten redirects. A user and password in the URL go as Basic authorization, and to no
 * other server.
 * @throws TransferError for what may pass, BayError for what the server refuses, the signal's reason
 */
export async function request(url: URL, { headers, signal, checked }: RequestOptions): Promise<Response> {
  let at = url
  let secret = authorization(url)
  for (let hops = 0; hops <= redirectLimit; hops += 1) {
    const response = await get(at, { ...plain, ...headers, ...secret }, signal)
    const next = redirection(response, at)
    if (!next) return await accepted(response, at)
    await response.body?.cancel()
    if (at.protocol === 'https:' && next.protocol === 'http:' && !checked) throw downgraded(url, next)
    secret = next.origin === at.origin ? { ...secret, ...authorization(next) } : authorization(next)
    at = next
  }
  throw new BayError('failed', `${shownUrl(url)} redirects more than ${redirectLimit} times`)
}

/** What a failed fetch, or the reading of its body, means; its message is the end of a sentence. */
export function transferFailure(error: unknown): unknown {
  if (!(error instanceof TypeError)) return error
  const { cause } = error as { cause?: { code?: string, message?: string } }
  const code = cause?.code ?? ''
  if (/^(CERT_|ERR_TLS_|ERR_SSL_)|_CERT|SIGNATURE|^UNABLE_TO_/.test(code)) {
    return new BayError('failed', `its certificate is not trusted: ${cause?.message ?? code}`, { cause: error })
  }
  // fetch goes to no port of another protocol, such as 25, and has no code for that.
  const likelyForGood = forGood.has(code) || cause?.message === 'bad port'
  return new TransferError(reasons[code] ?? cause?.message ?? error.message, { likelyForGood, cause: error })
}

const redirectLimit = 10
// Packed on the way, its parts could not be asked for.
const plain = { 'accept-encoding': 'identity', 'user-agent': 'bay' }
const forGood = new Set(['ENOTFOUND', 'ECONNREFUSED'])
const reasons: Record<string, string> = {
  ENOTFOUND: 'there is no such host', EAI_AGAIN: 'the name of the host cannot be looked up', ECONNREFUSED: 'the server does not listen there',
  ECONNRESET: 'the server cut the connection', UND_ERR_SOCKET: 'the server cut the connection', UND_ERR_CONNECT_TIMEOUT: 'the server cannot be reached',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the server cut the connection', EHOSTUNREACH: 'the host cannot be reached', ENETUNREACH: 'the network cannot be reached',
}

async function get(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  const bare = new URL(url)
  // fetch refuses a URL with a user, and names it whole.
  bare.username = bare.password = bare.hash = ''
  try {
    return await fetch(bare, { redirect: 'manual', headers, signal })
  } catch (error) {
    signal.throwIfAborted()
    throw transferFailure(error)
  }
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  return { authorization: `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}` }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function redirection(response: Response, at: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined
  const location = response.headers.get('location') ?? ''
  const next = URL.canParse(location, at.href) ? new URL(location, at) : undefined
  if (location !== '' && next && /^https?:$/.test(next.protocol)) return next
  throw new BayError('failed', `${shownUrl(at)} redirects to where bay cannot follow`)
}

/** @throws TransferError when the server is busy or broken, BayError for every other refusal */
async function accepted(response: Response, url: URL): Promise<Response> {
  const { status, statusText } = response
  // 416 says that there is no more than we have.
  if (status === 200 || status === 206 || status === 416) return response
  await response.body?.cancel()
  const says = `the server answers ${status} ${statusText}`.trim()
  if (status === 408 || status === 429 || status >= 500) throw new TransferError(says, { after: retryAfter(response) })
  throw new BayError('failed', `${shownUrl(url)}: ${says}`)
}

/** Milliseconds; a server may not keep us for longer than half a minute. */
function retryAfter({ headers }: Response): number {
  const seconds = Number(headers.get('retry-after') ?? 0)
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 30) * 1000 : 0
}

function downgraded(url: URL, next: URL): BayError {
  return new BayError('failed', `${shownUrl(url)} redirects to ${shownUrl(next)}, where anybody on the way could change it`, {
    hints: ['say what it must be: --sha256 or --sha256sums'],
  })
}
