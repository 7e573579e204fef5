import { manyMachines } from './many-machines.js'
import { inTurn, programs } from './programs.js'
import type { Comparison, Suite } from './compare.js'

const memory = 200e6

/** A list of a thousand machines and of ten thousand, which libvirt's test driver reads from a file in each run. */
export function open(): Promise<Suite> {
  const hosts = [manyMachines(1000, { halfOff: true }), manyMachines(10_000, { halfOff: true })]
  const list = (uri: string, machines: number, bar: number): Comparison => {
    const { bay, virsh } = programs(uri)
    return {
      name: `vm list -o json, ${machines} machines`, beside: 'virsh list --all; virsh domstats', pairs: 3, bar, memory,
      ours: () => bay('vm', 'list', '-o', 'json'), theirs: () => inTurn([() => virsh('list', '--all'), () => virsh('domstats')]),
    }
  }
  const [thousand, tenThousand] = hosts.map(({ uri }) => uri)
  return Promise.resolve({
    comparisons: [list(thousand ?? '', 1000, 1.5), list(tenThousand ?? '', 10_000, 1)],
    [Symbol.asyncDispose]: () => {
      for (const host of hosts) host[Symbol.dispose]()
      return Promise.resolve()
    },
  })
}
