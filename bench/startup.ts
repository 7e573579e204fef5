import { bayEnvironment, program as bin } from '../test/lab/bay.js'
import { program, type Comparison, type Suite } from './compare.js'

const newer = Number(process.versions.node.split('.')[0]) >= 24

/** What a start costs beside Node's own. */
export function open(): Promise<Suite> {
  const env = bayEnvironment({ uri: 'test:///default' })
  const start = (bar: number, ...args: string[]): Comparison => ({
    name: `bay ${args.join(' ')}`.trim(), beside: `node -e 0, ${process.version}`, pairs: 20, bar,
    ours: async () => [await program(process.execPath, [bin, ...args], env)],
    theirs: async () => [await program(process.execPath, ['-e', '0'], env)],
  })
  return Promise.resolve({
    comparisons: [start(1.3, '--version'), start(newer ? 2.5 : 2, 'vm', 'list'), start(1.5, '__complete', 'vm', 'show', '')],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
}
