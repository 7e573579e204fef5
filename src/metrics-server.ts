import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { BayError, UsageError } from './errors.js'
import { expositionType } from './output/prometheus.js'

export interface ListenAddress { host: string, port: number }

interface Serving {
  signal: AbortSignal
  listening: (url: string) => void
  /** how long a client may take to ask, and to read the answer (ms) */
  asking?: number
  reading?: number
}

/** `127.0.0.1:9177`, `[::1]:9177`, `9177`, which is on this machine alone. @throws UsageError */
export function parseListen(text: string): ListenAddress {
  const [, bracketed, plain, digits = ''] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? []
  const [host, port] = [bracketed ?? plain ?? '127.0.0.1', Number(digits)]
  if (digits === '' || port > 65_535 || (isIP(host) === 0 && host !== 'localhost')) {
    throw new UsageError(`--listen ${text} is no address and port`, 'write it as 127.0.0.1:9177, [::1]:9177 or 9177')
  }
  return { host, port }
}

const patience = { asking: 10_000, reading: 30_000 }

/** More than ask at once in any honest setting: those who hang must not take all the files that the process may open. */
const mostClients = 100

/**
 * Serves GET /metrics until the signal comes. `listening` hears the address, whose port was free when 0 was asked for.
 * @throws the signal's reason; BayError `failed` when the address cannot be had
 */
export async function serveMetrics(
  { host, port }: ListenAddress, scrape: () => Promise<string>,
  { signal, listening, asking = patience.asking, reading = patience.reading }: Serving,
): Promise<never> {
  const times = { requestTimeout: asking, headersTimeout: asking, connectionsCheckingInterval: Math.min(asking, 1000) }
  const server = createServer(times, (request, response) => {
    cutOff(response, reading)
    void answer(request, response, scrape)
  })
  server.maxConnections = mostClients
  try {
    server.listen({ host, port })
    await once(server, 'listening', { signal })
    const at = server.address()
    const bound = at !== null && typeof at === 'object' ? at.port : port
    listening(`http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`)
    await once(server, 'close', { signal })
    throw new BayError('failed', 'the listener was closed')
  } catch (error) {
    throw signal.aborted ? signal.reason : inWords(error, `${host}:${port}`)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

/** A client that neither reads nor goes away would be there for ever. */
function cutOff(response: ServerResponse, after: number): void {
  const late = setTimeout(() => response.destroy(), after)
  response.once('close', () => clearTimeout(late))
}

async function answer({ method, url }: IncomingMessage, response: ServerResponse, scrape: () => Promise<string>): Promise<void> {
  const [path] = (url ?? '').split('?')
  if (path !== '/metrics') return refuse(response, 404, 'there is only /metrics\n')
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return refuse(response, 405, 'only GET is answered\n')
  }
  try {
    const text = await scrape()
    response.writeHead(200, { 'Content-Type': expositionType, 'Content-Length': Buffer.byteLength(text) })
    response.end(method === 'HEAD' ? undefined : text)
  } catch {
    // What a scrape throws is a bug, and the next one may go well.
    refuse(response, 500, 'the host could not be asked\n')
  }
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(why)
}

function inWords(error: unknown, address: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return error
  const why: Record<string, string> = { EADDRINUSE: 'somebody else listens there', EACCES: 'permission denied', EADDRNOTAVAIL: 'this machine has no such address' }
  return new BayError('failed', `cannot listen on ${address}: ${why[String(error.code)] ?? error.message}`, { cause: error })
}
