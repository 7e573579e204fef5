import { expect } from 'chai'
import { run } from '../lab/script.js'
import { suiteRig, type Rig } from './rig.js'

interface Action { action: string, kind: string, name: string, changed: boolean, [more: string]: unknown }

// One machine's life, from its creation to its end, as an operator types it.
describe('bay vm: the life of a machine', function () {
  this.timeout(60_000)
  let rig: Rig
  const act = (...args: string[]) => rig.json<Action>('vm', ...args)

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
  })
  after(() => rig?.clean('life'))

  it('is created, boots and has its address', async () => {
    const made = await act('create', 'life', ...rig.tiny, '--network', rig.network, '--disk', '64M', '--wait', 'ip')
    expect(made).to.include({ action: 'create', kind: 'vm', name: 'life', changed: true, started: true })
    expect(made['uuid']).to.equal(await rig.virsh('domuuid', 'life'))
    expect(made['addresses']).to.have.lengthOf(1).and.to.satisfy(([address]: string[]) => address?.startsWith('10.88.0.'))
    expect(await rig.virsh('net-dhcp-leases', rig.network)).to.contain((made['addresses'] as string[])[0])
    expect(await rig.state('life')).to.equal('running')
  })

  it('is listed, with the keys that scripts rely on', async () => {
    const rows = await rig.json<Record<string, unknown>[]>('vm', 'list', '--filter', 'name=life')
    expect(rows).to.have.length(1)
    expect(rows[0]).to.include({ name: 'life', state: 'running', vcpus: 1, memory: 192 * 2 ** 20, autostart: false, persistent: true })
    expect(rows[0]).to.have.all.keys(listKeys)
    expect(showKeys).to.include.members(listKeys)
    const table = await rig.does('vm', 'list', '--filter', 'name=life')
    expect(table.split('\n')[0]).to.match(/^NAME +STATE +VCPUS +MEMORY +ADDRESSES$/)
    expect(table).to.match(/^life +running +1 +192M +10\.88\.0\.\d+$/m)
  })

  it('is shown, with the keys of the contract', async () => {
    const shown = await rig.json<Shown>('vm', 'show', 'life')
    expect(shown).to.have.all.keys(showKeys)
    expect(shown).to.include({ name: 'life', state: 'running', reason: 'booted', firmware: 'bios', virt: 'qemu', snapshots: 0, os: null })
    expect(shown.uptime).to.be.within(1, 60)
    expect(shown.disks).to.have.length(1)
    expect(shown.disks[0]).to.have.all.keys(diskKeys)
    expect(shown.disks[0]).to.include({ target: 'vda', bus: 'virtio', pool: 'default', volume: 'life.qcow2', format: 'qcow2', capacity: 64 * 2 ** 20 })
    expect(shown.nics[0]).to.have.all.keys(nicKeys)
    expect(shown.nics[0]).to.include({ type: 'network', source: 'default', model: 'virtio' })
    expect(await rig.virsh('domiflist', 'life')).to.contain(shown.nics[0]?.['mac'])
  })

  it('is asked to shut down, and says that its guest did', async () => {
    expect(await act('stop', 'life')).to.include({ action: 'stop', changed: true, how: 'guest' })
    expect(await rig.state('life')).to.equal('shut off')
    expect(await act('stop', 'life')).to.include({ changed: false, how: null })
  })

  it('is stopped while it still boots: it is asked again until it hears', async () => {
    expect(await act('start', 'life')).to.include({ changed: true, from: 'off' })
    expect(await act('start', 'life')).to.include({ changed: false, from: 'running' })
    const stopped = await act('stop', 'life')
    expect(stopped).to.include({ changed: true, how: 'guest' })
    // The first request was lost: that guest was not up yet.
    expect(stopped['seconds']).to.be.above(1.9)
  })

  it('stands still while it is paused, and is not asked to stop then', async () => {
    await act('start', 'life')
    expect(await act('suspend', 'life')).to.include({ changed: true, from: 'running' })
    expect(await act('suspend', 'life')).to.include({ changed: false, from: 'paused' })
    expect(await rig.state('life')).to.equal('paused')
    const refused = await rig.bay(['vm', 'stop', 'life'])
    expect(refused).to.include({ code: 5, stdout: '' })
    expect(refused.stderr).to.match(/^bay: it is paused, .*\n {2}try: bay vm start life .*\n {2}try: bay vm stop --force life/)
    expect(await rig.state('life')).to.equal('paused')
    expect(await act('resume', 'life')).to.include({ changed: true, from: 'paused' })
    expect(await act('resume', 'life')).to.include({ changed: false })
    expect(await rig.state('life')).to.equal('running')
  })

  it('is saved, and goes on where it was', async () => {
    await act('wait', 'life', '--for', 'ip')
    expect(await act('save', 'life')).to.include({ changed: true, from: 'running' })
    expect(await act('save', 'life')).to.include({ changed: false, from: 'saved' })
    expect(await rig.json('vm', 'list', '--filter', 'name=life')).to.have.nested.property('[0].state', 'saved')
    expect(await rig.virsh('dominfo', 'life')).to.match(/Managed save: +yes/)
    expect(await act('start', 'life')).to.include({ changed: true, from: 'saved' })
    // It went on and did not boot: it hears at once.
    expect((await act('stop', 'life'))['seconds']).to.be.below(1.9)
  })

  it('is rebooted: its guest goes down and boots again', async () => {
    await act('start', 'life')
    await act('wait', 'life', '--for', 'ip')
    const leaseBefore = await leaseOf(rig, 'life')
    const events = run('virsh', ['-q', '-c', rig.host.uri, 'event', 'life', 'reboot', '--timeout', '20'])
    expect(await act('reboot', 'life')).to.include({ changed: true })
    expect((await events).stdout).to.match(/'reboot'.*life/)
    expect(await rig.state('life')).to.equal('running')
    // The address it had is no sign that it is up again: only the new lease is.
    await act('wait', 'life', '--for', 'ip')
    expect(await leaseOf(rig, 'life')).not.to.equal(leaseBefore)
  })

  it('is reset and forced off, without its guest being asked', async () => {
    expect(await act('reset', 'life')).to.include({ changed: true, from: 'running' })
    const stopped = await act('stop', '--force', 'life')
    expect(stopped).to.include({ changed: true, how: 'forced' })
    expect(await rig.virsh('domstate', '--reason', 'life')).to.equal('shut off (destroyed)')
    const refused = await rig.bay(['vm', 'reset', 'life'])
    expect(refused).to.include({ code: 5, stderr: `bay: life is off (${rig.host.uri})\n  try: bay vm start life\n` })
  })
})

interface Shown { uptime: number, disks: Record<string, unknown>[], nics: Record<string, unknown>[] }

const listKeys = [
  'name', 'uuid', 'state', 'reason', 'id', 'persistent', 'autostart', 'vcpus', 'maxVcpus', 'memory', 'maxMemory', 'cpuTime', 'addresses',
  'addressDetails',
]
const showKeys = [
  ...listKeys, 'os', 'firmware', 'virt', 'arch', 'machine', 'uptime', 'disks', 'nics', 'graphics', 'snapshots', 'protected', 'profile', 'description',
]
const diskKeys = ['target', 'bus', 'device', 'path', 'pool', 'volume', 'format', 'capacity', 'allocation', 'readonly']
const nicKeys = ['mac', 'type', 'source', 'model', 'tap', 'filter', 'addresses']

/** The line of its lease, which says when it ends: each boot moves that on. */
async function leaseOf(rig: Rig, name: string): Promise<string> {
  const mac = /([0-9a-f]{2}(:[0-9a-f]{2}){5})/.exec(await rig.virsh('domiflist', name))?.[0] ?? ''
  return (await rig.virsh('net-dhcp-leases', rig.network)).split('\n').find((line) => line.includes(mac)) ?? ''
}
