import { expect } from 'chai'
import { program } from '../lab/bay.js'
import { lines, suiteRig, type Rig } from './rig.js'

interface Failed { error: { diagnosis: { findings: { code: string }[] } } }
interface Met { condition: string, at: string, seconds: number, addresses: string[] | null }
interface Waited { for: string, addresses: string[] | null, conditions: Met[] }

// A wait ends when the thing is true, of this boot and not of the last one.
describe('bay vm wait', function () {
  this.timeout(60_000)
  let rig: Rig
  /** As typed on the host itself, from where its guests can be reached. */
  const there = async (...args: string[]) => {
    const { code, stdout, stderr } = await rig.host.exec([
      'env', `LIBVIRT_DEFAULT_URI=${rig.host.uri}`, `HOME=${rig.files}`, process.execPath, program, ...args,
    ])
    return { code, stderr, json: <T>() => JSON.parse(stdout) as T }
  }

  before('three machines boot', async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    await Promise.all([
      rig.does('vm', 'create', 'wait-reset', ...rig.tiny, '--network', rig.network, '--wait', 'ip'),
      rig.does('vm', 'create', 'wait-virsh', ...rig.tiny, '--network', rig.network, '--wait', 'ip'),
    ])
  })
  after(() => rig?.clean('wait'))

  it('vm create waits for all that it is told, and vm wait says of each when it came true', async () => {
    const { code, stderr } = await there('vm', 'create', 'wait-port', ...serving(rig.tiny, 7), '--network', rig.network, '--wait', 'ip', '--wait', 'port:7')
    expect(code, stderr).to.equal(0)
    const waited = (await there('vm', 'wait', 'wait-port', '--for', 'port:7', '--for', 'running', '--for', 'ip', '--json')).json<Waited>()
    const [address = ''] = waited.addresses ?? []
    expect(address).to.match(/^10\.88\.0\./)
    expect(waited).to.include({ for: 'port:7,running,ip', changed: false })
    expect(waited.conditions.map(({ condition, addresses }) => [condition, addresses])).to.deep.equal([
      ['port:7', [address]], ['running', null], ['ip', [address]],
    ])
    for (const { at, seconds } of waited.conditions) {
      expect(new Date(at).toISOString()).to.equal(at)
      expect(seconds).to.be.within(0, 10)
    }
  })

  it('gives up when nobody listens on the port: exit code 124', async () => {
    const { code, stderr } = await there('vm', 'wait', 'wait-port', '--for', 'ip', '--for', 'port:8', '--timeout', '1s')
    expect(code).to.equal(124)
    expect(stderr).to.match(/^bay: wait-port: not reached on port 8 after 1 s /)
    expect(stderr).to.match(/\n {2}found: port 8 of 10\.88\.0\.\d+: the guest refuses: nobody listens there\n/)
    const agent = await there('vm', 'wait', 'wait-port', '--for', 'agent', '--timeout', '100ms', '--json')
    expect(agent.json<Failed>().error.diagnosis.findings.map(({ code }) => code)).to.deep.equal(['no-agent'])
  })

  it('takes no address of an earlier boot: after a reset, a reboot, and a start by another tool', async () => {
    const names = ['wait-reset', 'wait-port', 'wait-virsh']
    const leases = () => Promise.all(names.map((name) => leaseOf(rig, name)))
    const before = await leases()
    await Promise.all([
      rig.does('vm', 'reset', 'wait-reset'), rig.does('vm', 'reboot', 'wait-port', '--no-wait'),
      rig.virsh('destroy', 'wait-virsh').then(() => rig.virsh('start', 'wait-virsh')),
    ])
    // The one was only asked to reboot, so that it may have its address still.
    expect(await everywhere(rig, names)).to.deep.equal(['older', 'current', 'older'])
    const early = await rig.bay(['vm', 'wait', 'wait-reset', '--for', 'ip', '--timeout', '100ms', '--json'])
    expect(early.json()).to.have.nested.property('error.diagnosis.findings[0].code', 'old-lease')
    await rig.does('vm', 'wait', 'wait-reset', 'wait-port', 'wait-virsh', '--for', 'ip')
    const after = await leases()
    before.forEach((lease, index) => expect(after[index], lease).to.not.equal(lease))
    expect(await everywhere(rig, names)).to.deep.equal(['current', 'current', 'current'])
    await rig.virsh('destroy', 'wait-virsh')
    const [row] = await rig.json<{ state: string }[]>('net', 'leases', '--filter', `address=${/ (10\.88\.0\.\d+)\//.exec(after[2] ?? '')?.[1]}`)
    expect(row).to.include({ state: 'unclaimed', machine: null })
  })

  it('ends at once when the machine goes off and what is waited for needs it on', async () => {
    const waiting = rig.start(['vm', 'create', 'wait-off', ...rig.deaf, '--network', rig.network, '--wait', 'ip', '--wait', 'port:9'])
    await waiting.says('waiting for ip, port:9')
    await rig.virsh('destroy', 'wait-off')
    const { code, stderr, seconds } = await waiting.done
    expect(code, stderr).to.equal(5)
    expect(stderr).to.match(/\nbay: wait-off: created and started, but it is off, so waiting for ip, port:9 is in vain /)
    expect(stderr).to.contain('\n  try: bay vm start wait-off\n')
    expect(seconds).to.be.below(20)
  })

  it('is interrupted in vm create: the machine is there, and that is said', async () => {
    const created = rig.start(['vm', 'create', 'wait-int', ...rig.deaf, '--network', rig.network, '--wait', 'ip'])
    await created.says('waiting for ip')
    created.kill('SIGINT')
    const { code, stderr } = await created.done
    expect(code, stderr).to.equal(130)
    expect(stderr).to.match(/\nbay: vm wait-int: created and started; the wait was interrupted .*\n {2}try: bay vm wait --for ip wait-int\n$/)
    expect(await rig.state('wait-int')).to.equal('running')
  })
})

/** The tiny guest, in which somebody listens on a port. */
function serving(tiny: readonly string[], port: number): string[] {
  return tiny.map((word, at) => tiny[at - 1] === '--cmdline' ? `${word} rdinit=/bin/busybox -- sh -c "/bin/busybox httpd -p ${port}; exec /init"` : word)
}

interface Known { name: string, addresses: string[], addressDetails: { address: string, source: string, state: string }[] }
interface LeaseRow { machine: string | null, address: string, state: string }

/** How each machine's lease is marked, on which `vm list`, `vm show` and `net leases` must agree. */
async function everywhere(rig: Rig, names: readonly string[]): Promise<string[]> {
  const [rows, leases, ...shown] = await Promise.all([
    rig.json<Known[]>('vm', 'list'), rig.json<LeaseRow[]>('net', 'leases', rig.network), ...names.map((name) => rig.json<Known>('vm', 'show', name)),
  ])
  return shown.map(({ name, addresses, addressDetails }) => {
    const [known] = addressDetails
    expect(addressDetails, name).to.have.length(1)
    expect(addresses, name).to.deep.equal(known?.state === 'current' ? [known.address] : [])
    expect(rows.find((row) => row.name === name), name).to.deep.include({ addresses, addressDetails })
    expect(leases.find(({ machine }) => machine === name), name).to.include({ address: known?.address, state: known?.state })
    return known?.state ?? ''
  })
}

/** The line of its lease, which says when it ends: each boot moves that on. */
async function leaseOf(rig: Rig, name: string): Promise<string> {
  const mac = /([0-9a-f]{2}(:[0-9a-f]{2}){5})/.exec(await rig.virsh('domiflist', name))?.[0] ?? ''
  return lines(await rig.virsh('net-dhcp-leases', rig.network)).find((line) => line.includes(mac)) ?? ''
}
