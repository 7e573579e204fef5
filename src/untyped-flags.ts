import type { Command } from '@oclif/core/command'
import type { Interfaces } from '@oclif/core'

type Flag = Interfaces.Flag<unknown>
type Flags = Record<string, Flag>

/**
 * A command as its words need it: words of which none begins with a dash need only those flags that have a say when nobody
 * types them. oclif's parser goes through all the flags it is given, many times; a batch has a thousand lines.
 */
export function asTyped<C extends typeof Command>(command: C, words: readonly string[]): C {
  if (words.some((word) => word.startsWith('-'))) return command
  const known = untyped.get(command)
  if (known) return known as C
  const all: Flags = { ...command.baseFlags, ...command.flags }
  const flags = Object.fromEntries(Object.entries(all).filter(([, flag]) => hasASay(flag)))
  const made = { ...command, baseFlags: {}, flags }
  untyped.set(command, made)
  return made
}

const untyped = new WeakMap<typeof Command, typeof Command>()

/** Defaults, and what oclif checks of flags that are missing. */
function hasASay(flag: Flag): boolean {
  return ['default', 'defaultHelp', 'env', 'required', 'exactlyOne', 'atLeastOne', 'relationships'].some((key) => {
    return (flag as unknown as Record<string, unknown>)[key] !== undefined
  })
}
