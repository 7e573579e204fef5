import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { bay, startBay, type BayOptions, type BayResult, type RunningBay } from '../lab/bay.js'
import { run } from '../lab/script.js'

let count = 0

/**
 * A system of its own for bridges, as far as its network goes: a namespace with the interface eth0, and another one at the
 * other end of its wire. eth0 has addresses of both families, one with a label, and routes.
 */
export class BridgeRig implements AsyncDisposable {
  readonly #own = `bay-br-${process.pid}-${count += 1}`
  readonly #peer = `${this.#own}-peer`
  readonly #children: ChildProcess[] = []

  static async up(): Promise<BridgeRig> {
    const rig = new BridgeRig()
    try {
      await rig.#make()
    } catch (error) {
      await rig[Symbol.asyncDispose]()
      throw error
    }
    return rig
  }

  async #make(): Promise<void> {
    await must('ip', 'netns', 'add', this.#own)
    await must('ip', 'netns', 'add', this.#peer)
    await this.ip('link', 'set', 'lo', 'up')
    for (const end of ['eth0', 'eth1']) await this.ip('link', 'add', end, 'type', 'veth', 'peer', 'name', `far-${end}`, 'netns', this.#peer)
    for (const words of [
      ['address', 'add', '10.1.0.1/24', 'dev', 'far-eth0'], ['address', 'add', '2001:db8:1::1/64', 'dev', 'far-eth0', 'nodad'],
      ['link', 'set', 'far-eth0', 'up'], ['link', 'set', 'lo', 'up'],
    ]) await must('ip', '-n', this.#peer, ...words)
    for (const words of [
      ['link', 'set', 'eth0', 'up'],
      ['address', 'add', '10.1.0.2/24', 'brd', '+', 'dev', 'eth0'], ['address', 'add', '10.1.0.3/24', 'dev', 'eth0', 'label', 'eth0:1'],
      ['address', 'add', '2001:db8:1::2/64', 'dev', 'eth0'],
      ['route', 'add', 'default', 'via', '10.1.0.1', 'metric', '100', 'proto', 'static'],
      ['route', 'add', '10.9.0.0/16', 'via', '10.1.0.1', 'src', '10.1.0.3', 'mtu', '1400'],
      ['route', 'add', '10.7.0.0/16', 'dev', 'eth0', 'table', '77'],
      ['-6', 'route', 'add', 'default', 'via', '2001:db8:1::1', 'metric', '50'],
    ]) await this.ip(...words)
  }

  /** `ip` there: what it printed. */
  ip(...words: string[]): Promise<string> {
    return must('ip', '-n', this.#own, ...words)
  }

  /** The numbers of the VLANs that a port is in. */
  async vlans(device: string): Promise<number[]> {
    const text = await must('bridge', '-n', this.#own, '-json', 'vlan', 'show', 'dev', device)
    const [port] = JSON.parse(text || '[]') as { vlans: { vlan: number, vlanEnd?: number }[] }[]
    const each = ({ vlan, vlanEnd = vlan }: { vlan: number, vlanEnd?: number }) => (
      Array.from({ length: vlanEnd - vlan + 1 }, (_, at) => vlan + at))
    return (port?.vlans ?? []).flatMap(each)
  }

  /** Everything that the system's devices, addresses and routes are, but for what changes by itself. */
  async state(): Promise<unknown> {
    for (;;) {
      const parts = await Promise.all([
        ['link', 'show'], ['address', 'show'], ['-4', 'route', 'show', 'table', 'all'], ['-6', 'route', 'show', 'table', 'all'],
      ].map((words) => this.ip('-json', '-d', ...words)))
      // An address that is asked about is another one a second later.
      if (parts.some((text) => text.includes('"tentative"'))) await sleep(100)
      else return parts.map((text) => sorted(JSON.parse(text, timeless)))
    }
  }

  /** Its own /etc/systemd/network, with this; the machine's other configuration of networks is not to be seen there. */
  configure(files: Record<string, string>): void {
    // `ip netns exec` puts what is in this folder in the place of what is in /etc.
    for (const each of ['netplan', 'network', 'NetworkManager']) if (existsSync(`/etc/${each}`)) mkdirSync(join(this.#etc, each), { recursive: true })
    mkdirSync(this.#networkd, { recursive: true })
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.#networkd, name), text)
  }

  /** What it is now. */
  configuration(): Record<string, string> {
    return Object.fromEntries(readdirSync(this.#networkd).sort().map((name) => [name, readFileSync(join(this.#networkd, name), 'utf8')]))
  }

  get #etc(): string { return `/etc/netns/${this.#own}` }
  get #networkd(): string { return join(this.#etc, 'systemd/network') }

  bay(args: readonly string[], options: BayOptions = {}): Promise<BayResult> {
    return bay([...args], { ...options, inside: this.inside })
  }

  start(args: readonly string[], options: BayOptions = {}): RunningBay {
    return startBay([...args], { ...options, inside: this.inside })
  }

  /** What its namespace is called. */
  get name(): string { return this.#own }

  /** What a command is started by to run there. */
  get inside(): string[] {
    return ['ip', 'netns', 'exec', this.#own]
  }

  /** Runs bay and expects success: its JSON. */
  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.bay([...args, '-o', 'json'])
    if (code !== 0) throw new Error(`bay ${args.join(' ')}: exit code ${code}\n${stderr}${stdout}`)
    return JSON.parse(stdout) as T
  }

  /** Something else that runs there, ended at the latest with the rig. */
  spawn(file: string, args: readonly string[], env: Record<string, string>): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.#own, file, ...args], { env, stdio: ['pipe', 'pipe', 'ignore'] })
    this.#children.push(child)
    return child
  }

  /** A connection of this system to the other end: each line that is said comes back. */
  async connection(host: string): Promise<{ say: (word: string) => Promise<string> }> {
    const server = spawn('ip', ['netns', 'exec', this.#peer, process.execPath, '-e', echoServer, host], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#children.push(server)
    await once(server.stdout, 'data')
    const client = this.spawn(process.execPath, ['-e', echoClient, host], {})
    const lines = createInterface({ input: client.stdout ?? process.stdin })[Symbol.asyncIterator]()
    return {
      say: async (word) => {
        client.stdin?.write(`${word}\n`)
        const { value } = await lines.next() as IteratorResult<string, undefined>
        return value ?? 'closed'
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    const inode = namespaceOf(this.#own)
    // A guard that still waits there undoes, and goes.
    for (const pid of (await run('ip', ['netns', 'pids', this.#own])).stdout.split('\n').filter((each) => each !== '')) kill(Number(pid))
    await run('ip', ['netns', 'delete', this.#own])
    await run('ip', ['netns', 'delete', this.#peer])
    rmSync(this.#etc, { recursive: true, force: true })
    if (existsSync('/etc/netns') && readdirSync('/etc/netns').length === 0) rmdirSync('/etc/netns')
    if (inode !== undefined) for (const file of runFiles().filter((each) => each.startsWith(`bridges-${inode}.`))) rmSync(`/run/bay/${file}`, { force: true })
  }
}

/** The files of this program below /run, which a change that is over leaves only its lock of. */
function runFiles(): string[] {
  try {
    return readdirSync('/run/bay')
  } catch {
    return []
  }
}

async function must(file: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(file, args)
  if (code !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`)
  return stdout
}

function namespaceOf(name: string): number | undefined {
  return statSync(`/run/netns/${name}`, { throwIfNoEntry: false })?.ino
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** A bridge's clocks run by themselves, and the kernel looks about once a second whether a bridge has lost its last port. */
function timeless(key: string, value: unknown): unknown {
  if (key.endsWith('_timer') || clocks.has(key)) return undefined
  return key === 'flags' && Array.isArray(value) ? value.filter((each) => !carrier.has(String(each))) : value
}

const clocks: ReadonlySet<string> = new Set(['operstate', 'valid_life_time', 'preferred_life_time', 'expires'])
const carrier: ReadonlySet<string> = new Set(['NO-CARRIER', 'LOWER_UP', 'linkdown'])

/** The kernel lists routes and addresses as they came. */
function sorted(list: unknown): string[] {
  return (list as unknown[]).map((each) => JSON.stringify(each)).sort()
}

const echoServer = `
  require('node:net').createServer((s) => s.on('error', () => {}).pipe(s)).listen(4711, process.argv[1], () => console.log('ready'))`
const echoClient = `
  const socket = require('node:net').connect(4711, process.argv[1])
  socket.on('error', (e) => { console.log(e.message); process.exit(1) })
  process.stdin.pipe(socket).pipe(process.stdout)`
