import { StringDecoder } from 'node:string_decoder'
import { forTerminal } from './guest-output.js'

/** Bytes that come in pieces as text that cannot control a terminal: a character, or the end of a line, may be in two of them. */
export class PlainStream {
  readonly #decoder = new StringDecoder('utf8')
  #held = ''

  push(bytes: Buffer): string {
    const text = this.#held + this.#decoder.write(bytes)
    this.#held = text.endsWith('\r') ? '\r' : ''
    return forTerminal(Buffer.from(this.#held === '' ? text : text.slice(0, -1)))
  }
}
