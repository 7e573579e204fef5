import { fileURLToPath } from 'node:url'
import { exitCodeOf, renderError } from './output/failure.js'
import { exit } from './exit.js'
import { fromParser, property } from './parse-failure.js'
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
  const known = fromParser(error, nearFlags)
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
