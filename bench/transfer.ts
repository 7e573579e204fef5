import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { bayEnvironment, program } from '../test/lab/bay.js'
import { LabHost } from '../test/lab/host.js'

/** A sparse file of 2 GiB with 200 MiB of data, to a host and back, beside virsh: seconds of the whole runs and peak memory. */
const [GiB, MiB] = [2 ** 30, 2 ** 20]

interface Measured { what: string, seconds: number, memory: number }

const host = await LabHost.up()
const folder = join(host.dir, 'transfer')
const [file, back] = [join(folder, 'sparse.img'), join(folder, 'back.img')]
try {
  mkdirSync(folder)
  await bay('pool', 'create', 'default', '--path', join(folder, 'pool'))
  makeSparse()
  for (const name of ['plain', 'sparse']) await virsh('vol-create-as', 'default', name, '2G', '--format', 'raw', '--allocation', '0')
  // The first of each warms the caches of both.
  await round()
  const rows = await round()
  process.stdout.write('| | seconds | peak memory, MB |\n| --- | ---: | ---: |\n')
  for (const { what, seconds, memory } of rows) process.stdout.write(`| ${what} | ${seconds.toFixed(2)} | ${(memory / 1e6).toFixed(0)} |\n`)
} finally {
  await host.down()
}

async function round(): Promise<Measured[]> {
  rmSync(back, { force: true })
  const rows = [
    await measure('bay vol upload', () => bay('vol', 'upload', file, 'default/bay', '--overwrite')),
    await measure('bay vol upload --checksum sha256', () => bay('vol', 'upload', file, 'default/bay', '--overwrite', '--checksum', 'sha256')),
    await measure('virsh vol-upload --sparse', () => virsh('vol-upload', '--sparse', '--pool', 'default', 'sparse', file)),
    await measure('virsh vol-upload', () => virsh('vol-upload', '--pool', 'default', 'plain', file)),
    await measure('bay vol download', () => bay('vol', 'download', 'default/bay', back, '--overwrite')),
    await measure('bay vol download --checksum sha256', () => bay('vol', 'download', 'default/bay', back, '--overwrite', '--checksum', 'sha256')),
  ]
  for (const way of [['--sparse'], []]) {
    rmSync(back)
    rows.push(await measure(['virsh vol-download', ...way].join(' '), () => virsh('vol-download', ...way, '--pool', 'default', 'sparse', back)))
  }
  return rows
}

async function measure(what: string, work: () => Promise<number>): Promise<Measured> {
  const began = performance.now()
  const memory = await work()
  return { what, seconds: (performance.now() - began) / 1000, memory }
}

function bay(...args: string[]): Promise<number> {
  return peakOf(process.execPath, [program, '-q', ...args], bayEnvironment({ uri: host.uri }))
}

function virsh(...args: string[]): Promise<number> {
  return peakOf('virsh', ['-q', '-c', host.uri, ...args], process.env)
}

/** Runs it and gives the most memory that it had, in bytes: VmHWM, looked at until it is gone. */
function peakOf(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
    let peak = 0
    const look = setInterval(() => { peak = Math.max(peak, memoryOf(child.pid ?? 0)) }, 10)
    child.on('error', reject)
    child.on('close', (code) => {
      clearInterval(look)
      if (code === 0) resolve(peak)
      else reject(new Error(`${command} ${args.join(' ')}: exit code ${code}`))
    })
  })
}

function memoryOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

function makeSparse(): void {
  const fd = openSync(file, 'w')
  for (let at = 0; at < 200; at += 1) writeSync(fd, randomBytes(MiB), 0, MiB, at * 10 * MiB)
  ftruncateSync(fd, 2 * GiB)
  closeSync(fd)
}
