import { fileURLToPath } from 'node:url'
import { BayError, merged, UsageError } from './errors.js'
import { exitCodeOf, renderError } from './output/failure.js'
import { exit } from './exit.js'
import { guardStreams, writeErr, writeOut } from './output/streams.js'

/**
 * Runs the command line of this process and ends it. `url` is the import.meta.url of the file in bin/.
 * The one place where an error becomes a message and an exit code.
 */
export async function main(url: string): Promise<never> {
  const argv = process.argv.slice(2)
  if (argv[0] === '__complete') return exit(await completion(argv.slice(1)))
  // oclif's own listener would throw what `writeOut` reports already.
  await import('@oclif/core/command')
  process.stdout.removeAllListeners('error')
  // A reader that has gone away ends no work: what was begun is finished, and the embedded host keeps its state.
  guardStreams((error) => { if (error.code !== 'EPIPE') exit(1) })
  return exit(await exitCode(argv, fileURLToPath(url)))
}

/** The shell waits for it at each Tab, so it starts without oclif. */
async function completion(words: string[]): Promise<number> {
  const { complete } = await import('./complete.js')
  return complete(words)
}

async function exitCode(argv: string[], root: string): Promise<number> {
  try {
    const [{ run }, { arrange }] = await Promise.all([import('@oclif/core/run'), import('./command-line.js')])
    // Nothing of the user's folders is loaded as code, and one that may not be read is no matter.
    await run(arrange(argv), { root, userPlugins: false, devPlugins: false })
    return process.exitCode === undefined ? 0 : Number(process.exitCode)
  } catch (error) {
    return report(error, argv)
  }
}

/** Prints an error as the contract says and gives its exit code. */
async function report(error: unknown, argv: string[]): Promise<number> {
  const code = oclifExit(error)
  if (code !== undefined) return code
  const { nearFlags, wantsJson } = await import('./command-line.js')
  const known = fromParser(merged(error), nearFlags)
  const json = wantsJson(argv)
  if (!property(known, 'alreadyShown')) {
    const text = (form: { json: boolean }) => renderError(known, { ...form, uri: property(known, 'bayUri') as string | undefined })
    const toPeople = () => writeErr(text({ json: false }))
    // When stdout is what is broken, somebody should still hear of it.
    if (json) await writeOut(text({ json })).catch(toPeople)
    else toPeople()
  }
  return exitCodeOf(known)
}

/** oclif ends --help and --version by throwing an exit. */
function oclifExit(error: unknown): number | undefined {
  return property(error, 'code') === 'EEXIT' ? (error as { oclif: { exit: number } }).oclif.exit : undefined
}

/**
 * What oclif's parser refuses is a usage error; its message has the advice to see --help on a line of its own. Around
 * what a flag's own parser says it writes `Parsing --size \n\t…`, and the same advice.
 */
function fromParser(error: unknown, near: (typed: string[], known: string[]) => string[]): unknown {
  if (!(error instanceof Error)) return error
  const [, flag, ofFlag] = /^Parsing (--\S+) \n\t([^]*)\nSee more help with --help$/.exec(error.message) ?? []
  if (error instanceof BayError) return ofFlag === undefined ? error : Object.assign(error, { message: ofFlag })
  // oclif's own exit code for what is wrong on the command line, whether its parser or a flag says so
  if (ofFlag === undefined && property(property(error, 'oclif'), 'exit') !== 2) return error
  // Its note that flags swallow arguments is true of greedy flags only, which there are none of here.
  const [, typedCommand] = /^command (\S+) not found\.?$/i.exec(error.message) ?? []
  if (typedCommand !== undefined) return new UsageError(`there is no command '${typedCommand.replaceAll(':', ' ')}'`, 'bay help')
  const message = (ofFlag ?? error.message).replace(/\nSee more help with --help$/, '').replace(/\s+Note: --[^]*$/, '').replaceAll(/\s*\n\s*/g, ' ')
  const sentence = message.charAt(0).toLowerCase() + message.slice(1)
  const typed = (property(error, 'flags') ?? []) as string[]
  const known = Object.keys(property(property(property(error, 'parse'), 'input'), 'flags') ?? {})
  return new UsageError(flag === undefined ? sentence : `${flag}: ${sentence}`, ...near(typed, known), 'add --help for what it takes')
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined
}
