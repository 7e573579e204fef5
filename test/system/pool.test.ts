import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { lines, suiteRig, type Rig } from './rig.js'

// Pools and volumes as an operator makes and removes them, on a libvirtd with real files.
describe('bay pool and bay vol on a host', function () {
  this.timeout(60_000)
  let rig: Rig
  let folder: string
  const names = async () => lines(await rig.virsh('pool-list', '--all', '--name')).map((name) => name.trim())
  const fails = (...args: string[]) => rig.bay(args)

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    folder = join(rig.host.dir, 'pt')
    mkdirSync(folder)
    await rig.does('pool', 'create', 'pt', '--path', join(folder, 'pt'))
  })
  after(async () => {
    await rig?.clean('pt-')
    for (const name of (await names()).filter((each) => each.startsWith('pt'))) {
      await rig.virsh('pool-destroy', name).catch(() => undefined)
      await rig.virsh('pool-undefine', name).catch(() => undefined)
    }
  })

  it('creates, stops, starts and deletes one, and never a file', async () => {
    const path = join(folder, 'deep', 'life')
    expect(await rig.json('pool', 'create', 'pt-life', '--path', path)).to.include({ changed: true, built: true, active: true, autostart: true })
    writeFileSync(join(path, 'disk.img'), 'kept')
    expect(await rig.json('pool', 'refresh', 'pt-life')).to.include({ volumes: 1 })
    expect(await rig.json('pool', 'show', 'pt-life')).to.include({ state: 'running', path, volumes: 1, persistent: true, autostart: true })
    expect(await rig.json('pool', 'stop', 'pt-life')).to.include({ changed: true })
    expect(await rig.json('pool', 'stop', 'pt-life')).to.include({ changed: false })
    expect(await rig.json('pool', 'show', 'pt-life')).to.include({ state: 'inactive', capacity: null, available: null, volumes: null })
    expect(await rig.json('pool', 'start', 'pt-life')).to.include({ changed: true })
    expect(await rig.json('pool', 'start', 'pt-life')).to.include({ changed: false })
    expect(await rig.does('pool', 'delete', 'pt-life')).to.equal('pool pt-life: deleted; its files stay')
    expect(await names()).not.to.include('pt-life')
    expect(readdirSync(path)).to.deep.equal(['disk.img'])
  })

  it('takes a folder that is there as it is', async () => {
    const path = join(folder, 'there')
    mkdirSync(path)
    writeFileSync(join(path, 'old.img'), 'old')
    expect(await rig.json('pool', 'create', 'pt-there', '--path', path, '--no-start', '--no-autostart')).to.include({ built: false, active: false })
    expect(await rig.virsh('pool-info', 'pt-there')).to.match(/State: +inactive\nPersistent: +yes\nAutostart: +no/)
    const shared = await fails('pool', 'create', 'pt-two', '--path', `${path}/.`)
    expect(shared).to.include({ code: 5 })
    expect(shared.stderr).to.contain('the pool pt-there has the path')
    expect(readdirSync(path)).to.deep.equal(['old.img'])
  })

  it('leaves nothing when it cannot start, and deletes nothing that was there', async () => {
    writeFileSync(join(folder, 'file'), 'no folder')
    const failed = await fails('pool', 'create', 'pt-fail', '--path', join(folder, 'file'))
    expect(failed).to.include({ code: 1, stdout: '' })
    expect(failed.stderr).to.contain('Not a directory')
    expect(await fails('pool', 'create', 'pt-fail', '--path', join(folder, 'file', 'below'))).to.include({ code: 1 })
    expect(await names()).not.to.include('pt-fail')
    expect(existsSync(join(folder, 'file'))).to.equal(true)
  })

  it('is whole or not there at all, with its folder, whenever Ctrl-C comes', async () => {
    const runs = Array.from({ length: 12 }, (_, at) => ({ name: `pt-int-${at}`, after: 150 + at * 25 }))
    for (let at = 0; at < runs.length; at += 3) {
      await Promise.all(runs.slice(at, at + 3).map(async ({ name, after: delay }) => {
        const run = rig.start(['pool', 'create', name, '--path', join(folder, name)])
        await sleep(delay)
        run.kill('SIGINT')
        const { code, stderr } = await run.done
        const there = (await names()).includes(name)
        expect(existsSync(join(folder, name)), `${name}: ${code} ${stderr}`).to.equal(there)
        if (there) expect(await rig.json('pool', 'show', name)).to.include({ state: 'running', autostart: true })
      }))
    }
  })

  it('redefines one while it runs', async () => {
    const xml = await rig.virsh('pool-dumpxml', '--inactive', 'pt')
    const bare = xml.replace(/ *<(uuid|capacity|allocation|available)\b.*\n/g, '').replace(/ *<permissions>[^]*<\/permissions>\n/, '')
    const define = (text: string) => rig.bay(['pool', 'define', '-', '--json'], { stdin: text })
    expect((await define(bare)).json()).to.include({ changed: false })
    expect((await define(bare.replace('</target>', '<permissions><mode>0750</mode></permissions></target>'))).json()).to.include({ changed: true })
    expect(await rig.virsh('pool-info', 'pt')).to.match(/Autostart: +yes/)
    expect(await define(bare.replace('<target>', '<target surprise="1">'))).to.include({ code: 2 })
  })

  it('makes eight volumes in one pool at the same time, and refreshes it from eight sides', async () => {
    const eight = Array.from({ length: 8 }, (_, at) => `pt/v${at}.qcow2`)
    const made = await Promise.all(eight.map((name) => rig.json<{ changed: boolean }>('vol', 'create', name, '--size', '1G')))
    expect(made.every(({ changed }) => changed)).to.equal(true)
    const refreshed = await Promise.all(eight.map(() => rig.bay(['pool', 'refresh', 'pt'])))
    expect(refreshed.map(({ code }) => code)).to.deep.equal(eight.map(() => 0))
    expect((await rig.does('vol', 'list', 'pt', '-q')).split('\n')).to.deep.equal(eight)
    await rig.does('vol', 'delete', '--yes', 'pt/v*')
    expect(readdirSync(join(folder, 'pt'))).to.deep.equal([])
  })

  it('makes qcow2 of today, raw without filling it, and layers', async () => {
    await rig.does('vol', 'create', 'pt/base.qcow2', '--size', '1G')
    await rig.does('vol', 'create', 'pt/raw.img', '--size', '1G', '--format', 'raw')
    await rig.does('vol', 'create', 'pt/a.layer.qcow2', '--backing', 'pt/base.qcow2')
    expect(await rig.virsh('vol-dumpxml', 'base.qcow2', 'pt')).to.contain('<compat>1.1</compat>')
    expect(await rig.json('vol', 'show', 'pt/raw.img')).to.include({ format: 'raw', capacity: 2 ** 30, allocation: 0 })
    const path = join(folder, 'pt/base.qcow2')
    expect(await rig.json('vol', 'show', 'pt/a.layer.qcow2')).to.deep.include({ capacity: 2 ** 30, backing: { path, format: 'qcow2' }, usedBy: [], layers: [] })
    expect(await rig.json('vol', 'show', 'pt/base.qcow2')).to.deep.include({ backing: null, layers: ['pt/a.layer.qcow2'] })
    expect(await rig.does('vol', 'path', 'pt/base.qcow2')).to.equal(path)
    const refused = await fails('vol', 'delete', '--yes', 'pt/base.qcow2')
    expect(refused).to.include({ code: 5 })
    expect(refused.stderr).to.contain('volumes are layers over pt/base.qcow2: pt/a.layer.qcow2')
    const order = await rig.json<{ name: string }[]>('vol', 'delete', '--yes', 'pt/*')
    expect(order.map(({ name }) => name)).to.deep.equal(['pt/a.layer.qcow2', 'pt/base.qcow2', 'pt/raw.img'])
  })

  it('leaves nothing of a volume that cannot be made, and overwrites nothing', async () => {
    for (const format of ['raw', 'qcow2']) {
      const failed = await fails('vol', 'create', 'pt/huge', '--size', '7P', '--format', format)
      expect(failed, format).to.include({ code: 1, stdout: '' })
      expect(failed.stderr, format).to.match(/too large/).and.not.to.contain('Child process')
    }
    expect(readdirSync(join(folder, 'pt'))).to.deep.equal([])
    writeFileSync(join(folder, 'pt', 'stranger'), 'precious')
    expect((await fails('vol', 'create', 'pt/stranger', '--size', '1M')).code).to.be.oneOf([1, 5])
    await rig.does('pool', 'refresh', 'pt')
    expect(await rig.json('vol', 'show', 'pt/stranger')).to.include({ capacity: 8, format: 'raw' })
    await rig.does('vol', 'delete', '--yes', 'pt/stranger')
  })

  it('keeps what machines use, running or not', async () => {
    await rig.does('vm', 'create', 'pt-vm', ...rig.deaf.slice(0, -1), '16M,pool=pt', '--network', 'none')
    const [volume = ''] = (await rig.does('vol', 'list', 'pt', '-q')).split('\n')
    expect(await rig.json('vol', 'show', volume)).to.deep.include({ usedBy: ['pt-vm'] })
    for (const verb of ['stop', 'delete']) {
      const refused = await fails('pool', verb, 'pt')
      expect(refused).to.include({ code: 5, stdout: '' })
      expect(refused.stderr).to.contain('running machines use volumes of the pool pt: pt-vm').and.to.contain('--force')
    }
    await rig.virsh('destroy', 'pt-vm')
    const off = await fails('pool', 'delete', 'pt')
    expect(off).to.include({ code: 5, stdout: '' })
    expect(off.stderr).to.contain('machines use volumes of the pool pt: pt-vm').and.not.to.contain('running')
    const refused = await fails('vol', 'delete', '--yes', volume)
    expect(refused).to.include({ code: 5 })
    expect(refused.stderr).to.contain(`machines use the volume ${volume}: pt-vm`)
    await rig.virsh('undefine', 'pt-vm')
    await rig.does('vol', 'delete', '--yes', volume)
    await rig.does('vol', 'create', 'pt/below.qcow2', '--size', '1M')
    await rig.does('vol', 'create', 'default/pt-above.qcow2', '--backing', 'pt/below.qcow2')
    await rig.does('vm', 'create', 'pt-vm', ...rig.deaf.slice(0, -2), '--network', 'none', '--no-start')
    const path = await rig.does('vol', 'path', 'default/pt-above.qcow2')
    await rig.virsh('attach-disk', 'pt-vm', path, 'vdb', '--config', '--subdriver', 'qcow2')
    const layered = await fails('pool', 'delete', 'pt')
    expect(layered, layered.stderr).to.include({ code: 5 })
    expect(layered.stderr).to.contain('machines use volumes of the pool pt: pt-vm')
    await rig.virsh('undefine', 'pt-vm')
  })
})
