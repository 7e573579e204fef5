import { readFile } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { StringDecoder } from 'node:string_decoder'
import { UsageError } from './errors.js'
import { standardInput, takeStandardInput } from './stdin.js'

/** The text of a file, or of standard input for `-`. @throws UsageError that names the file */
export async function readInput(path: string): Promise<string> {
  if (path === '-') {
    const stdin = standardInput()
    if (stdin.isTTY) throw new UsageError('- reads standard input, which is a terminal', 'give a file, or pipe the text in')
    return text(stdin)
  }
  if (path === '') throw new UsageError('a file without a name', 'give a file, or - for standard input')
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const reason = { ENOENT: 'there is no such file', EISDIR: 'it is a folder' }[error.code ?? ''] ?? error.message
    throw new UsageError(`${path} cannot be read: ${reason}`)
  })
}

/** The bytes of standard input, as they come. @throws UsageError when it is a terminal */
export function inputBytes(stdin = standardInput()): NodeJS.ReadStream {
  if (stdin.isTTY) throw new UsageError('- reads standard input, which is a terminal', 'give a file, or pipe the bytes in')
  return stdin
}

/**
 * The lines of a batch: of a file at once, of standard input for `-`, where nobody else may read then, as many as come together.
 * @throws UsageError that names the file; the signal's reason, while the next are waited for too
 */
export async function* inputLines(path: string, signal: AbortSignal): AsyncIterable<string[]> {
  if (path !== '-') {
    yield (await readInput(path)).split(lineEnd)
    return
  }
  const decoder = new StringDecoder('utf8')
  let begun = ''
  for await (const bytes of untilSignal(inputBytes(takeStandardInput()), signal)) {
    const lines = (begun + decoder.write(bytes)).split(lineEnd)
    begun = lines.pop() ?? ''
    yield lines
  }
  yield [begun + decoder.end()]
}

const lineEnd = /\r?\n/

async function* untilSignal(stream: Readable, signal: AbortSignal): AsyncIterable<Buffer> {
  const bytes: AsyncIterable<Buffer> = addAbortSignal(signal, stream)
  try {
    yield* bytes
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}
