// The commands as they describe themselves in oclif.manifest.json, for what is made of it: the reference and the man pages.
import { fileURLToPath } from 'node:url'
import { CommandHelp, Config } from '@oclif/core'

export const config = await Config.load({ root: fileURLToPath(new URL('..', import.meta.url)), userPlugins: false, devPlugins: false })

/** Those that are not hidden, as they are typed, in order. */
export const commands = config.commands.filter(({ hidden }) => !hidden).map((command) => ({ ...command, typed: command.id.replaceAll(':', ' ') }))
  .sort((a, b) => a.typed < b.typed ? -1 : 1)

/** The name of its man page. */
export const pageOf = ({ typed }) => `bay-${typed.replaceAll(' ', '-')}`

const isGlobal = ({ helpGroup }) => helpGroup === 'GLOBAL'

/** The flags that every command has: pairs of a name and a flag. */
export const globals = Object.entries(commands[0].flags).filter(([, flag]) => isGlobal(flag))

/** How a flag is typed, and what takes the place of its value. */
export function typedFlag(name, { char, type, helpValue }) {
  return `${char === undefined ? '' : `-${char}, `}--${name}${type === 'option' ? ` ${helpValue}` : ''}`
}

/** What `--help` is made from, without the flags that every command has. */
export function helpOf(command, Help = CommandHelp, maxWidth = 120) {
  const flags = Object.fromEntries(Object.entries(command.flags).filter(([, flag]) => !isGlobal(flag)))
  return new Help({ ...command, id: command.typed, flags }, config, { maxWidth, stripAnsi: true })
}
