import { join } from 'node:path'
import { LabHost } from '../test/lab/host.js'
import { tinyGuest } from '../test/lab/guest.js'
import type { Suite } from './compare.js'
import { program } from './compare.js'
import { inTurn, programs } from './programs.js'

/** A machine made and started, and sixteen of them. */
export async function open(): Promise<Suite> {
  const host = await LabHost.up()
  const { bay } = programs(host.uri)
  const { kernel, initrd, cmdline } = await tinyGuest()
  await bay('pool', 'create', 'default', '--path', join(host.dir, 'pools/default'))
  const create = (name: string, ...more: string[]) => bay('vm', 'create', name, '--virt', 'qemu', '--vcpus', '1', '--memory', '64M', '--graphics', 'none',
    '--network', 'none', '--disk', '1G', '--kernel', kernel, '--initrd', initrd, '--cmdline', cmdline, ...more)
  const install = (name: string) => program('virt-install', ['-q', '--connect', host.uri, '--name', name, '--virt-type', 'qemu', '--vcpus', '1', '--memory', '64',
    '--graphics', 'none', '--network', 'none', '--disk', 'size=1', '--osinfo', 'linux2022', '--import', '--noautoconsole', '--wait', '0',
    '--boot', `kernel=${kernel},initrd=${initrd},kernel_args=${cmdline}`], process.env)
  const before = async () => { await bay('vm', 'delete', '--all', '--force', '--yes', '--parallel', '8') }
  const names = Array.from({ length: 16 }, (_, index) => `b-${index + 1}`)
  return {
    comparisons: [
      { name: 'vm create', beside: 'virt-install', pairs: 5, before, ours: () => create('b'), theirs: async () => [await install('b')] },
      {
        name: 'vm create --count 16 --no-start', beside: '16 × bay vm create', pairs: 3, before,
        ours: () => create('b', '--count', '16', '--no-start'), theirs: () => inTurn(names.map((name) => () => create(name, '--no-start'))),
      },
    ],
    [Symbol.asyncDispose]: () => host.down(),
  }
}
