import { createReadStream } from 'node:fs'
import { UsageError } from './errors.js'
import { parse, type XmlElement } from './xml/node.js'
import { attr, child, textOf } from './xml/tree.js'

/** The document of an object that is to be defined. */
export interface Definition {
  xml: string
  root: XmlElement
  /** the object's name, as the document has it */
  name: string
  /** the file, for messages */
  where: string
}

/** What libvirt takes in one call. */
const mostBytes = 4 << 20

/**
 * Reads a definition from a file, or from stdin when the file is `-`.
 * @throws UsageError that names the file, and the line, when it cannot be read, is no XML, or is something else
 */
export async function readDefinition(file: string, root: 'network' | 'pool' | 'filter' | 'domain'): Promise<Definition> {
  const where = file === '-' ? 'standard input' : file
  const xml = decode(await readBytes(file, where), where)
  const element = parseNamed(xml, where)
  if (element.name !== root) throw new UsageError(`${where}: this is a <${element.name}>, not a <${root}>`)
  const name = root === 'filter' ? attr(element, 'name') : textOf(child(element, 'name'))
  if (!name) throw new UsageError(`${where}: the <${root}> has no name`)
  return { xml, root: element, name, where }
}

async function readBytes(file: string, where: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
      chunks.push(chunk as Buffer)
      size += (chunk as Buffer).length
      if (size > mostBytes) throw new UsageError(`${where} is longer than 4 MiB, which is what libvirt takes`)
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && 'syscall' in error) throw new UsageError(`cannot read ${where}: ${reason(error)}`)
    throw error
  }
  return Buffer.concat(chunks)
}

/** Node's message without its code in front and the call behind. */
function reason(error: Error): string {
  return error.message.replace(/^E[A-Z]+: /, '').replace(/, \w+( '.*')?$/s, '')
}

function decode(bytes: Buffer, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw Object.assign(new UsageError(`${where}: this is not UTF-8 text`), { cause: error })
  }
}

function parseNamed(xml: string, where: string): XmlElement {
  try {
    return parse(xml)
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${where}: ${error.message}`, ...error.hints)
    throw error
  }
}
