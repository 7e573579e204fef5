import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LabHost } from '../test/lab/host.js'
import { bayEnvironment, program as bin } from '../test/lab/bay.js'
import { program, type Suite } from './compare.js'
import { inTurn, programs } from './programs.js'
import { pythonDefining, smallMachine } from './small-machines.js'

/** A hundred machines defined from files, by one batch over one connection, by python3-libvirt over one, and by a loop of virsh. */
export async function open(): Promise<Suite> {
  const host = await LabHost.up()
  const folder = mkdtempSync(join(tmpdir(), 'bay-bench-'))
  const { bay, virsh } = programs(host.uri)
  const files = Array.from({ length: 100 }, (_, at) => {
    const file = join(folder, `d-${at + 1}.xml`)
    writeFileSync(file, smallMachine(`d-${at + 1}`))
    return file
  })
  const lines = files.map((file) => `vm define ${file}\n`).join('')
  const batch = async () => [await program(process.execPath, [bin, '-q', 'batch'], bayEnvironment({ uri: host.uri }), lines)]
  const shared = { name: '100 × vm define, a batch', ours: batch, before: async () => { await bay('vm', 'delete', '--all', '--yes') } }
  return {
    comparisons: [
      { ...shared, beside: 'python3-libvirt', pairs: 5, bar: 1.5, theirs: async () => [await pythonDefining(host.uri, files)] },
      { ...shared, beside: '100 × virsh define --validate', pairs: 3, bar: 0.3, theirs: () => inTurn(files.map((file) => () => virsh('define', '--validate', file))) },
    ],
    [Symbol.asyncDispose]: async () => {
      rmSync(folder, { recursive: true })
      await host.down()
    },
  }
}
