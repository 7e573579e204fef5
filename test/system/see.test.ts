import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { bay, bayEnvironment, program } from '../lab/bay.js'
import { RpcProxy } from '../lab/rpc-proxy.js'
import { onTerminal } from '../integration/on-terminal.js'
import { readExposition } from '../unit/see/exposition.js'
import { newRig, until, type Rig } from './rig.js'

// One machine and one daemon, looked at in every way.
describe('vm stats, events and metrics on a real host', function () {
  this.timeout(120_000)
  let rig: Rig
  before(async function () {
    this.timeout(180_000)
    rig = await newRig({ network: true })
  })
  after(() => rig?.host.down())

  it('events tells what happens to machines, networks and pools, a JSON object a line; stats and metrics count it', async () => {
    const all = rig.start(['events', '-o', 'json', '--for', 'undefined', '--kind', 'vm', '--timeout', '100s'])
    const others = rig.start(['events', '--kind', 'net', '--kind', 'pool', '--count', '3', '--timeout', '100s'])
    await Promise.all([all.says('listening'), others.says('listening')])
    await rig.does('vm', 'create', 'seen', ...rig.deaf, '--network', rig.network)
    await rig.does('vm', 'suspend', 'seen')
    await rig.does('vm', 'resume', 'seen')
    await rig.does('pool', 'refresh', rig.pool)
    await rig.does('net', 'create', 'seen-net', '--subnet', '10.89.0.0/24')
    await counts()
    await rig.does('snapshot', 'create', 'seen', '--name', 'layer', '--disk-only')
    await rig.does('snapshot', 'delete', 'seen', 'layer', '--yes')
    await rig.does('vm', 'delete', 'seen', '--force', '--yes')

    const machine = await all.done
    expect(machine, machine.stderr).to.include({ code: 0 })
    const heard = machine.stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, string>)
    for (const event of heard) expect(event).to.have.all.keys('time', 'kind', 'name', 'uuid', 'event', 'state', 'reason', 'details')
    const lifecycle = heard.filter(({ event }) => event === 'lifecycle').map(({ state, reason }) => `${state} ${reason}`)
    expect(lifecycle).to.include.members(['defined added', 'started booted', 'suspended paused', 'resumed unpaused', 'stopped destroyed', 'undefined removed'])
    expect(heard.find(({ event, state }) => event === 'block-job' && state === 'completed')).to.deep.include({ reason: 'active-commit', details: { device: 'vda' } })
    const rest = await others.done
    expect(rest, rest.stderr).to.include({ code: 0 })
    expect(rest.stdout).to.match(/ pool default refresh\n/).and.match(/ net seen-net lifecycle defined\n/).and.match(/ net seen-net lifecycle started\n/)
  })

  async function counts(): Promise<void> {
    const [row] = await rig.json<Stats[]>('vm', 'stats', 'seen', '--interval', '300ms')
    expect(row).to.include({ name: 'seen', state: 'running', memory: 32 * 2 ** 20 })
    expect(row?.disks).to.have.length(1)
    expect(row?.disks[0]).to.include({ target: 'vda', capacity: 2 ** 20 }).and.have.property('readBytes').that.is.a('number')
    expect(row?.nics[0]?.tap).to.match(/^vnet\d+$/)
    expect(row?.rates.cpu).to.be.a('number')
    expect(row?.rates.interval).to.be.at.least(0.3)
    await oneCallALook()
    const found = readExposition(await rig.does('metrics') + '\n')
    expect(found.get('bay_vm_state')?.samples).to.deep.equal([{ labels: { vm: 'seen', state: 'running' }, value: 1 }])
    for (const name of ['bay_vm_cpu_seconds_total', 'bay_vm_disk_read_bytes_total', 'bay_vm_network_receive_bytes_total', 'bay_pool_available_bytes']) {
      expect(found.get(name)?.samples, name).to.have.length(1)
    }
    expect(found.get('bay_network_active')?.samples).to.have.length(2)
  }

  /** The client's own log has a line for each call: 344 is virConnectGetAllDomainStats. */
  async function oneCallALook(): Promise<void> {
    const log = join(rig.files, 'top.log')
    const top = await rig.bay(['top', '--once', '--interval', '200ms', '-o', 'json'], {
      env: { LIBVIRT_LOG_FILTERS: '1:rpc', LIBVIRT_LOG_OUTPUTS: `1:file:${log}` },
    })
    expect((top.json() as Stats[]).map(({ name }) => name)).to.deep.equal(['seen'])
    const calls = [...(await readFile(log, 'utf8')).matchAll(/RPC_CLIENT_MSG_TX_QUEUE: .* prog=536903814 vers=1 proc=(\d+) type=0/g)].map(([, call]) => call)
    expect(calls.filter((call) => call === '344'), calls.join()).to.have.length(2)
    expect(calls.slice(calls.indexOf('344'), calls.lastIndexOf('344') + 1)).to.deep.equal(['344', '344'])
  }

  it('top goes on when a machine comes and when it goes', async () => {
    let screen = ''
    const typed = [['0 running', ''], ['comes', ''], ['0 running', 'q']] as const
    const top = onTerminal('top --interval 200ms', typed, { uri: `'${rig.host.uri}'`, seen: (shown) => { screen = shown } })
    await until(() => screen.includes('0 running'))
    await rig.does('vm', 'create', 'comes', ...rig.deaf, '--network', 'none')
    await until(() => screen.includes('comes'))
    await rig.does('vm', 'delete', 'comes', '--force', '--yes')
    const { code, screen: all } = await top
    expect(code, all).to.equal(0)
    expect(all).to.match(/1 running, CPU[^]*\ncomes +(-|\d)/)
  })

  it('completion ends after a second, also when the host falls silent in the middle', async () => {
    await using proxy = await RpcProxy.listen(join(rig.files, 'proxy'), join(rig.host.dir, 'run/libvirt-sock'))
    const words = ['__complete', '-c', `qemu+unix:///system?socket=${proxy.path}`, 'net', 'show', '']
    expect((await bay(words)).stdout).to.match(/^default\t\n/)
    // The last request ends the connection, and the one before it asks for the names.
    proxy.arm({ at: proxy.requests - 1, when: 'before', passes: false, cuts: false, strike: () => undefined })
    const { code, stdout, stderr, seconds } = await bay(words)
    expect({ code, stdout, stderr, struck: proxy.struck }).to.deep.equal({ code: 0, stdout: '', stderr: '', struck: true })
    expect(seconds).to.be.within(1, 10)
  })

  it('a daemon that ends is exit code 6 for events and bay_up 0 for Prometheus, which goes on when it is back; SIGTERM is 143', async () => {
    const events = rig.start(['events'])
    const metrics = spawn(process.execPath, [program, 'metrics', '--listen', '127.0.0.1:0'], { env: bayEnvironment({ uri: rig.host.uri }) })
    let said = ''
    metrics.stderr.on('data', (chunk: Buffer) => { said += chunk.toString() })
    await events.says('listening')
    await until(() => said.includes('/metrics'))
    const url = /http:\S+/.exec(said)?.[0] ?? ''
    const up = async () => readExposition(await (await fetch(url)).text()).get('bay_up')?.samples[0]?.value

    expect((await Promise.all([up(), up(), up()]))).to.deep.equal([1, 1, 1])
    const [other, post, head] = await Promise.all([fetch(new URL('/', url)), fetch(url, { method: 'POST' }), fetch(url, { method: 'HEAD' })])
    expect([other.status, post.status, head.status]).to.deep.equal([404, 405, 200])
    expect(head.headers.get('content-type')).to.equal('text/plain; version=0.0.4; charset=utf-8')
    rig.host.kill('SIGKILL')
    const lost = await events.done
    expect(lost).to.include({ code: 6 })
    expect(lost.stderr).to.include('the connection to the host was lost')
    expect(await up()).to.equal(0)
    await rig.host.restartDaemon()
    await until(async () => await up() === 1)
    expect(said).to.include('the host does not answer').and.include('the host answers again')
    const hanging = ['', 'GET /metr'].map((said) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      socket.on('error', () => undefined).write(said)
      return socket
    })
    await Promise.all(hanging.map((socket) => once(socket, 'ready')))
    metrics.kill('SIGTERM')
    const [code] = await once(metrics, 'close') as [number]
    expect(code).to.equal(143)
  })
})

interface Stats {
  name: string
  disks: Record<string, unknown>[]
  nics: { tap: string }[]
  rates: { cpu: number, interval: number }
}
