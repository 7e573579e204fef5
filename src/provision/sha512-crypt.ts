import { createHash, randomBytes } from 'node:crypto'

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const rounds = 5000

/**
 * The text as /etc/shadow wants it: `$6$salt$hash`, equal to `openssl passwd -6`. The salt is random unless given (1 to
 * 16 of `./0-9A-Za-z`).
 * Our own, for the npm package unixcrypt 3.0.4 gives a hash that no login accepts when the text has 64, 128 … bytes.
 * https://www.akkadia.org/drepper/SHA-crypt.txt, whose numbers of steps stand in the comments
 */
export function sha512Crypt(text: string, salt: string = randomSalt()): string {
  if (!/^[./0-9A-Za-z]{1,16}$/.test(salt)) throw new TypeError(`bad salt ${salt}`)
  const key = Buffer.from(text)
  const saltBytes = Buffer.from(salt)
  return `$6$${salt}$${encode(stretch(firstDigest(key, saltBytes), key, saltBytes))}`
}

/** 6 bits a byte: 64 signs, none more likely than another. */
function randomSalt(): string {
  return [...randomBytes(16)].map((byte) => alphabet.charAt(byte & 63)).join('')
}

function sha512(parts: Iterable<Uint8Array>): Buffer {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** The block over and over, as many bytes as asked. */
function cycle(block: Buffer, length: number): Buffer {
  return Buffer.alloc(length, block)
}

/** 1 to 12 */
function firstDigest(key: Buffer, salt: Buffer): Buffer {
  const other = sha512([key, salt, key])
  const parts = [key, salt, cycle(other, key.length)]
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? other : key)
  return sha512(parts)
}

/** 13 to 21 */
function stretch(first: Buffer, key: Buffer, salt: Buffer): Buffer {
  const keys = cycle(sha512(Array<Buffer>(key.length).fill(key)), key.length)
  const salts = cycle(sha512(Array<Buffer>(16 + first.readUInt8(0)).fill(salt)), salt.length)
  let digest = first
  for (let round = 0; round < rounds; round += 1) {
    const parts = [round % 2 ? keys : digest]
    if (round % 3) parts.push(salts)
    if (round % 7) parts.push(keys)
    parts.push(round % 2 ? digest : keys)
    digest = sha512(parts)
  }
  return digest
}

/** 22: three bytes as four signs, the lowest bits first; which three turns with each group. */
function encode(digest: Buffer): string {
  let text = ''
  let [a, b, c] = [0, 21, 42]
  for (let group = 0; group < 21; group += 1) {
    text += signs(digest.readUInt8(a) << 16 | digest.readUInt8(b) << 8 | digest.readUInt8(c), 4);
    [a, b, c] = [b + 1, c + 1, a + 1]
  }
  return text + signs(digest.readUInt8(63), 2)
}

function signs(bits: number, count: number): string {
  return Array.from({ length: count }, (_, place) => alphabet.charAt(bits >> 6 * place & 63)).join('')
}
