import * as Flags from '@oclif/core/flags'
import { UsageError } from './errors.js'

/** The permissions of a file, given as `0640`. */
export const modeFlag = Flags.custom<number>({ parse: (text, _, { name }) => Promise.resolve(parseMode(text, `--${name}`)) })

/** @throws UsageError for what is no mode, and for one that its owner could not read or would be run */
export function parseMode(text: string, what: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new UsageError(`${what} "${text.slice(0, 40)}" is no mode`, 'write it as 0600, 0640 or 0644')
  const mode = Number.parseInt(text, 8)
  if ((mode & 0o400) === 0 || (mode & 0o111) !== 0) {
    throw new UsageError(`${what} ${text}: its owner must be able to read it, and nobody to run it`, 'write it as 0600, 0640 or 0644')
  }
  return mode
}
