import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { program } from './compare.js'
import type { Suite } from './compare.js'
import { switching } from './least.js'
import { manyMachines } from './many-machines.js'
import { bayEnvironment, program as bin } from '../test/lab/bay.js'

/** A thousand commands in one run, beside virsh that reads the same from standard input. */
export function open(): Promise<Suite> {
  const host = manyMachines(100)
  const verbs = ['suspend', 'resume']
  const lines = Array.from({ length: 1000 }, (_, at) => `${verbs[Math.floor(at / 100) % 2]} m-${at % 100 + 1}`)
  const [ours, theirs] = [lines.map((line) => `vm ${line}\n`).join(''), lines.map((line) => `${line}\n`).join('')]
  const file = join(host.folder, 'commands')
  writeFileSync(file, ours)
  const env = bayEnvironment({ uri: host.uri })
  const virsh = async () => [await program('virsh', ['-c', host.uri], process.env, theirs)]
  return Promise.resolve({
    comparisons: [
      { name: 'node that makes the calls of 1000 lines', beside: 'virsh', pairs: 5, theirs: virsh, ours: async () => [await program(process.execPath, ['-e', switching(host.uri)], env, ours)] },
      { name: 'batch, 1000 lines', beside: 'virsh', pairs: 5, bar: 1.2, theirs: virsh, ours: async () => [await program(process.execPath, [bin, 'batch'], env, ours)] },
      { name: 'batch FILE, 1000 lines', beside: 'virsh', pairs: 5, theirs: virsh, ours: async () => [await program(process.execPath, [bin, 'batch', file], env)] },
    ],
    [Symbol.asyncDispose]: () => Promise.resolve(host[Symbol.dispose]()),
  })
}
