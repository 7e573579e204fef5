import { expect } from 'chai'
import { lines, suiteRig, until, type Rig } from './rig.js'

interface Lease { address: string, machine: string | null, state: string }

// What two guests reach of each other and of their gateway, by their own pings. They boot once for all of it.
describe('guests that are kept apart', function () {
  this.timeout(240_000)
  let rig: Rig
  let count = 0
  const names = ['is-one', 'is-two'] as const
  const tapsOf = async (name: string) => (await rig.json<{ nics: { tap: string }[] }>('vm', 'show', name)).nics.map(({ tap }) => tap)

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    await rig.does('net', 'create', 'is-net', '--subnet', '10.95.0.0/24', '--ipv6', 'fd00:95::/64', '--isolate-guests')
    await Promise.all(names.map((name) => rig.does('vm', 'create', name, ...rig.tiny, '--network', 'is-net', '--wait', 'running')))
    await Promise.all(names.map((name) => rig.does('vm', 'console', name, '--until', 'GUEST-READY', '--timeout', '120s')))
  })

  after(async () => {
    await rig?.clean('is-')
    await rig?.bay(['net', 'delete', '--force', 'is-net'])
  })

  /** Types it at the guest's shell: what it wrote, without the echo of what was typed. */
  async function typed(name: string, command: string): Promise<string> {
    const mark = `${count += 1}`
    const out = await rig.does('vm', 'console', name, '--send', `${command}; echo end""ed${mark}\\n`, '--until', `^ended${mark}`, '--timeout', '120s')
    return lines(out).filter((line) => !line.includes('""')).join('\n')
  }

  /** Which of the addresses answer the guest. Its shell, process 1, waits for ever for a job that fails. */
  async function reached(name: string, ...addresses: string[]): Promise<string[]> {
    const ping = (address: string) => `(ping${address.includes(':') ? '6' : ''} -c 3 -W 3 ${address} >/dev/null 2>&1 && echo yes""-${address}-; true) & `
    const said = await typed(name, `${addresses.map(ping).join('')}wait`)
    return addresses.filter((address) => said.includes(`yes-${address}-`))
  }

  async function addressesOf(name: string): Promise<{ four: string, six: string }> {
    const own = await typed(name, 'ip addr show eth0')
    return { four: /inet (10\.95\.[\d.]+)/.exec(own)?.[1] ?? `none of ${own}`, six: /inet6 (fd00:95:[\da-f:]+)/.exec(own)?.[1] ?? `none of ${own}` }
  }

  it('reach the host and not each other, on an isolating network and by isolated interfaces that were attached as they ran', async () => {
    const [one, two] = await Promise.all([addressesOf('is-one'), addressesOf('is-two')])
    const leases = await rig.json<Lease[]>('net', 'leases', 'is-net', '--filter', 'state=current')
    expect(leases.map(({ machine, address }) => [machine, address])).to.have.deep.members([['is-one', one.four], ['is-two', two.four]])
    await Promise.all(names.map((name) => rig.does('vm', 'attach', 'nic', name, '--network', rig.network, '--isolated')))
    // Nothing passes a new port of libvirt's bridge for some seconds.
    await Promise.all(names.map((name, at) => typed(name, [
      'until ip link set eth1 up 2>/dev/null; do sleep 1; done', `ip addr add 10.88.0.24${at + 1}/24 dev eth1`,
      'until ping -c 1 -W 2 10.88.0.1 >/dev/null 2>&1; do sleep 1; done',
    ].join('; '))))
    const host = ['10.95.0.1', 'fd00:95::1', '10.88.0.1']
    const others = [two.four, two.six, '10.88.0.242']
    expect(await reached('is-one', ...host, ...others)).to.deep.equal(host)
    for (const name of names) expect(await rig.virsh('dumpxml', '--inactive', name)).to.contain("<port isolated='yes'/>")
    // It is that and nothing else.
    for (const tap of await tapsOf('is-two')) await rig.host.exec(['bridge', 'link', 'set', 'dev', tap, 'isolated', 'off'])
    await until(async () => (await reached('is-one', ...others)).length === others.length)
  })
})
