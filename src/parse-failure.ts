import { BayError, merged, UsageError } from './errors.js'

type NearFlags = (typed: readonly string[], known: readonly string[]) => string[]

/**
 * What oclif's parser refuses is a usage error; its message has the advice to see --help on a line of its own. Around
 * what a flag's own parser says it writes `Parsing --size \n\t…`, and the same advice. Anything else comes back as it is.
 */
export function fromParser(caught: unknown, near: NearFlags): unknown {
  const error = merged(caught)
  if (!(error instanceof Error)) return error
  const [, flag, ofFlag] = /^Parsing (--\S+) \n\t([^]*)\nSee more help with --help$/.exec(error.message) ?? []
  if (error instanceof BayError) return ofFlag === undefined ? error : Object.assign(error, { message: ofFlag })
  // oclif's own exit code for what is wrong on the command line, whether its parser or a flag says so
  if (ofFlag === undefined && property(property(error, 'oclif'), 'exit') !== 2) return error
  const [, typedCommand] = /^command (\S+) not found\.?$/i.exec(error.message) ?? []
  if (typedCommand !== undefined) return new UsageError(`there is no command '${typedCommand.replaceAll(':', ' ')}'`, 'bay help')
  // Its note that flags swallow arguments is true of greedy flags only, which there are none of here.
  const message = (ofFlag ?? error.message).replace(/\nSee more help with --help$/, '').replace(/\s+Note: --[^]*$/, '').replaceAll(/\s*\n\s*/g, ' ')
  const sentence = inWords(error, message)
  const typed = (property(error, 'flags') ?? []) as string[]
  const known = Object.keys(property(property(property(error, 'parse'), 'input'), 'flags') ?? {})
  return new UsageError(flag === undefined ? sentence : `${flag}: ${sentence}`, ...near(typed, known), 'add --help for what it takes')
}

function inWords(error: Error, message: string): string {
  const args = property(error, 'args')
  if (/^Missing \d+ required arg/.test(message) && Array.isArray(args)) {
    const named = args.map((arg) => `${String(property(arg, 'name')).toUpperCase()} (${String(property(arg, 'description'))})`)
    return `${named.join(' and ')} ${named.length === 1 ? 'is' : 'are'} missing`
  }
  const plain = message.replace(/^The following errors? occurred: /, '').replace(/^Missing required flag (.+)$/, '--$1 is missing').replace(/^(--[a-z-]+)=true cannot /, '$1 cannot ')
    .replace(/^All of the following must be provided when using (--\S+): (.*)$/, '$1 says nothing without $2')
  return plain.charAt(0).toLowerCase() + plain.slice(1)
}

/** A property of something that was thrown, whatever it is. */
export function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined
}
