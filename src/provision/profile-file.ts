import { open } from 'node:fs/promises'
import { UsageError } from '../errors.js'
import { profileKeys, type ProfileFile } from './profile-fields.js'

/** A profile is some lines; what is larger is something else. */
const mostBytes = 64 * 1024

/** Reads one profile's file. @throws UsageError that names the file, the key and, for what is no YAML, the line */
export async function readProfileFile(path: string): Promise<ProfileFile> {
  return profileKeys(await parseYaml(await contentOf(path), path), path)
}

async function contentOf(path: string): Promise<string> {
  const file = await open(path, 'r').catch((error: Error) => { throw new UsageError(`${path} cannot be read: ${error.message}`) })
  try {
    const found = await file.stat()
    if (!found.isFile()) throw new UsageError(`${path} is no file`)
    if (found.size > mostBytes) throw new UsageError(`${path} is too large for a profile: more than ${mostBytes / 1024}K`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

async function parseYaml(text: string, path: string): Promise<unknown> {
  const { LineCounter, parseDocument } = await import('yaml')
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true })
  const [error] = document.errors
  if (error) throw new UsageError(`${path}:${lines.linePos(error.pos[0]).line}: ${error.message}`)
  if (document.contents === null) throw new UsageError(`${path} is empty`, 'a profile says at least description:')
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (reason) {
    throw new UsageError(`${path}: ${reason instanceof Error ? reason.message : String(reason)}`)
  }
}
