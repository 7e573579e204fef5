import { bayEnvironment, program as bin } from '../test/lab/bay.js'
import { program, type Comparison, type Suite } from './compare.js'
import { opening } from './least.js'

const newer = Number(process.versions.node.split('.')[0]) >= 24

/** What a start costs beside Node's own. */
export function open(): Promise<Suite> {
  const env = bayEnvironment({ uri: 'test:///default' })
  const nothing = { beside: `node -e 0, ${process.version}`, pairs: 20, theirs: async () => [await program(process.execPath, ['-e', '0'], env)] }
  const start = (bar: number, ...args: string[]): Comparison => ({
    ...nothing, name: `bay ${args.join(' ')}`.trim(), bar, ours: async () => [await program(process.execPath, [bin, ...args], env)],
  })
  const leastOfAll = { ...nothing, name: 'node that opens libvirt', ours: async () => [await program(process.execPath, ['-e', opening('test:///default')], env)] }
  return Promise.resolve({
    comparisons: [leastOfAll, start(1.3, '--version'), start(newer ? 2.5 : 2, 'vm', 'list'), start(1.5, '__complete', 'vm', 'show', '')],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
}
