import { LabHost } from '../test/lab/host.js'
import type { Comparison, Suite } from './compare.js'
import { inTurn, programs } from './programs.js'
import { defineMany } from './small-machines.js'

/** A list of a thousand machines and of ten thousand of a real libvirtd. */
export async function open(): Promise<Suite> {
  const host = await LabHost.up()
  const { bay, virsh } = programs(host.uri)
  let made = 0
  const list = (machines: number, bar: number): Comparison => ({
    name: `vm list -o json, ${machines} machines of libvirtd`, beside: 'virsh list --all; virsh domstats', pairs: 5, bar, memory: 200e6,
    before: async () => {
      if (made < machines) await defineMany(host.uri, made + 1, machines)
      made = machines
    },
    ours: () => bay('vm', 'list', '-o', 'json'), theirs: () => inTurn([() => virsh('list', '--all'), () => virsh('domstats')]),
  })
  return { comparisons: [list(1000, 1.5), list(10_000, 1)], [Symbol.asyncDispose]: () => host.down() }
}
