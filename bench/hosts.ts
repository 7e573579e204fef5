import { LabHost } from '../test/lab/host.js'
import { bayEnvironment, program as bin } from '../test/lab/bay.js'
import { program, type Comparison, type Suite } from './compare.js'
import { inTurn, programs } from './programs.js'
import { defineMany } from './small-machines.js'

/** A list of a thousand machines and of ten thousand of a real libvirtd, and a thousand commands there. */
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
  return { comparisons: [list(1000, 1.5), thousandLines(host.uri), list(10_000, 1)], [Symbol.asyncDispose]: () => host.down() }
}

/** Each of the first hundred machines is started with its host, then no longer, and again: each line changes something. */
function thousandLines(uri: string): Comparison {
  const lines = Array.from({ length: 1000 }, (_, at) => ({ name: `m-${at % 100 + 1}`, on: Math.floor(at / 100) % 2 === 0 }))
  const ours = lines.map(({ name, on }) => `vm autostart ${name}${on ? '' : ' --off'}\n`).join('')
  const theirs = lines.map(({ name, on }) => `autostart ${on ? '' : '--disable '}${name}\n`).join('')
  return {
    name: 'batch, 1000 lines for libvirtd', beside: 'virsh', pairs: 5,
    ours: async () => [await program(process.execPath, [bin, 'batch'], bayEnvironment({ uri }), ours)],
    theirs: async () => [await program('virsh', ['-c', uri], process.env, theirs)],
  }
}
