import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../lab/script.js'
import { until, type Rig } from './rig.js'

/** One connection that is really tried: whether its answer comes back. */
export interface Attempt {
  /** who opens it */
  by: 'guest' | 'peer' | 'host'
  /** UDP goes to a closed port, which answers by ICMP; DHCP is a guest's whole exchange with its network */
  protocol: 'tcp' | 'udp' | 'icmp' | 'arp' | 'dhcp'
  port?: number
  family?: 'ipv6'
  /** an address that is not its own; of the guest only */
  from?: string
  /** under a MAC address that is not its own; of the guest only */
  falseMac?: true
  /** on a connection that was opened before, while everything was let through */
  kept?: true
}

export const falseMac = '52:54:00:66:66:66'
/** Where those listen who keep connections open. */
export const echoPort = 7200

/** Somebody on the guest's bridge in a network namespace of its own, and the guest's console. Closed ports answer too. */
export class Wire {
  readonly #rig: Rig
  readonly vm: string
  readonly name: string
  #busybox = ''
  #mac = ''
  #kept = 0
  readonly guest: Record<'ipv4' | 'ipv6', string> = { ipv4: '', ipv6: 'fd88::44' }
  readonly peer = { ipv4: '10.88.0.9', ipv6: 'fd88::9' }
  readonly host = { ipv4: '10.88.0.1', ipv6: 'none: libvirt takes IPv6 off a bridge that has none' }

  constructor(rig: Rig, vm: string) {
    this.#rig = rig
    this.vm = vm
    this.name = `${vm}-peer`.slice(0, 12)
  }

  async up({ address, mac }: { address: string, mac: string }): Promise<void> {
    this.guest.ipv4 = address
    this.#mac = mac
    const { stdout } = await this.#rig.host.exec(['ls', '/sys/class/net'])
    const bridge = stdout.split(/\s+/).find((each) => /^virbr\d+$/.test(each)) ?? ''
    this.#busybox = await busybox(this.#rig)
    const [near, far] = [`${this.name}-n`, `${this.name}-f`]
    await this.#script([
      `ip netns add ${this.name}`, `ip link add ${near} type veth peer name ${far}`, `ip link set ${far} netns ${this.name}`,
      `ip link set ${near} master ${bridge} up`, `ip -n ${this.name} link set lo up`, `ip -n ${this.name} link set ${far} up`,
      `ip -n ${this.name} addr add ${this.peer.ipv4}/24 dev ${far}`, `ip -n ${this.name} addr add ${this.peer.ipv6}/64 dev ${far} nodad`,
    ])
    await this.#inBack(`${this.#busybox} nc -ll -p ${echoPort} -e ${this.#busybox} cat`)
    await this.#typed([
      'ip -6 addr add fd88::44/64 dev eth0', 'echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad', 'ip addr add 10.88.0.77/24 dev eth0',
      // Who asks for many ports at once gets all its answers.
      'echo 0 > /proc/sys/net/ipv4/icmp_ratelimit', 'echo 0 > /proc/sys/net/ipv6/icmp/ratelimit',
      `(nc -ll -p ${echoPort} -e cat >/dev/null 2>&1 &)`, 'sleep 2',
    ])
  }

  async down(): Promise<void> {
    await this.#rig.host.exec(['bash', '-c', `kill $(ip netns pids ${this.name})`])
    await this.#rig.host.exec(['ip', 'netns', 'del', this.name])
    await this.#rig.host.exec(['ip', 'link', 'del', `${this.name}-n`])
  }

  /** Opens connections that are kept, one each way for each call of `tries` to come. All must be let through now. */
  async keep(count: number): Promise<void> {
    const files = Array.from({ length: count }, (_, index) => keptFiles(index + 1, this.#rig))
    await Promise.all(files.map(({ peer }) => this.#inBack(keptOpen(this.#busybox, peer, this.guest.ipv4))))
    // No jobs of that shell, which waits for its own.
    await this.#typed(files.map(({ guest }) => `((${keptOpen('busybox', guest, this.peer.ipv4)}) >/dev/null 2>&1 &)`))
    const said = (file: string) => `echo open >${file}.i; sleep 1; grep -q open ${file}.o`
    await until(async () => (await this.#typed([`(${files.map(({ guest }) => `(${said(guest)})`).join(' && ')}) && echo kept""-yes`])).includes('kept-yes'))
    await until(async () => (await this.#rig.host.exec(['bash', '-c', files.map(({ peer }) => `(${said(peer)})`).join(' && ')])).code === 0)
  }

  /** Goes on to the next of the connections that are kept. */
  next(): void {
    this.#kept += 1
  }

  /** Whether each gets its answer in some seconds. */
  async tries(attempts: readonly Attempt[], seconds: number): Promise<boolean[]> {
    const results: boolean[] = []
    const run = async (isMine: (attempt: Attempt) => boolean, type: (lines: string[]) => Promise<string>) => {
      const mine = attempts.flatMap((attempt, index) => isMine(attempt) ? [{ attempt, index }] : [])
      if (mine.length === 0) return
      // The terminal echoes what is typed: the quotes tell the echo from the result.
      const text = await type(mine.map(({ attempt, index }) => `(${this.#command(attempt, seconds)}) >/dev/null 2>&1 && echo yes""-${index}- &`))
      for (const { index } of mine) results[index] = text.includes(`yes-${index}-`)
    }
    await Promise.all([
      run(({ by, falseMac: isFalse }) => by === 'guest' && !isFalse, (lines) => this.#typed(lines)),
      run(({ by }) => by === 'peer', (lines) => this.#script([...lines, 'wait'], this.name)),
      run(({ by }) => by === 'host', (lines) => this.#script([...lines, 'wait'])),
    ])
    await run(({ falseMac: isFalse }) => isFalse ?? false, (lines) => this.#disguised(lines))
    return results
  }

  /** Whether the connections that are kept, of now, still carry what is sent. */
  async carries(): Promise<boolean> {
    const [there, back] = await this.tries([{ by: 'peer', protocol: 'tcp', kept: true }, { by: 'guest', protocol: 'tcp', kept: true }], 60)
    return there === true && back === true
  }

  /**
   * UDP from the neighbour to a closed port of the guest, every 2 ms from before the work until it is done, however long that
   * takes: how many, and how many the guest has got.
   */
  async flood(work: () => Promise<void>): Promise<{ sent: number, got: number }> {
    const got = async () => Number(/^Udp: \d+ (\d+) /m.exec(await this.#typed(['cat /proc/net/snmp']))?.[1])
    const before = await got()
    const going = join(this.#rig.files, `${this.name}-flood`)
    writeFileSync(going, '')
    let over = false
    const flood = this.#rig.host.exec(['ip', 'netns', 'exec', this.name, process.execPath, '-e', flooding, this.guest.ipv4, going])
      .finally(() => { over = true })
    try {
      await until(() => over || existsSync(`${going}-on`))
      await work()
    } finally {
      rmSync(going)
    }
    const { stdout, stderr } = await flood
    rmSync(`${going}-on`, { force: true })
    if (stderr !== '') throw new Error(stderr)
    return { sent: Number(stdout), got: await got() - before }
  }

  /** How often the guest has seen its link go down or come up. */
  async linkChanges(): Promise<number> {
    return Number(/^links=(\d+)/m.exec(await this.#typed(['echo links""=$(cat /sys/class/net/eth0/carrier_changes)']))?.[1])
  }

  /** Pings of the neighbour to the guest, 20 a second for so long: how many, and how many were answered. */
  async pings(milliseconds: number): Promise<{ sent: number, got: number }> {
    const count = String(Math.round(milliseconds / 50))
    const ping = ['ip', 'netns', 'exec', this.name, this.#busybox, 'ping', '-q', '-i', '0.05', '-W', '10', '-c', count, this.guest.ipv4]
    const { stdout } = await this.#rig.host.exec(ping)
    const [, sent, got] = /(\d+) packets transmitted, (\d+) packets received/.exec(stdout) ?? []
    return { sent: Number(sent), got: Number(got) }
  }

  /** The neighbour must know the false address: else its answers go to the true one, which nobody hears. */
  async #disguised(lines: readonly string[]): Promise<string> {
    const neighbour = `${this.guest.ipv4} dev ${this.name}-f`
    await this.#script([`ip -n ${this.name} neigh replace ${neighbour} lladdr ${falseMac} nud permanent`])
    const text = await this.#typed([`ip link set eth0 address ${falseMac}`, ...lines, 'wait', `ip link set eth0 address ${this.#mac}`])
    // Whoever hears of another address under a name that he knows believes it: the host too.
    await this.#script([`ip -n ${this.name} neigh del ${neighbour}`, `ip neigh flush to ${this.guest.ipv4}`])
    return text
  }

  /** Succeeds when there is an answer: a refusal is one. */
  #command({ by, protocol, port = 0, family, from, kept }: Attempt, seconds: number): string {
    const to = (by === 'guest' ? this.peer : this.guest)[family ?? 'ipv4']
    const tool = by === 'guest' ? 'busybox' : this.#busybox
    const six = family === 'ipv6' ? '6' : ''
    const within = `${tool} timeout ${seconds + 2} ${tool}`
    const source = (flag: string) => from === undefined ? '' : `${flag} ${from} `
    if (kept) {
      const file = keptFiles(this.#kept, this.#rig)[by === 'guest' ? 'guest' : 'peer']
      // Without anybody who reads it, such a file is never opened.
      return `${tool} timeout ${seconds} sh -c 'echo still >${file}.i'; for i in $(${tool} seq ${seconds * 2}); do ${tool} grep still ${file}.o && break; ${tool} sleep 0.5; done; ${tool} grep still ${file}.o`
    }
    if (protocol === 'dhcp') return `${within} udhcpc -i eth0 -n -q -f -t ${seconds} -T 1 -s /bin/true`
    if (protocol === 'icmp') return `${within} ping${six} -c 1 -W ${seconds} ${source('-I')}${to}`
    if (protocol === 'arp') return `${within} arping -f -w ${seconds} ${source('-s')}-I eth0 ${to}`
    // It counts ports up, and says of each hop who answered.
    if (protocol === 'udp') return `${within} traceroute${six} -n -m 1 -q 1 -w ${seconds} -p ${port - 1} ${to} | grep '${to}  [0-9.]* ms'`
    return `${within} nc -w ${seconds} ${source('-s')}${to} ${port} </dev/null 2>&1 | grep -q refused`
  }

  async #script(lines: readonly string[], namespace?: string): Promise<string> {
    const { code, stdout, stderr } = await this.#rig.host.exec([...namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace], 'bash', '-c', lines.join('\n')])
    if (code !== 0) throw new Error(`${lines.join('; ')}: ${stderr}`)
    return stdout
  }

  /** Goes on in the neighbour's namespace; ends with it. */
  async #inBack(line: string): Promise<void> {
    await this.#script([`(${line}) </dev/null >/dev/null 2>&1 &`], this.name)
  }

  /** Types at the guest's shell, no more at once than it takes in a line, and gives what it wrote until it was through. */
  async #typed(commands: readonly string[]): Promise<string> {
    const mark = (index: number) => [`end${Math.floor(performance.now())}`, `of${index}`] as const
    const steps = inLines([...commands, 'wait']).flatMap((line, index) => {
      const [one, two] = mark(index)
      return ['--send', `${line} echo ${one}""${two}\\n`, '--until', `^${one}${two}`]
    })
    const { stdout, code, stderr } = await this.#rig.bay(['vm', 'console', this.vm, ...steps, '--timeout', '240s'], { timeout: 300_000 })
    if (code !== 0) throw new Error(`the guest ${this.vm} does not answer at its console: ${stderr}`)
    return stdout
  }
}

/** Of at most 900 characters. What runs in the background may go on into the next one, and is waited for at the end. */
function inLines(commands: readonly string[]): string[] {
  const lines = ['']
  for (const command of commands) {
    const text = command.endsWith('&') ? command : `${command};`
    if ((lines.at(-1)?.length ?? 0) + text.length > 900) lines.push('')
    lines[lines.length - 1] += `${text} `
  }
  return lines
}

function keptFiles(number: number, rig: Rig) {
  return { guest: `/kept${number}`, peer: join(rig.files, `kept${number}`) }
}

/** What is written into FILE.i goes there, and what comes back is in FILE.o. */
function keptOpen(tool: string, file: string, to: string): string {
  return `${tool} mkfifo ${file}.i; (${tool} sleep 3600 >${file}.i & ${tool} nc ${to} ${echoPort} <${file}.i >${file}.o)`
}

/** Node's own, since busybox has nothing that sends so much UDP: the guest's address, and the file that ends it by going. */
const flooding = `
const [address, going] = process.argv.slice(1)
const fs = require('node:fs')
const socket = require('node:dgram').createSocket('udp4')
let sent = 0
const timer = setInterval(() => {
  if (!fs.existsSync(going)) { clearInterval(timer); socket.close(); console.log(sent); return }
  sent += 1
  socket.send('x', 9, address, () => undefined)
  if (sent === 1) fs.writeFileSync(going + '-on', '')
}, 2)
`

/** The guest's own busybox, for the other end. */
async function busybox(rig: Rig): Promise<string> {
  const initrd = rig.tiny[rig.tiny.indexOf('--initrd') + 1] ?? ''
  const { code, stderr } = await run('bash', ['-c', `cd '${rig.files}' && gzip -dc '${initrd}' | cpio -id --quiet ./bin/busybox bin/busybox`])
  if (code !== 0) throw new Error(stderr)
  return join(rig.files, 'bin/busybox')
}
