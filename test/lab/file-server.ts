import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How a server behaves; it may be changed between requests. */
export interface Behaviour {
  content: Uint8Array
  /** null for none */
  etag?: string | null
  /** cut the connection after so many bytes of a body */
  cutAfter?: number
  /** say nothing more after so many bytes, and keep the connection */
  stallAfter?: number
  /** give the whole whatever part is asked for */
  ignoresRange?: boolean
  /** give the part that is asked for although the file is another one */
  ignoresIfRange?: boolean
  /** say no length */
  chunked?: boolean
  /** say this length whatever is sent */
  length?: number
  /** milliseconds before each piece of 64 KiB */
  slow?: number
  headers?: Record<string, string>
  /** answer so instead */
  status?: number
}

/** An HTTP server on 127.0.0.1 that misbehaves as it is told. */
export class FileServer implements AsyncDisposable {
  /** the URL without a path */
  readonly base: string
  /** bytes of bodies that were handed to the network */
  served = 0
  readonly requests: { path: string, range: string | undefined, authorization: string | undefined }[] = []
  readonly #server: Server
  readonly #files = new Map<string, Behaviour | ((response: ServerResponse, request: IncomingMessage) => void)>()

  private constructor(server: Server) {
    this.#server = server
    this.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request: IncomingMessage, response: ServerResponse) => { void this.#answer(request, response) })
  }

  static async start(): Promise<FileServer> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new FileServer(server)
  }

  /** Serves a file at a path; what is given may be changed later. */
  at(path: string, what: Behaviour | ((response: ServerResponse, request: IncomingMessage) => void)): string {
    this.#files.set(path, what)
    return `${this.base}${path}`
  }

  redirect(path: string, to: string, status = 302): string {
    return this.at(path, (response) => { response.writeHead(status, { location: to }).end() })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    this.requests.push({ path, range: request.headers.range, authorization: request.headers.authorization })
    const found = this.#files.get(path.replace(/\?.*$/, ''))
    if (typeof found === 'function') return found(response, request)
    if (!found) return void response.writeHead(404).end('no such file')
    if (found.status !== undefined) return void response.writeHead(found.status, found.headers).end('not now')
    await this.#send(found, request, response)
  }

  async #send(file: Behaviour, { headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { content, etag = '"one"' } = file
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)
    const partial = start > 0 && !file.ignoresRange && (file.ignoresIfRange || headers['if-range'] === etag)
    const body = partial ? content.subarray(start) : content
    if (partial && start >= content.length) return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
    response.writeHead(partial ? 206 : 200, {
      ...etag !== null && { etag },
      ...!file.chunked && { 'content-length': file.length ?? body.length },
      ...partial && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` },
      ...file.headers,
    })
    await this.#pour(body, file, response)
  }

  async #pour(body: Uint8Array, file: Behaviour, response: ServerResponse): Promise<void> {
    const { cutAfter = Infinity, stallAfter = Infinity, slow = 0 } = file
    const end = Math.min(body.length, cutAfter, stallAfter)
    for (let at = 0; at < end && !response.destroyed; at += pieceSize) {
      if (slow > 0) await new Promise((resolve) => setTimeout(resolve, slow))
      const piece = body.subarray(at, Math.min(at + pieceSize, end))
      await new Promise((resolve) => response.write(piece, resolve))
      this.served += piece.length
    }
    if (stallAfter < body.length) return
    if (cutAfter < body.length) response.socket?.destroySoon()
    else response.end()
  }
}

const pieceSize = 64 * 1024
