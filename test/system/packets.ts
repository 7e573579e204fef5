import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../lab/script.js'
import type { Rig } from './rig.js'

/** One connection that is really tried: whether its answer comes back. */
export interface Attempt {
  /** who opens it */
  by: 'guest' | 'peer' | 'host'
  protocol: 'tcp' | 'icmp' | 'arp'
  port?: number
  family?: 'ipv6'
  /** an address that is not its own; of the guest only */
  from?: string
}

/** Somebody on the guest's bridge in a network namespace of its own, and the guest's console. Closed ports answer too. */
export class Wire {
  readonly #rig: Rig
  readonly vm: string
  readonly name: string
  #busybox = ''
  readonly guest: Record<'ipv4' | 'ipv6', string> = { ipv4: '', ipv6: 'fd88::44' }
  readonly peer = { ipv4: '10.88.0.9', ipv6: 'fd88::9' }
  readonly host = { ipv4: '10.88.0.1', ipv6: 'none: libvirt takes IPv6 off a bridge that has none' }

  constructor(rig: Rig, vm: string) {
    this.#rig = rig
    this.vm = vm
    this.name = `${vm}-peer`.slice(0, 12)
  }

  async up(address: string): Promise<void> {
    this.guest.ipv4 = address
    const { stdout } = await this.#rig.host.exec(['ls', '/sys/class/net'])
    const bridge = stdout.split(/\s+/).find((each) => /^virbr\d+$/.test(each)) ?? ''
    this.#busybox = await busybox(this.#rig)
    const [near, far] = [`${this.name}-n`, `${this.name}-f`]
    await this.#script([
      `ip netns add ${this.name}`, `ip link add ${near} type veth peer name ${far}`, `ip link set ${far} netns ${this.name}`,
      `ip link set ${near} master ${bridge} up`, `ip -n ${this.name} link set lo up`, `ip -n ${this.name} link set ${far} up`,
      `ip -n ${this.name} addr add ${this.peer.ipv4}/24 dev ${far}`, `ip -n ${this.name} addr add ${this.peer.ipv6}/64 dev ${far} nodad`,
    ])
    await this.#typed(['ip -6 addr add fd88::44/64 dev eth0', 'echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad', 'ip addr add 10.88.0.77/24 dev eth0', 'sleep 2'])
  }

  async down(): Promise<void> {
    await this.#rig.host.exec(['ip', 'netns', 'del', this.name])
    await this.#rig.host.exec(['ip', 'link', 'del', `${this.name}-n`])
  }

  /** Whether each gets its answer. */
  async tries(attempts: readonly Attempt[]): Promise<boolean[]> {
    const results: boolean[] = []
    for (const by of ['guest', 'peer', 'host'] as const) {
      const mine = attempts.flatMap((attempt, index) => attempt.by === by ? [{ attempt, index }] : [])
      if (mine.length === 0) continue
      // The terminal echoes what is typed: the quotes tell the echo from the result.
      const lines = mine.map(({ attempt, index }) => `(${this.#command(attempt)}) >/dev/null 2>&1 && echo yes""-${index}- &`)
      const text = by === 'guest' ? await this.#typed(lines) : await this.#script([...lines, 'wait'], by === 'peer' ? this.name : undefined)
      for (const { index } of mine) results[index] = text.includes(`yes-${index}-`)
    }
    return results
  }

  /** Succeeds when there is an answer: a refusal is one. */
  #command({ by, protocol, port = 0, family, from }: Attempt): string {
    const to = (by === 'guest' ? this.peer : this.guest)[family ?? 'ipv4']
    const tool = by === 'guest' ? 'busybox' : this.#busybox
    if (protocol === 'icmp') return `${tool} timeout 5 ${tool} ping ${family === 'ipv6' ? '-6 ' : ''}-c 2 -W 2 ${from === undefined ? '' : `-I ${from} `}${to}`
    if (protocol === 'arp') return `${tool} timeout 5 ${tool} arping -c 2 -w 3 ${from === undefined ? '' : `-s ${from} `}-I eth0 ${to}`
    return `${tool} timeout 4 ${tool} nc -w 3 ${from === undefined ? '' : `-s ${from} `}${to} ${port} </dev/null 2>&1 | grep -q refused`
  }

  async #script(lines: readonly string[], namespace?: string): Promise<string> {
    const { code, stdout, stderr } = await this.#rig.host.exec([...namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace], 'bash', '-c', lines.join('\n')])
    if (code !== 0) throw new Error(`${lines.join('; ')}: ${stderr}`)
    return stdout
  }

  /** Types at the guest's shell, and gives what it wrote until it was through. */
  async #typed(lines: readonly string[]): Promise<string> {
    const mark = `end${Math.floor(performance.now())}`
    const line = [...lines.map((each) => each.endsWith('&') ? each : `${each};`), 'wait;', `echo ${mark.slice(0, 3)}""${mark.slice(3)}`].join(' ')
    for (let tries = 0; tries < 3; tries += 1) {
      const { stdout, code } = await this.#rig.bay(['vm', 'console', this.vm, '--send', `${line}\\n`, '--until', `^${mark}`, '--timeout', '60s'])
      if (code === 0) return stdout
      await sleep(500)
    }
    throw new Error(`the guest ${this.vm} does not answer at its console`)
  }
}

/** The guest's own busybox, for the other end. */
async function busybox(rig: Rig): Promise<string> {
  const initrd = rig.tiny[rig.tiny.indexOf('--initrd') + 1] ?? ''
  const { code, stderr } = await run('bash', ['-c', `cd '${rig.files}' && gzip -dc '${initrd}' | cpio -id --quiet ./bin/busybox bin/busybox`])
  if (code !== 0) throw new Error(stderr)
  return join(rig.files, 'bin/busybox')
}
