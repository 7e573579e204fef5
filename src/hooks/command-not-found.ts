import type { Hook } from '@oclif/core'
import { UsageError } from '../errors.js'
import { suggest } from '../names.js'

/** `bay vm lst`: an error that names near commands, and never a question. */
const commandNotFound: Hook.CommandNotFound = function ({ id, config }) {
  const words = id.split(':')
  const commands = config.commandIDs.map((each) => each.replaceAll(':', ' '))
  const longest = words.map((_, at) => words.slice(0, words.length - at).join(' ')).find((each) => commands.includes(each))
  if (longest !== undefined) {
    throw new UsageError(`unexpected argument: ${words.slice(longest.split(' ').length).join(' ')}`, `bay ${longest} --help`)
  }
  const typed = words.join(' ')
  throw new UsageError(`there is no command '${typed}'`, ...suggest(typed, commands).map((near) => `bay ${near}`), 'bay help')
}

export default commandNotFound
