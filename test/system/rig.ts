import { existsSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bay, startBay, type BayOptions, type BayResult, type RunningBay } from '../lab/bay.js'
import { tinyGuest } from '../lab/guest.js'
import { LabHost } from '../lab/host.js'
import { run } from '../lab/script.js'

/** What the tests of machines need on a host: a pool, a network for who asks, the tiny guest, and somebody who types. */
export class Rig {
  readonly host: LabHost
  readonly pool = 'default'
  readonly network = 'default'
  /** A folder for the tests' own files; no pool. */
  readonly files: string
  /** The flags of a machine that boots in some seconds and hears ACPI once it has. */
  readonly tiny: readonly string[]
  /** The flags of a machine that runs at once and never hears anything: there is nothing to boot. */
  readonly deaf: readonly string[] = [...small('32M'), '--empty', '--disk', '1M']

  constructor(host: LabHost, tiny: readonly string[]) {
    this.host = host
    this.files = join(host.dir, 'files')
    this.tiny = tiny
  }

  /** The pool's folder. */
  get folder(): string {
    return join(this.host.dir, 'pools', this.pool)
  }

  /** Runs bay on the host, whatever comes of it. */
  bay(args: readonly string[], options: BayOptions = {}): Promise<BayResult> {
    return bay([...args], { uri: this.host.uri, ...options })
  }

  start(args: readonly string[], options: BayOptions = {}): RunningBay {
    return startBay([...args], { uri: this.host.uri, ...options })
  }

  /** Runs bay and expects success: what it printed. */
  async does(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.bay(args)
    if (code !== 0) throw new Error(`bay ${args.join(' ')}: exit code ${code}\n${stderr}${stdout}`)
    return stdout.trim()
  }

  /** The same with -o json: what it answered. */
  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.does('-o', 'json', ...args)) as T
  }

  /** The second opinion. */
  async virsh(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run('virsh', ['-q', '-c', this.host.uri, ...args])
    if (code !== 0) throw new Error(`virsh ${args.join(' ')}: ${stderr}`)
    return stdout.trim()
  }

  state(name: string): Promise<string> {
    return this.virsh('domstate', name)
  }

  /** All that the host has: each machine with its state and stored XML, each volume, and the files behind them. */
  async everything(): Promise<string[]> {
    const names = lines(await this.virsh('list', '--all', '--name'))
    const machines = await Promise.all(names.map(async (name) => {
      const [info, xml] = await Promise.all([this.virsh('dominfo', name), this.virsh('dumpxml', '--inactive', name)])
      return `${info.replace(/^CPU time:.*$/m, '')}\n${xml}`
    }))
    const volumes = lines(await this.virsh('vol-list', this.pool)).map((line) => line.trim().split(/\s+/)[0] ?? '')
    return [...machines.sort(), ...volumes.sort(), ...this.#filesBehind()]
  }

  /** Removes the machines whose names begin so, and the volumes named so, in whatever state they are. */
  async clean(prefix: string): Promise<void> {
    const names = lines(await this.virsh('list', '--all', '--name')).filter((name) => name.startsWith(prefix))
    await Promise.all(names.map(async (name) => {
      await this.virsh('destroy', name).catch(() => undefined)
      await this.virsh('undefine', name, '--managed-save', '--nvram').catch(() => undefined)
    }))
    await this.virsh('pool-refresh', this.pool)
    for (const line of lines(await this.virsh('vol-list', this.pool))) {
      const [volume = ''] = line.trim().split(/\s+/)
      if (volume.startsWith(prefix)) await this.virsh('vol-delete', volume, this.pool)
    }
  }

  #filesBehind(): string[] {
    return [this.folder, ...['lib/qemu/save', 'lib/qemu/nvram', 'etc/qemu'].map((folder) => join(this.host.dir, folder))]
      .flatMap((folder) => existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [])
      // libvirt leaves its own folders, and a daemon that is killed what it was just writing.
      .flatMap((entry) => entry.isDirectory() || entry.name.endsWith('.xml.new') ? [] : [join(entry.parentPath, entry.name)])
      .sort()
  }
}

let shared: Promise<Rig> | undefined

/** One rig for all the tests of machines in a mocha run, on a host of its own: what is where by default is theirs to say. */
export function suiteRig(): Promise<Rig> {
  shared ??= newRig({ network: true })
  return shared
}

// At the top level of a file, mocha's hooks belong to the whole run. What a crash leaves, LabHost ends at exit.
after('the host of the machines goes down', async function () {
  this.timeout(30_000)
  await (await shared)?.host.down()
})

/** A rig on a new host, which whoever asked takes down. */
export async function newRig({ network }: { network: boolean }): Promise<Rig> {
  const host = await LabHost.up()
  const { kernel, initrd, cmdline } = await tinyGuest()
  const rig = new Rig(host, [...small('192M'), '--kernel', kernel, '--initrd', initrd, '--cmdline', cmdline])
  await mkdir(rig.files)
  await rig.does('pool', 'create', rig.pool, '--path', rig.folder)
  if (network) await rig.does('net', 'create', rig.network, '--subnet', '10.88.0.0/24')
  return rig
}

export function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

/** Waits until it is so; the test's own time-out ends it if it never is. */
export async function until(done: () => boolean | Promise<boolean>, pause = 100): Promise<void> {
  while (!await done()) await sleep(pause)
}

/**
 * Moments (ms) at which a run that takes so long is struck: `count` in order from its beginning to its end, and more between them
 * until half of `count` were in time, for the machine may be less or more busy now than when the run was timed.
 */
export function* momentsOf(took: number, count: number, inTime: () => number): Generator<number> {
  for (let each = 0; each < count; each += 1) yield took * each / count
  for (let each = 1; inTime() < count / 2 && each < 10 * count; each += 1) yield took * (each * 0.618 % 1)
}

function small(memory: string): string[] {
  return ['--virt', 'qemu', '--vcpus', '1', '--memory', memory, '--graphics', 'none']
}
