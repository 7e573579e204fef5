import { LabHost } from '../test/lab/host.js'
import { tinyGuest } from '../test/lab/guest.js'
import type { Suite } from './compare.js'
import { inTurn, programs } from './programs.js'

/** Sixteen tiny guests started, by one run and by a loop. */
export async function open(): Promise<Suite> {
  const host = await LabHost.up()
  const { bay, virsh } = programs(host.uri)
  const { kernel, initrd, cmdline } = await tinyGuest()
  await bay('vm', 'create', 'b', '--count', '16', '--no-start', '--virt', 'qemu', '--vcpus', '1', '--memory', '64M', '--graphics', 'none',
    '--network', 'none', '--kernel', kernel, '--initrd', initrd, '--cmdline', cmdline)
  const names = Array.from({ length: 16 }, (_, at) => `b-${at + 1}`)
  return {
    comparisons: [{
      name: 'vm start, 16 guests', beside: '16 × virsh start', pairs: 3, bar: 0.7,
      before: async () => { await bay('vm', 'stop', '--all', '--force', '--yes') },
      ours: () => bay('vm', 'start', '--all'), theirs: () => inTurn(names.map((name) => () => virsh('start', name))),
    }],
    [Symbol.asyncDispose]: () => host.down(),
  }
}
