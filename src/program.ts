import { fileURLToPath } from 'node:url'
import { asked } from './asked.js'
import { commandIds } from './command-table.js'
import { exitCodeOf, renderError } from './output/failure.js'
import { exit } from './exit.js'
import { fromParser, property } from './parse-failure.js'
import { programFile } from './program-file.js'
import { guardStreams, listenAlone, writeErr, writeOut } from './output/streams.js'
import { version } from './version.js'

/**
 * Runs a command line and gives the exit code.
 * The one place where an error becomes a message and an exit code.
 */
export async function program(argv: string[]): Promise<number> {
  if (argv[0] === '__complete') return completion(argv.slice(1))
  // A reader that has gone away ends no work: what was begun is finished, and the embedded host keeps its state.
  guardStreams((error) => { if (error.code !== 'EPIPE') exit(1) })
  await import('@oclif/core/command')
  listenAlone()
  return outcome(argv)
}

/** The shell waits for it at each Tab, so it starts without oclif. */
async function completion(words: string[]): Promise<number> {
  const { complete } = await import('./complete.js')
  return complete(words)
}

async function outcome(argv: string[]): Promise<number> {
  try {
    await runLine(argv)
    return process.exitCode === undefined ? 0 : Number(process.exitCode)
  } catch (error) {
    return report(error, argv)
  }
}

async function runLine(argv: string[]): Promise<unknown> {
  const { arrange, refuseStrangeFlags } = await import('./command-line.js')
  const line = arrange(argv)
  if (line[0] === '--version') return writeOut(`bay/${version()} ${process.platform}-${process.arch} node-${process.version}\n`)
  const page = line.length === 2 && line[1] === '--help' ? await (await helpPages()).page(line[0] ?? '') : undefined
  if (page !== undefined) return writeOut(page)
  const wanted = asked(commandIds(), line)
  if (wanted !== 'help') return (await import('./run-command.js')).runCommand(wanted.command, wanted.argv)
  refuseStrangeFlags(line)
  const { run } = await import('./oclif.js')
  // Nothing of the user's folders is loaded as code, and one that may not be read is no matter.
  await run(line, { root: fileURLToPath(programFile('')), userPlugins: false, devPlugins: false })
  return line.every((word) => word === '--help') ? writeOut(await (await helpPages()).list()) : undefined
}

function helpPages() {
  return import('./help-pages.js')
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
