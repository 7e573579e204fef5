import { exit, exitThrough } from './exit.js'
import { program } from './program.js'

/**
 * Runs the command line of this process and ends it; before that `atSuccess` is called when all went well. While libvirt is
 * loaded `ahead`, on a thread, the process cannot end in Node's way.
 */
export async function main(ahead = false, atSuccess: () => void = () => undefined): Promise<never> {
  if (ahead) exitThrough((await import('./virt/exit.js')).exitNow)
  const code = await program(process.argv.slice(2))
  if (code === 0) atSuccess()
  return exit(code)
}
