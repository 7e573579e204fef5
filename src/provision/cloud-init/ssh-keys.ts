import { readFile, stat } from 'node:fs/promises'
import { UsageError } from '../../errors.js'

/**
 * Lines for authorized_keys, each once, with their options and comments: from files (`id_ed25519.pub`, an authorized_keys
 * file) and from keys that are given as they are (`ssh-ed25519 AAAA… me@here`).
 * @throws UsageError for a private key (whose text is not repeated), and for what is no key
 */
export async function readSshKeys(given: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(given.map(async (text) => isLiteral(text) ? keysIn(text, 'the SSH key') : keysIn(await readKeyFile(text), text)))
  const keys = lists.flat()
  return keys.filter(({ body }, index) => keys.findIndex((other) => other.body === body) === index).map(({ line }) => line)
}

interface Key {
  line: string
  /** the type and the base64 */
  body: string
}

/** sshd(8); DSA is gone from OpenSSH, and a certificate is no key to be trusted here. */
const types = [
  'ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com',
]

const mostBytes = 2 ** 20

/** A key's body begins with the length of its type: three zero bytes, which are AAAA in base64. No path has that and a blank. */
function isLiteral(text: string): boolean {
  return /\sAAAA|-----BEGIN|^(?:ssh-|ecdsa-|sk-)\S*\s/.test(text)
}

async function readKeyFile(path: string): Promise<string> {
  const refuse = (error: NodeJS.ErrnoException) => {
    const reason = { ENOENT: 'there is no such file', EACCES: 'permission denied' }[error.code ?? ''] ?? error.message
    return new UsageError(`the SSH key ${path} cannot be read: ${reason}`, 'a .pub file, or the key itself')
  }
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => { throw refuse(error) })
  if (found.isDirectory()) throw new UsageError(`the SSH key ${path} is a folder`, 'a .pub file in it')
  if (found.size > mostBytes) throw new UsageError(`${path} is too large to be an SSH key`)
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => { throw refuse(error) })
}

function keysIn(text: string, what: string): Key[] {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----|^PuTTY-User-Key-File/m.test(text)) {
    throw new UsageError(`${what} is a private key`, what === 'the SSH key' ? 'give its public half' : `give its public half: ${what}.pub`)
  }
  if (text.includes('---- BEGIN SSH2 PUBLIC KEY ----')) throw new UsageError(`${what} is not in the format of OpenSSH`, 'ssh-keygen -i -f FILE')
  const lines = text.split('\n').map((line, index) => ({ line: line.trim(), place: what === 'the SSH key' ? what : `${what} line ${index + 1}` }))
  const keys = lines.filter(({ line }) => line !== '' && !line.startsWith('#')).map(({ line, place }) => parseKey(line, place))
  if (keys.length === 0) throw new UsageError(`${what} holds no SSH key`)
  return keys
}

/** `[options] type base64 [comment]` */
function parseKey(line: string, place: string): Key {
  if (/\p{Cc}/u.test(line.replaceAll('\t', ' '))) throw new UsageError(`${place} has a control character`)
  const [type = '', base64 = ''] = withoutOptions(line).split(/[ \t]+/)
  if (type.includes('-cert-v')) throw new UsageError(`${place} is a certificate`, 'give the key')
  if (!types.includes(type)) throw new UsageError(`${place} is no public SSH key`, `its type is one of ${types.join(', ')}`)
  if (!isBody(base64, type)) throw new UsageError(`${place}: the key is damaged or cut short`, 'copy the whole line')
  return { line, body: `${type} ${base64}` }
}

/** Options have no blanks but in quotes, and a quote in quotes has a backslash. */
function withoutOptions(line: string): string {
  const first = /^\S+/.exec(line)?.[0] ?? ''
  if (types.includes(first) || first.includes('-cert-v')) return line
  return line.replace(/^(?:[^\s"]|"(?:[^"\\]|\\.)*")+[ \t]+/, '')
}

/** Fields with their lengths before them (RFC 4253, 6.6), of which the first is the type again, and nothing after them. */
function isBody(base64: string, type: string): boolean {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.toString('base64') !== base64) return false
  const fields: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt32BE(at) : Infinity
    if (end > bytes.length) return false
    fields.push(bytes.subarray(at + 4, end))
    at = end
  }
  return fields.length >= 2 && fields.every((field) => field.length > 0) && fields[0]?.toString('latin1') === type
}
