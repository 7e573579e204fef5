import { randomBytes } from 'node:crypto'
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { LabHost } from '../test/lab/host.js'
import type { Comparison, Suite } from './compare.js'
import { programs } from './programs.js'

const [GiB, MiB] = [2 ** 30, 2 ** 20]
const memory = 150e6

/** A sparse file of 2 GiB with 200 MiB of data, to a host and back. */
export async function open(): Promise<Suite> {
  const host = await LabHost.up()
  const { bay, virsh } = programs(host.uri)
  const folder = join(host.dir, 'transfer')
  const [file, back] = [join(folder, 'sparse.img'), join(folder, 'back.img')]
  mkdirSync(folder)
  await bay('pool', 'create', 'default', '--path', join(folder, 'pool'))
  makeSparse(file)
  for (const name of ['bay', 'plain']) await virsh('vol-create-as', 'default', name, '2G', '--format', 'raw', '--allocation', '0')

  const before = () => Promise.resolve(rmSync(back, { force: true }))
  const way = (ours: string, beside: string[], bar?: number): Comparison => {
    const up = ours.includes('upload')
    return {
      name: ours, beside: ['virsh', ...beside].join(' '), pairs: 3, memory, before, ...bar === undefined ? {} : { bar },
      ours: () => bay(...ours.split(' '), ...up ? [file, 'default/bay'] : ['default/bay', back], '--overwrite'),
      theirs: () => virsh(...beside, '--pool', 'default', up ? 'plain' : 'bay', up ? file : back),
    }
  }
  return {
    comparisons: [
      way('vol upload', ['vol-upload'], 1), way('vol upload', ['vol-upload', '--sparse']),
      way('vol download', ['vol-download'], 1), way('vol download', ['vol-download', '--sparse']),
    ],
    [Symbol.asyncDispose]: () => host.down(),
  }
}

function makeSparse(file: string): void {
  const fd = openSync(file, 'w')
  for (let at = 0; at < 200; at += 1) writeSync(fd, randomBytes(MiB), 0, MiB, at * 10 * MiB)
  ftruncateSync(fd, 2 * GiB)
  closeSync(fd)
}
