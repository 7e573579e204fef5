import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { program, type BayResult } from '../lab/bay.js'
import type { Outcome } from '../lab/script.js'
import { newRig, type Rig } from './rig.js'

interface Row { kind: string, name: string, result: string, why: string | null }

// What no machine uses is listed, and only what was meant is deleted.
describe('bay gc', function () {
  this.timeout(120_000)
  let rig: Rig
  const tell = (rows: readonly Row[]) => rows.map(({ kind, name, result }) => `${kind} ${name} ${result}`)
  const gc = async (...args: string[]) => tell(await rig.json<Row[]>('gc', '--older-than', '1ms', ...args))
  /** As on the host itself, where libvirt's own folder can be seen. */
  const onHost = (...args: string[]): Promise<Outcome> => rig.host.exec(['env', `XDG_STATE_HOME=${join(rig.files, 'state')}`,
    `LIBVIRT_DEFAULT_URI=${rig.host.uri}`, process.execPath, program, ...args])

  before('a machine on a layer, one with a snapshot, and what others left', async function () {
    this.timeout(300_000)
    rig = await newRig({ network: false })
    const plain = ['--virt', 'qemu', '--graphics', 'none', '--network', 'none', '--memory', '32M', '--empty', '--no-start']
    await rig.does('vm', 'create', 'user', ...plain, '--disk', '1M')
    await rig.does('vm', 'create', 'carded', '--virt', 'qemu', '--graphics', 'none', '--network', 'user', '--memory', '32M', '--empty', '--disk', '1M', '--no-start')
    const make = (name: string, format: string, ...more: string[]) => rig.virsh('vol-create-as', 'default', name, '1M', '--format', format, ...more)
    for (const volume of ['base', 'orphan', 'used-base', 'image-kept']) await make(`${volume}.qcow2`, 'qcow2')
    for (const [layer, base] of [['layer', 'base'], ['used', 'used-base']]) {
      await make(`${layer}.qcow2`, 'qcow2', '--backing-vol', `${base}.qcow2`, '--backing-vol-format', 'qcow2')
    }
    for (const volume of ['gone-seed.iso', 'image-cut.img']) await make(volume, 'raw')
    await rig.virsh('attach-disk', 'user', join(rig.folder, 'used.qcow2'), 'vdb', '--config', '--subdriver', 'qcow2')
    const filter = join(rig.files, 'filter.xml')
    writeFileSync(filter, '<filter name="gc-own" chain="root"><rule action="accept" direction="in"/></filter>')
    await rig.does('filter', 'define', filter)
  })
  after(() => rig?.host.down())

  const all = [
    'volume default/base.qcow2 found', 'volume default/layer.qcow2 found', 'volume default/orphan.qcow2 found',
    'seed default/gone-seed.iso found', 'filter gc-own found',
  ]

  it('lists what nobody uses, with its size, and deletes nothing', async () => {
    const before = await rig.everything()
    expect(await gc()).to.deep.equal(all)
    const listed = await rig.bay(['gc', '--older-than', '1ms'])
    expect(listed.stdout).to.match(/^KIND +NAME +SIZE +REASON +RESULT\n/)
    expect(listed.stderr).to.match(/5 things of \S+; --yes deletes 1 thing/)
    expect(await gc('--yes', '--dry-run')).to.deep.equal(all)
    expect(await gc('--only', 'seeds,filters')).to.deep.equal(all.slice(3))
    expect(await rig.everything()).to.deep.equal(before)
  })

  it('lists addresses that are reserved for cards of no machine, and frees them when that is asked for', async () => {
    const mac = /[0-9a-f]{2}(?::[0-9a-f]{2}){5}/.exec(await rig.virsh('domiflist', 'carded'))?.[0] ?? ''
    const hosts = `<host mac='52:54:00:00:00:99' ip='10.97.0.9'/><host mac='${mac}' ip='10.97.0.8'/>`
    const file = join(rig.files, 'net.xml')
    writeFileSync(file, `<network><name>gc-net</name><ip address='10.97.0.1' prefix='24'><dhcp><range start='10.97.0.2' end='10.97.0.50'/>${hosts}</dhcp></ip></network>`)
    await rig.virsh('net-define', file)
    expect(await gc('--only', 'reservations')).to.deep.equal(['reservation gc-net/10.97.0.9 found'])
    expect(await gc('--yes', '--filter', 'kind=reservation')).to.deep.equal(['reservation gc-net/10.97.0.9 found'])
    expect(await gc('--yes', '--only', 'reservations')).to.deep.equal(['reservation gc-net/10.97.0.9 deleted'])
    expect(await rig.virsh('net-dumpxml', 'gc-net')).to.contain('10.97.0.8').and.not.contain('10.97.0.9')
    await rig.virsh('net-undefine', 'gc-net')
  })

  it('leaves out what is new, which somebody may be making', async () => {
    expect(tell(await rig.json<Row[]>('gc'))).to.deep.equal(['filter gc-own found'])
    expect((await rig.bay(['gc'])).stderr).to.contain('4 more changed a short while ago')
  })

  it('judges no volume while a pool is stopped: its volumes may be layers over others', async () => {
    await rig.does('pool', 'create', 'cold', '--path', join(rig.host.dir, 'pools/cold'))
    await rig.does('pool', 'stop', 'cold')
    const rows = await rig.json<Row[]>('gc', '--older-than', '1ms', '--yes', '--only', 'volumes')
    expect(tell(rows)).to.deep.equal(all.slice(0, 3))
    expect(rows[0]?.why).to.contain('the pool cold is stopped')
    await rig.does('pool', 'delete', '--yes', 'cold')
  })

  it('counts what a disk outside of the pools lies on, and what a snapshot names', async () => {
    const outside = join(rig.files, 'outside.qcow2')
    await rig.host.does(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', join(rig.folder, 'base.qcow2'), outside])
    await rig.virsh('attach-disk', 'user', outside, 'vdc', '--config', '--subdriver', 'qcow2')
    expect((await rig.json<Row[]>('gc', '--older-than', '1ms', '--only', 'volumes'))[0]?.why).to.contain(outside)
    const { stdout } = await onHost('gc', '--older-than', '1ms', '--only', 'volumes', '-o', 'json')
    expect(tell(JSON.parse(stdout) as Row[])).to.deep.equal(all.slice(1, 3))
    await rig.virsh('detach-disk', 'user', 'vdc', '--config')
    await rig.virsh('attach-disk', 'user', join(rig.folder, 'orphan.qcow2'), 'vdc', '--config', '--subdriver', 'qcow2')
    await rig.virsh('snapshot-create-as', 'user', 'then')
    await rig.virsh('detach-disk', 'user', 'vdc', '--config')
    expect(await gc('--only', 'volumes')).to.deep.equal(all.slice(0, 2))
    await rig.virsh('snapshot-delete', 'user', 'then')
  })

  it('--yes alone deletes what is bay\'s own, and NVRAM on the host itself', async () => {
    const nvram = join(rig.host.dir, 'lib/qemu/nvram')
    mkdirSync(nvram, { recursive: true })
    for (const name of ['user', 'gone']) writeFileSync(join(nvram, `${name}_VARS.fd`), 'x')
    const deleted = await onHost('gc', '--older-than', '1ms', '--yes', '-o', 'json')
    expect(tell(JSON.parse(deleted.stdout) as Row[])).to.deep.equal([
      ...all.slice(0, 3), 'seed default/gone-seed.iso deleted', 'nvram gone deleted', 'filter gc-own found',
    ])
    expect([existsSync(join(nvram, 'user_VARS.fd')), existsSync(join(nvram, 'gone_VARS.fd'))]).to.deep.equal([true, false])
  })

  it('deletes volumes and filters that are named, the upper layers first, and nothing that is used', async () => {
    expect(await gc('--yes', '--only', 'volumes,filters', '--filter', 'name!=default/orphan.qcow2')).to.deep.equal([
      'volume default/base.qcow2 deleted', 'volume default/layer.qcow2 deleted', 'filter gc-own deleted',
    ])
    const volumes = await rig.virsh('vol-list', 'default')
    for (const left of ['user.qcow2', 'used.qcow2', 'used-base.qcow2', 'orphan.qcow2', 'image-kept.qcow2', 'image-cut.img']) expect(volumes).to.contain(left)
    expect(await gc()).to.deep.equal(['volume default/orphan.qcow2 found'])
    expect(await rig.virsh('nwfilter-list')).to.contain('clean-traffic')
  })

  it('keeps what another run has in its journal until bay recover has spoken', async () => {
    const killed: BayResult = await rig.bay(['vol', 'create', 'default/half.qcow2', '--size', '1M'], { env: { BAY_TEST_KILL_AT: '2-' } })
    expect(killed.signal).to.equal('SIGKILL')
    expect(await gc()).to.deep.equal(['volume default/orphan.qcow2 found'])
    expect((await rig.bay(['gc'])).stderr).to.match(/a run that died left something behind \(vol create default\/half\.qcow2, .*\): bay recover/)
    await rig.does('recover')
    expect(await rig.virsh('vol-list', 'default')).not.to.contain('half')
  })
})
