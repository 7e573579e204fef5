import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { newRig, type Rig } from './rig.js'

const many = 1000

// A host with a thousand machines is listed in as many calls as one with ten.
describe('scale: a thousand machines', function () {
  this.timeout(120_000)
  let rig: Rig

  before('ten machines, four of which run and two of those with an address to be found', async function () {
    this.timeout(300_000)
    rig = await newRig({ network: true })
    await define(0, 6)
    await Promise.all(['run-1', 'run-2'].map((name) => rig.does('vm', 'create', name, ...rig.tiny, '--network', rig.network, '--wait', 'ip')))
    await Promise.all(['run-3', 'run-4'].map((name) => rig.does('vm', 'create', name, ...rig.deaf, '--network', 'none')))
  })
  after(() => rig?.host.down())

  /** As they lie in the daemon's folder after a long life; to define them one by one takes many times longer. */
  async function define(from: number, to: number): Promise<void> {
    rig.host.kill('SIGKILL')
    for (let each = from; each < to; each += 1) await writeFile(join(rig.host.dir, `etc/qemu/scale-${each}.xml`), machine(each))
    await rig.host.restartDaemon()
  }

  it('vm list -o json makes as many calls for 1,000 as for 10', async () => {
    const ten = await listed(rig)
    expect(ten.rows).to.have.length(10)
    await define(6, many - 4)
    const thousand = await listed(rig)
    expect(thousand.rows).to.have.length(many)
    expect(thousand.rows.filter(({ state }) => state === 'running')).to.have.length(4)
    expect(thousand.rows.filter(({ addresses }) => addresses.length === 1)).to.have.length(2)
    expect(thousand.rows.find(({ name }) => name === 'scale-500')).to.include({ state: 'off', vcpus: 1, memory: 64 * 2 ** 20 })
    process.stdout.write(`      10 machines: ${ten.calls.length} calls, ${ten.seconds.toFixed(2)} s; `
      + `1,000: ${thousand.calls.length} calls, ${thousand.seconds.toFixed(2)} s\n`)
    expect(thousand.calls).to.deep.equal(ten.calls)
    expect(thousand.calls.length).to.be.within(1, 40)
    expect(thousand.seconds).to.be.below(5)
  })

  it('a glob over a thousand names is quick, and so is a name that is not there', async () => {
    const none = await rig.bay(['vm', 'show', 'scale-5000'])
    expect(none.code).to.equal(4)
    expect(none.stderr).to.contain('did you mean scale-500?')
    const some = await rig.bay(['vm', 'autostart', 'scale-50?', '--dry-run', '-o', 'json'])
    expect(some.json()).to.have.length(10)
    expect(Math.max(none.seconds, some.seconds)).to.be.below(5)
  })
})

interface Row { name: string, state: string, vcpus: number, memory: number, addresses: string[] }

/** Lists the machines and counts what was asked of the daemon: the client's own log has a line for each call. */
async function listed(rig: Rig): Promise<{ rows: Row[], calls: string[], seconds: number }> {
  const log = join(rig.files, 'rpc.log')
  const logged = await rig.bay(['vm', 'list', '-o', 'json'], {
    env: { LIBVIRT_LOG_FILTERS: '1:rpc', LIBVIRT_LOG_OUTPUTS: `1:file:${log}` },
  })
  expect(logged.code, logged.stderr).to.equal(0)
  const calls = [...(await readFile(log, 'utf8')).matchAll(callSent)].map(([, procedure = '']) => procedure)
  await rm(log)
  const { seconds } = await rig.bay(['vm', 'list', '-o', 'json'])
  return { rows: logged.json() as Row[], calls, seconds }
}

/** A call of the remote program (0x20008086), by its number; keepalive is another program. */
const callSent = /RPC_CLIENT_MSG_TX_QUEUE: .* prog=536903814 vers=1 proc=(\d+) type=0/g

function machine(index: number): string {
  return `<domain type='qemu'><name>scale-${index}</name><uuid>${uuid(index)}</uuid><memory unit='MiB'>64</memory><vcpu>1</vcpu>
    <os><type arch='x86_64' machine='q35'>hvm</type></os><devices/></domain>`
}

function uuid(index: number): string {
  return `6c1b7a52-0000-4000-8000-${index.toString(16).padStart(12, '0')}`
}
