import { readdirSync } from 'node:fs'
import { expect } from 'chai'
import { newRig, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'

interface Row { vm: string, name: string, group: string | null, memory: boolean }
interface Taken { name: string, group: string, skew: number, taken: string, snapshot: string, kind: string, deleted: string[] }

describe('snapshots of several machines, and those that were cut', function () {
  this.timeout(180_000)
  let rig: Rig

  before('two machines that run, one of them with a raw disk, and one that is off', async function () {
    this.timeout(300_000)
    rig = await newRig({ network: false })
    await rig.does('vm', 'create', 'g-1', ...rig.deaf, '--network', 'none')
    await rig.does('vm', 'create', 'g-2', ...rig.deaf.slice(0, -1), '1M,format=raw', '--network', 'none')
    await rig.does('vm', 'create', 'g-3', ...rig.deaf, '--network', 'none', '--no-start')
  })
  after(() => rig?.host.down())

  const group = () => rig.json<Row[]>('snapshot', 'list', '--group', 'night')
  const files = () => readdirSync(rig.folder).sort()
  const states = () => Promise.all(['g-1', 'g-2', 'g-3'].map((name) => rig.state(name)))
  const disks = async () => (await Promise.all(['g-1', 'g-2', 'g-3'].map((name) => rig.virsh('domblklist', name)))).join()
  const asItIs = async () => [files(), await states(), await disks(), (await rig.json<Row[]>('snapshot', 'list')).length]

  it('a group is taken of all, is listed, kept by the rule for itself, and goes', async () => {
    const before = await asItIs()
    const shown = await rig.json<Taken[]>('snapshot', 'create', 'g-*', '--group', 'night', '--dry-run')
    expect(shown.map(({ name, taken }) => [name, taken])).to.deep.equal([['g-1', null], ['g-2', null], ['g-3', null]])
    expect(await asItIs()).to.deep.equal(before)
    const made = await rig.bay(['snapshot', 'create', 'g-*', '--group', 'night', '-o', 'json'])
    expect(made.code, made.stderr).to.equal(0)
    expect(made.stderr).to.match(/^group night: 3 machines, \d+\.\d\d s between the first and the last$/m)
    const taken = made.json() as Taken[]
    const times = taken.map(({ taken: time }) => Date.parse(time))
    expect(taken.map(({ skew }) => skew)).to.deep.equal(taken.map(() => (Math.max(...times) - Math.min(...times)) / 1000))
    expect((await group()).map(({ vm, memory }) => [vm, memory])).to.deep.equal([['g-1', false], ['g-2', false], ['g-3', false]])
    expect(await states()).to.deep.equal(['running', 'running', 'shut off'])
    const [{ snapshot = '' } = {}] = taken
    await new Promise((resolve) => { setTimeout(resolve, 1100) })
    const again = await rig.json<Taken[]>('snapshot', 'create', 'g-*', '--group', 'night', '--keep', '1')
    expect(again.map(({ deleted }) => deleted)).to.deep.equal([[snapshot], [snapshot], [snapshot]])
    await rig.does('snapshot', 'create', 'g-1', '--disk-only', '--name', 'own')
    const refused = await rig.bay(['snapshot', 'delete', '--yes', 'g-1'])
    expect(refused.code, refused.stderr).to.equal(2)
    const [row] = await group()
    expect(await rig.does('snapshot', 'delete', 'g-1', row?.name ?? '', '--children', '--dry-run')).to.match(/own, \S+ would be deleted$/)
    await rig.does('snapshot', 'delete', '--yes', 'g-1', row?.name ?? '', '--children')
    for (const name of ['g-2', 'g-3']) {
      expect((await rig.json<{ changed: boolean }>('snapshot', 'delete', '--yes', name, '--keep', '1')).changed).to.equal(false)
      await rig.does('snapshot', 'delete', '--yes', name, row?.name ?? '')
    }
    expect(await asItIs()).to.deep.equal(before)
  })

  it('all or nothing: a name that is taken, and killed at each point', async () => {
    const before = await asItIs()
    await rig.does('snapshot', 'create', 'g-3', '--name', 'taken')
    const refused = await rig.bay(['snapshot', 'create', 'g-*', '--group', 'night', '--name', 'taken'])
    expect(refused.code, refused.stderr).to.equal(5)
    await rig.does('snapshot', 'delete', '--yes', 'g-3', 'taken')
    expect(await asItIs()).to.deep.equal(before)
    let points = 0
    for (let write = long ? 1 : 6; long || write <= 12; write += long ? 1 : 3) {
      const killed = await rig.bay(['snapshot', 'create', 'g-*', '--group', 'night', '--name', 'cut'], { env: { BAY_TEST_KILL_AT: `${write}+` } })
      if (killed.signal !== 'SIGKILL') break
      const recovered = await rig.bay(['recover', '-o', 'json'])
      expect(recovered.code, recovered.stdout).to.equal(0)
      if (recovered.stdout.includes('"finished"') || recovered.stdout.trim() === '[]') break
      expect(await asItIs(), `${write}+: ${recovered.stdout}`).to.deep.equal(before)
      points += 1
    }
    expect(points).to.be.at.least(2)
    for (const { vm, name } of await rig.json<Row[]>('snapshot', 'list')) await rig.does('snapshot', 'delete', '--yes', vm, name)
    expect(await asItIs()).to.deep.equal(before)
  })

  ;(long ? it : it.skip)('with memory: killed at each point, interrupted, and while libvirt is at it', async () => {
    const before = await asItIs()
    const create = ['snapshot', 'create', 'g-2', '--memory', '--name', 'cut']
    for (let write = 1; write < 40; write += 1) {
      const killed = await rig.bay(create, { env: { BAY_TEST_KILL_AT: `${write}+` } })
      const recovered = await rig.bay(['recover', '-o', 'json'])
      expect(recovered.code, recovered.stdout).to.equal(0)
      const rows = await rig.json<Row[]>('snapshot', 'list')
      for (const { vm, name } of rows) await rig.does('snapshot', 'delete', '--yes', vm, name)
      expect(await asItIs(), `${write}+: ${recovered.stdout}`).to.deep.equal(before)
      if (killed.signal !== 'SIGKILL') break
    }
    for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
      const running = rig.start(create)
      await running.says('creating layer')
      running.kill(signal)
      const ended = await running.done
      if (ended.code === 0) await rig.does('snapshot', 'delete', '--yes', 'g-2', 'cut')
      else expect(ended.code, ended.stderr).to.equal(code)
      expect(await asItIs()).to.deep.equal(before)
    }
  })
})
