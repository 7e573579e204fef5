import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { BayResult, RunningBay } from '../lab/bay.js'
import { RpcProxy, type Fault } from '../lab/rpc-proxy.js'
import { reviveDaemon } from './revive-daemon.js'
import { lines, newRig, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'

const kinds = [
  ['client killed', 'before'], ['client killed', 'after'], ['connection dropped', 'before'], ['connection dropped', 'after'],
  ['daemon killed', 'before'], ['daemon killed', 'during'], ['daemon killed', 'after'], ['daemon stopped', 'before'], ['daemon stopped', 'after'],
] as const

type Kind = (typeof kinds)[number]

type Command = 'create' | 'delete'
type State = 'whole' | 'gone' | 'half'

/** How a run that met a fault ended. */
interface Ran {
  command: Command
  kind: Kind
  at: number
  /** an exit code, or a signal */
  how: string
  /** whether the fault's request came */
  struck: boolean
  /** what is wrong with it; none when all is well */
  wrong: string[]
}

// Something fails at the N-th request that a create or a delete sends to its daemon. See test/lab/rpc-proxy.ts.
describe('faults: at each request to the daemon', function () {
  this.timeout(long ? 7_200_000 : 240_000)
  const benches: Bench[] = []
  before('hosts with a network, an image, a machine of somebody, and a proxy', async function () {
    this.timeout(300_000)
    for (let each = 0; each < (long ? 4 : 1); each += 1) benches.push(await Bench.up())
  })
  after(async () => { for (const bench of benches) await bench.down() })

  it('after bay recover nothing is half made, and the same command succeeds', async () => {
    const most = await benches[0]?.requests() ?? { create: 0, delete: 0 }
    // A host takes what fits to the state in which the last run left it.
    const jobs = { create: jobsUpTo(most.create), delete: jobsUpTo(most.delete) }
    const rans = (await Promise.all(benches.map((bench) => bench.work(jobs)))).flat()
    tellTable(rans)
    const wrong = rans.filter((ran) => ran.wrong.length > 0)
    tell(`a create sends ${most.create} requests, a delete ${most.delete}: ${rans.length} runs, half-made ${wrong.length}`)
    expect(wrong.map(({ command, kind, at, how, wrong: why }) => `${command} ${kind.join(' ')} ${at} (${how}): ${why.join('; ')}`)).to.be.empty
    expect(rans.length).to.be.at.least(long ? (most.create + most.delete - 4) * kinds.length : 6)
  })
})

interface Job { kind: Kind, at: number }

/** Every request with every kind of fault; in the short run every eleventh, the kinds by turns. */
function jobsUpTo(most: number): Job[] {
  const all = Array.from({ length: most }, (_, index) => index + 1)
  if (long) return all.flatMap((at) => kinds.map((kind) => ({ kind, at })))
  return all.filter((at) => at % 11 === 3).map((at, index) => ({ kind: kinds[(index * 4) % kinds.length] ?? kinds[0], at }))
}

/** A host, a proxy before it, and what it had before. */
class Bench {
  readonly #rig: Rig
  readonly #proxy: RpcProxy
  readonly #state: string
  readonly #create: string[]
  readonly #delete = ['vm', 'delete', '--yes', '--force', 'swept']
  #without: string[] = []
  #with: string[] = []

  private constructor(rig: Rig, proxy: RpcProxy, create: string[]) {
    this.#rig = rig
    this.#proxy = proxy
    this.#state = mkdtempSync(join(tmpdir(), 'bay-state-'))
    this.#create = create
  }

  static async up(): Promise<Bench> {
    const rig = await newRig({ network: true })
    await rig.does('vm', 'create', 'swept-other', ...small, '--empty', '--disk', '1M', '--no-start')
    const image = join(rig.files, 'image.raw')
    writeFileSync(image, randomBytes(600 << 10))
    const proxy = await RpcProxy.listen(join(rig.host.dir, 'proxy'), join(rig.host.dir, 'run/libvirt-sock'))
    return new Bench(rig, proxy, [
      'vm', 'create', 'swept', ...small, '--image', image, '--disk', '1M', '--disk', '1M', '--autostart', '--network', rig.network,
      '--filter', 'clean-traffic', '--wait', 'running',
    ])
  }

  async down(): Promise<void> {
    await this.#proxy[Symbol.asyncDispose]()
    await this.#rig.host.down()
    rmSync(this.#state, { recursive: true })
  }

  /** How many requests an undisturbed create and delete send; the host is as it was afterwards. */
  async requests(): Promise<Record<Command, number>> {
    this.#proxy.arm(undefined)
    await this.#succeeds(this.#create)
    const create = this.#proxy.requests
    this.#proxy.arm(undefined)
    await this.#succeeds(this.#delete)
    return { create, delete: this.#proxy.requests }
  }

  /** Takes jobs until there are none, the last requests first: creates while the machine is not there, deletes while it is. */
  async work(jobs: Record<Command, Job[]>): Promise<Ran[]> {
    this.#without = await this.#things()
    await this.#succeeds(this.#create)
    this.#with = await this.#things()
    const rans: Ran[] = []
    for (let there = true; jobs.create.length + jobs.delete.length > 0;) {
      const command = there ? 'delete' : 'create'
      const job = jobs[command].pop()
      if (job) {
        const { state, ...ran } = await this.#once(command, job)
        if (ran.struck) rans.push(ran)
        if (ran.wrong.length > 0) await this.#cleanUp()
        there = ran.wrong.length === 0 && state === 'whole'
      } else {
        await this.#succeeds(there ? this.#delete : this.#create)
        there = !there
      }
    }
    return rans
  }

  /** The command meets the fault, then bay recover, then the command once more. */
  async #once(command: Command, { kind, at }: Job): Promise<Ran & { state: State }> {
    const { struck, ...ended } = await this.#disturbed(command === 'create' ? this.#create : this.#delete, kind, at)
    const how = `${ended.code ?? ended.signal}`
    const wrong: string[] = []
    const wants = (right: boolean, why: string) => { if (!right) wrong.push(why) }
    const told = `${ended.stderr}${ended.stdout}`
    const journals = this.#journals()
    wants(!struck || (kind[0] === 'client killed' ? ['SIGKILL'] : ['6', '9', '0']).includes(how), `it ended with ${how}: ${told}`)
    wants(ended.seconds < 45, `it took ${ended.seconds} s`)
    wants(how !== '6' || journals.length === 0, `6, and a journal is left: ${told}`)
    wants(how !== '9' || /^ {2}try: bay recover$/m.test(told), `9 does not say how to go on: ${told}`)
    // Without a journal there is nothing that it could do.
    const recovered = journals.length > 0 ? await this.#bay(['recover']) : undefined
    wants(!recovered || recovered.code === 0, `recover: ${recovered?.code} ${recovered?.stderr}`)
    const things = await this.#things()
    const state = this.#stateOf(things)
    wants(state !== 'half', `half made: ${difference(things, this.#with)}; ${told}`)
    wants(this.#journals().length === 0, 'a journal stays')
    const done = command === 'create' ? 'whole' : 'gone'
    wants(how !== '0' || state === done, `0, and it is ${state}`)
    // A run that had not begun is repeated by the job that follows.
    const again = state !== done && journals.length > 0
    if (again) await this.#again(command, wants)
    return { command, kind, at, how, struck, wrong, state: again ? done : state }
  }

  /** The same command once more. */
  async #again(command: Command, wants: (right: boolean, why: string) => void): Promise<void> {
    const again = await this.#bay(command === 'create' ? this.#create : this.#delete)
    wants(again.code === 0, `again: ${again.code} ${again.stderr}`)
    const wanted = command === 'create' ? this.#with : this.#without
    const things = await this.#things()
    wants(same(things, wanted), `again: ${difference(things, wanted)}`)
    const locks = filesIn(this.#state, 'locks')
    wants(locks.length === 0, `locks stay: ${locks.join()}`)
  }

  #stateOf(things: readonly string[]): State {
    if (same(things, this.#without)) return 'gone'
    return same(things.filter(lasts), this.#with.filter(lasts)) ? 'whole' : 'half'
  }

  async #disturbed(args: readonly string[], [what, when]: Kind, at: number): Promise<BayResult & { struck: boolean }> {
    const { host } = this.#rig
    const running: { bay?: RunningBay } = {}
    const strikes: Record<Kind[0], Pick<Fault, 'strike' | 'cuts' | 'passes'>> = {
      'client killed': { strike: () => running.bay?.kill('SIGKILL'), cuts: true, passes: false },
      'connection dropped': { strike: () => undefined, cuts: true, passes: false },
      'daemon killed': { strike: () => host.kill('SIGKILL'), cuts: false, passes: false },
      'daemon stopped': { strike: () => host.kill('SIGSTOP'), cuts: false, passes: true },
    }
    this.#proxy.arm({ at, when, ...strikes[what] })
    running.bay = this.#start(args)
    const ended = await running.bay.done
    const { struck } = this.#proxy
    if (struck && what === 'daemon stopped') host.kill('SIGCONT')
    if (struck && what === 'daemon killed') await reviveDaemon(host, 'swept')
    this.#proxy.arm(undefined)
    return Object.assign(ended, { struck })
  }

  /** All that there is on the host, a line each. */
  async #things(): Promise<string[]> {
    await this.#rig.virsh('pool-refresh', this.#rig.pool)
    const [machines = '', volumes = '', networks = '', bindings = '', other = ''] = (await Promise.all([
      ['list', '--all', '--name'], ['vol-list', this.#rig.pool], ['net-list', '--all'], ['nwfilter-binding-list'],
      ['domuuid', 'swept-other'],
    ].map((words) => this.#rig.virsh(...words))))
    const files = ['pools', 'lib/qemu/save', 'lib/qemu/nvram', 'etc/qemu'].flatMap((folder) => listing(join(this.#rig.host.dir, folder)))
    return [
      ...lines(machines).map((name) => `machine ${name.trim()}`), ...lines(volumes).map((line) => `volume ${line.trim().split(/\s+/)[0]}`),
      ...lines(networks).map((line) => `network ${line.trim()}`), ...lines(bindings).map((line) => `binding ${line.trim().split(/\s+/)[1]}`),
      ...this.#rig.host.guestPids().map(() => 'a guest runs'), ...files.map((file) => `file ${file}`), `its UUID ${other}`,
    ].sort()
  }

  /** After what should not be, so that the next run says something of its own. */
  async #cleanUp(): Promise<void> {
    await this.#rig.virsh('destroy', 'swept').catch(() => undefined)
    await this.#rig.virsh('undefine', 'swept', '--managed-save', '--nvram').catch(() => undefined)
    await this.#rig.virsh('pool-refresh', this.#rig.pool)
    for (const volume of ['swept.img', 'swept-2.qcow2']) await this.#rig.virsh('vol-delete', volume, this.#rig.pool).catch(() => undefined)
    rmSync(join(this.#state, 'bay'), { recursive: true, force: true })
  }

  #journals(): string[] { return filesIn(this.#state, 'journal') }

  #start(args: readonly string[]): RunningBay {
    return this.#rig.start(args, {
      uri: `qemu+unix:///system?socket=${this.#proxy.path}`, env: { XDG_STATE_HOME: this.#state, BAY_CONNECT_TIMEOUT: '5' },
    })
  }

  #bay(args: readonly string[]): Promise<BayResult> { return this.#start(args).done }

  async #succeeds(args: readonly string[]): Promise<void> {
    const { code, stderr } = await this.#bay(args)
    if (code !== 0) throw new Error(`${args.join(' ')}: ${code} ${stderr}`)
  }
}

const small = ['--virt', 'qemu', '--vcpus', '1', '--memory', '32M', '--graphics', 'none']

/** What is there whether a machine runs or not: its disks are whole when its plug has been pulled. */
function lasts(thing: string): boolean {
  return thing !== 'a guest runs' && !thing.startsWith('binding ')
}

function same(these: readonly string[], those: readonly string[]): boolean {
  return these.join('\n') === those.join('\n')
}

function difference(these: readonly string[], those: readonly string[]): string {
  const [more, less] = [these.filter((each) => !those.includes(each)), those.filter((each) => !these.includes(each))]
  return `more: ${more.join(', ')}; less: ${less.join(', ')}`
}

/** Files only: libvirt leaves its own folders, and a daemon that is killed what it was just writing. */
function listing(folder: string): string[] {
  return (existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [])
    .flatMap((entry) => entry.isDirectory() || entry.name.endsWith('.xml.new') ? [] : join(entry.parentPath, entry.name))
}

function filesIn(state: string, kind: 'journal' | 'locks'): string[] {
  const folder = join(state, 'bay', kind)
  return existsSync(folder) ? readdirSync(folder) : []
}

/** How the runs ended, a line for each kind of fault. */
function tellTable(rans: readonly Ran[]): void {
  for (const command of ['create', 'delete'] as const) {
    for (const kind of kinds) {
      const those = rans.filter((ran) => ran.command === command && ran.kind === kind)
      const codes = [...new Set(those.map(({ how }) => how))].sort().map((how) => `${those.filter((ran) => ran.how === how).length} × ${how}`)
      const half = those.filter(({ wrong }) => wrong.length > 0).length
      tell(`${`${command}, ${kind.join(' ')}`.padEnd(34)}${`${those.length} runs`.padStart(8)}, half-made ${half}: ${codes.join(', ')}`)
    }
  }
}

function tell(text: string): void {
  process.stdout.write(`      ${text}\n`)
}
