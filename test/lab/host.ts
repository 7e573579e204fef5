import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { labRoot, processesOf } from './check.js'
import type { Outcome } from './script.js'
import { lab, labScript, run } from './script.js'

/** The hosts of this process that are up: what a failed or interrupted test left is ended when the process exits. */
const up = new Set<string>()

/** A libvirt host of its own: libvirtd, QEMU, dnsmasq and the network in namespaces. See host.sh. Needs root. */
export class LabHost {
  readonly name: string
  /** The host's folder on this machine: run/ etc/ lib/ cache/ log/ are its /run/libvirt, /etc/libvirt and so on. */
  readonly dir: string
  readonly uri: string

  private constructor(name: string, uri: string) {
    this.name = name
    this.dir = join(labRoot(), name)
    this.uri = uri
  }

  static async up(name = `bay-lab-${process.pid}-${randomBytes(3).toString('hex')}`): Promise<LabHost> {
    endWithThisProcess(name)
    const uri = await lab('host.sh', ['up', name], { env: { BAY_LAB_OWNER: `${process.pid}` } })
    return new LabHost(name, uri)
  }

  /** The daemon's pid on this machine. */
  get libvirtdPid(): number {
    const pid = this.daemon()
    if (pid === undefined) throw new Error(`libvirtd of ${this.name} is not running`)
    return pid
  }

  /** Sends the daemon, and only it, a signal. Guests, dnsmasq and the network live on. */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    process.kill(this.libvirtdPid, signal)
  }

  /** Starts the daemon again after it was killed, and returns when it answers. */
  async restartDaemon(): Promise<void> {
    for (let waited = 0; this.daemon() !== undefined; waited += 20) {
      if (waited > 10_000) throw new Error(`libvirtd of ${this.name} is still running`)
      await sleep(20)
    }
    await lab('host.sh', ['daemon', this.name])
  }

  /** Runs a command as on that host: in its network, mounts and processes. */
  exec(args: string[]): Promise<Outcome> {
    return run('bash', [labScript('host.sh'), 'exec', this.name, ...args])
  }

  /** The same for what a test stands on. @throws Error with what it said when it fails */
  async does(args: string[]): Promise<void> {
    const { code, stderr } = await this.exec(args)
    if (code !== 0) throw new Error(`${args.join(' ')}: exit code ${code}\n${stderr}`)
  }

  /** The pids, on this machine, of the QEMU processes of its running guests. */
  guestPids(): number[] {
    const folder = join(this.dir, 'run/qemu')
    const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.pid')) : []
    const guests = files.map((file) => innerPid(join(folder, file)))
    return processesOf(this.name)
      .filter((process) => process.comm.startsWith('qemu-') && guests.includes(process.innerPid))
      .map((process) => process.pid)
  }

  /** Ends all that the host runs and removes its folder. More than once is fine. */
  async down(): Promise<void> {
    await lab('host.sh', ['down', this.name])
    up.delete(this.name)
  }

  // By the pid file as well as by the name: a libvirtd that forks is two for a moment.
  private daemon(): number | undefined {
    const inner = innerPid(join(this.dir, 'run/libvirtd.pid'))
    return processesOf(this.name).find((process) => process.comm === 'libvirtd' && process.innerPid === inner)?.pid
  }
}

function innerPid(file: string): number {
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : Number.NaN
}

// Only SIGKILL gets past this; then the next host that starts sweeps (host.sh).
function endWithThisProcess(name: string): void {
  if (process.listenerCount('exit', endAll) === 0) {
    process.once('exit', endAll)
    process.once('SIGTERM', () => process.exit(143))
    process.once('SIGHUP', () => process.exit(129))
  }
  up.add(name)
}

function endAll(): void {
  for (const name of up) spawnSync('bash', [labScript('host.sh'), 'down', name], { stdio: 'inherit' })
}
