import { bayEnvironment, program as bin } from '../test/lab/bay.js'
import { program, type Run } from './compare.js'

/** The programs that are compared, each as a process of its own on this host; every one must succeed. */
export function programs(uri: string) {
  return {
    bay: async (...args: string[]): Promise<Run[]> => [await program(process.execPath, [bin, '-q', ...args], bayEnvironment({ uri }))],
    virsh: async (...args: string[]): Promise<Run[]> => [await program('virsh', ['-q', '-c', uri, ...args], process.env)],
  }
}

/** One after another. */
export async function inTurn(works: readonly (() => Promise<Run[]>)[]): Promise<Run[]> {
  const runs: Run[] = []
  for (const work of works) runs.push(...await work())
  return runs
}
