import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { lines, suiteRig, until, type Rig } from './rig.js'

interface Made { changed: boolean, bridge: string, subnets: { address: string }[] }
interface Lease { network: string, mac: string, address: string, hostname: string | null, expires: string | null }

// Networks as an operator makes and removes them, on a libvirtd with dnsmasq.
describe('bay net on a host', function () {
  this.timeout(60_000)
  let rig: Rig
  const names = async () => lines(await rig.virsh('net-list', '--all', '--name')).map((name) => name.trim())
  const fails = (...args: string[]) => rig.bay(['net', ...args])

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
  })
  after(async () => {
    await rig?.clean('nt-')
    for (const name of (await names()).filter((each) => each.startsWith('nt-'))) {
      await rig.virsh('net-destroy', name).catch(() => undefined)
      await rig.virsh('net-undefine', name).catch(() => undefined)
    }
    await rig.host.exec(['ip', 'link', 'del', 'nt-taken'])
  })

  it('creates, stops, starts and deletes one', async () => {
    const made = await rig.json<Made>('net', 'create', 'nt-life', '--subnet', 'auto', '--domain', 'nt.example')
    expect(await rig.virsh('net-info', 'nt-life')).to.match(/Active: +yes\nPersistent: +yes\nAutostart: +yes\nBridge: +virbr\d+/)
    expect((await rig.host.exec(['ip', '-brief', 'address', 'show', made.bridge])).stdout).to.contain(made.subnets[0]?.address)
    expect(await rig.json('net', 'stop', 'nt-life')).to.include({ changed: true })
    expect(await rig.json('net', 'stop', 'nt-life')).to.include({ changed: false })
    expect(await rig.json('net', 'start', 'nt-life')).to.include({ changed: true })
    expect(await rig.json('net', 'start', 'nt-life')).to.include({ changed: false })
    expect(await rig.json('net', 'autostart', '--off', 'nt-life')).to.include({ changed: true, autostart: false })
    expect(await rig.json('net', 'show', 'nt-life')).to.include({ active: true, autostart: false, domain: 'nt.example', bridge: made.bridge })
    expect(await rig.json('net', 'delete', 'nt-life')).to.include({ changed: true })
    expect(await names()).not.to.include('nt-life')
    expect((await rig.host.exec(['ip', '-brief', 'link'])).stdout).not.to.contain(`${made.bridge} `)
  })

  it('creates the largest, with a way out and without', async () => {
    for (const mode of ['nat', 'isolated']) {
      expect(await rig.json('net', 'create', 'nt-large', '--subnet', '172.16.0.0/12', '--mode', mode)).to.include({ changed: true, active: true })
      expect(await rig.json('net', 'show', 'nt-large')).to.include({ mode, active: true })
      await rig.does('net', 'delete', 'nt-large')
    }
  })

  it('changes nothing in a dry run', async () => {
    await rig.does('net', 'create', 'nt-there', '--subnet', 'auto')
    const before = await names()
    await rig.does('net', 'create', 'nt-dry', '--subnet', 'auto', '--dry-run')
    await rig.does('net', 'delete', 'nt-there', '--dry-run')
    await rig.does('net', 'stop', '--all', '--dry-run', '--force')
    expect(await names()).to.deep.equal(before)
    expect(await rig.json('net', 'show', 'nt-there')).to.include({ active: true })
  })

  it('leaves nothing when the start fails: a bridge, or a subnet, that the host has', async () => {
    await rig.host.does(['ip', 'link', 'add', 'nt-taken', 'type', 'bridge'])
    await rig.host.does(['ip', 'address', 'add', '10.89.0.1/24', 'dev', 'nt-taken'])
    await rig.host.does(['ip', 'link', 'set', 'nt-taken', 'up'])
    const bridge = await fails('create', 'nt-fail', '--subnet', '10.90.0.0/24', '--bridge', 'nt-taken')
    expect(bridge).to.include({ code: 5, stdout: '' })
    expect(bridge.stderr).to.match(/the host has that bridge already.*\n {2}try: without --bridge/)
    const subnet = await fails('create', 'nt-fail', '--subnet', '10.89.0.0/24')
    expect(subnet).to.include({ code: 5, stdout: '' })
    expect(subnet.stderr).to.contain('in use already on the host, by the interface nt-taken').and.to.contain('--subnet auto')
    expect(await names()).not.to.include('nt-fail')
  })

  it('finds another bridge name when the host has the one that it chose', async () => {
    const used = new Set((await rig.virsh('net-list', '--all', '--name')).split('\n').map((name) => name.trim()))
    expect(used).not.to.include('nt-other')
    const plan = await rig.json<Made>('net', 'create', 'nt-other', '--subnet', 'auto', '--dry-run')
    await rig.host.does(['ip', 'link', 'add', plan.bridge, 'type', 'bridge'])
    try {
      const made = await rig.json<Made>('net', 'create', 'nt-other', '--subnet', 'auto')
      expect(made.bridge).not.to.equal(plan.bridge)
      expect(await rig.virsh('net-info', 'nt-other')).to.match(/Active: +yes/)
    } finally {
      await rig.host.exec(['ip', 'link', 'del', plan.bridge])
    }
  })

  it('makes eight at the same time, each with its own subnet and bridge', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, (_, at) => rig.json<Made>('net', 'create', `nt-many-${at}`, '--subnet', 'auto')))
    expect(new Set(made.map(({ bridge }) => bridge)).size).to.equal(8)
    expect(new Set(made.map(({ subnets }) => subnets[0]?.address)).size).to.equal(8)
    const gone = await rig.json<{ changed: boolean }[]>('net', 'delete', 'nt-many-*', '--parallel', '8')
    expect(gone.map(({ changed }) => changed)).to.deep.equal(Array.from({ length: 8 }, () => true))
  })

  it('is whole or not there at all, whenever Ctrl-C comes', async () => {
    const runs = Array.from({ length: 12 }, (_, at) => ({ name: `nt-int-${at}`, after: 150 + at * 40 }))
    for (let at = 0; at < runs.length; at += 3) {
      await Promise.all(runs.slice(at, at + 3).map(async ({ name, after: delay }) => {
        const run = rig.start(['net', 'create', name, '--subnet', 'auto'])
        await sleep(delay)
        run.kill('SIGINT')
        const { code, signal, stderr } = await run.done
        expect(code === 130 || code === 0 || signal === 'SIGINT', `${name}: ${code} ${signal} ${stderr}`).to.equal(true)
        const there = (await names()).includes(name)
        if (code === 0) expect(there, name).to.equal(true)
        if (code === 130) expect(there, name).to.equal(false)
        if (there) expect(await rig.json('net', 'show', name)).to.include({ active: true, autostart: true })
      }))
    }
  })

  it('redefines one while it runs, and never under another UUID', async () => {
    await rig.does('net', 'create', 'nt-define', '--subnet', '10.91.0.0/24')
    const { uuid } = await rig.json<{ uuid: string }>('net', 'show', 'nt-define')
    const xml = await rig.virsh('net-dumpxml', '--inactive', 'nt-define')
    const define = (text: string) => rig.bay(['net', 'define', '-', '--json'], { stdin: text })
    // Without what the host chose: it stays as it was.
    const bare = xml.replace(/ *<(uuid|mac|bridge)\b.*\n/g, '')
    expect((await define(bare)).json()).to.include({ changed: false, uuid })
    expect((await define(bare.replace('10.91.0.254', '10.91.0.99'))).json()).to.include({ changed: true, uuid })
    expect(await rig.virsh('net-dumpxml', '--inactive', 'nt-define')).to.equal(xml.replace('10.91.0.254', '10.91.0.99'))
    expect(await rig.virsh('net-info', 'nt-define')).to.match(/Active: +yes\nPersistent: +yes\nAutostart: +yes/)
    expect(await define(xml.replace('<ip ', '<ip surprise="1" '))).to.include({ code: 2 })
  })

  it('keeps a network that running machines need, and shows their leases', async () => {
    await rig.does('net', 'create', 'nt-used', '--subnet', '10.92.0.0/24')
    await rig.does('vm', 'create', 'nt-vm', ...rig.tiny, '--network', 'nt-used', '--wait', 'running')
    for (const verb of ['stop', 'delete']) {
      const refused = await fails(verb, 'nt-used')
      expect(refused).to.include({ code: 5, stdout: '' })
      expect(refused.stderr).to.contain('running machines are connected to the network nt-used: nt-vm').and.to.contain('--force')
    }
    await until(async () => (await rig.json<Lease[]>('net', 'leases', 'nt-used')).length > 0, 300)
    const [lease] = await rig.json<Lease[]>('net', 'leases', 'nt-u*')
    expect(lease).to.have.all.keys('network', 'mac', 'address', 'prefix', 'family', 'hostname', 'clientId', 'expires', 'machine', 'state')
    expect(lease).to.include({ network: 'nt-used', prefix: 24, family: 'ipv4', machine: 'nt-vm', state: 'current' })
    expect(lease?.address).to.match(/^10\.92\.0\.\d+$/)
    expect(Date.parse(lease?.expires ?? '')).to.be.greaterThan(Date.now())
    expect((await rig.json<{ leases: Lease[] }>('net', 'show', 'nt-used')).leases).to.deep.equal([lease])
    expect((await rig.json<Lease[]>('net', 'leases')).map(({ address }) => address)).to.include(lease?.address)
    expect(await rig.json('net', 'delete', 'nt-used', '--force')).to.deep.include({ changed: true, disconnected: ['nt-vm'] })
  })
})
