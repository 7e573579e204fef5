import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LabHost } from '../test/lab/host.js'
import { bayEnvironment, program as bin } from '../test/lab/bay.js'
import { program, type Suite } from './compare.js'
import { inTurn, programs } from './programs.js'
import { pythonDefining, smallMachine } from './small-machines.js'

/** A hundred machines defined from files: by one run, a batch over one connection, python3-libvirt over one, a loop of virsh. */
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
  const before = async () => { await bay('vm', 'delete', '--all', '--yes') }
  const once = { name: 'vm define, 100 files', before, ours: () => bay('-q', 'vm', 'define', ...files) }
  const lineByLine = { name: '100 × vm define, a batch', before, ours: batch }
  const python = { beside: 'python3-libvirt', pairs: 5, bar: 1.5, theirs: async () => [await pythonDefining(host.uri, files)] }
  const loop = {
    beside: '100 × virsh define --validate', pairs: 3, theirs: () => inTurn(files.map((file) => () => virsh('define', '--validate', file))),
  }
  return {
    comparisons: [
      { ...once, ...python }, { ...once, ...loop, bar: 0.3 }, { ...lineByLine, ...python }, { ...lineByLine, ...loop },
    ],
    [Symbol.asyncDispose]: async () => {
      rmSync(folder, { recursive: true })
      await host.down()
    },
  }
}
