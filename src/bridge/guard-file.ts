import { existsSync, readFileSync } from 'node:fs'
import { BayError } from '../errors.js'
import type { GuardFile } from './guard-messages.js'
import { writeWhole } from './write-whole.js'

export function writeGuardFile(path: string, content: GuardFile): void {
  writeWhole(path, JSON.stringify(content), 0o600)
}

/** What a guard wrote, root's own file in root's own folder; null when there is nothing. @throws BayError of a later version's */
export function readGuardFile(path: string): GuardFile | null {
  if (!existsSync(path)) return null
  const content = JSON.parse(readFileSync(path, 'utf8')) as Omit<GuardFile, 'version'> & { version: number }
  if (content.version !== 1) throw new BayError('failed', `${path} is of a later version of bay`, { hints: ['use that version'] })
  return { ...content, version: 1 }
}
