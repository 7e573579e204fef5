import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import pMap from 'p-map'
import { lockName } from '../../src/virt/ops/host-lock.js'
import type { BayResult } from '../lab/bay.js'
import { lines, newRig, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'

interface Row { name: string, result: string, undone: string[], deleted: string[], kept: string[], left: string[] }

// A deletion that is killed, interrupted or refused midway leaves, at the latest after `bay recover`, a whole machine or none.
describe('vm delete: whole or gone', function () {
  this.timeout(long ? 900_000 : 90_000)
  let rig: Rig
  let state: string
  let asItWas: string[]

  before('a host, and a state folder', async function () {
    this.timeout(300_000)
    rig = await newRig({ network: false })
    state = mkdtempSync(join(tmpdir(), 'bay-state-'))
    asItWas = await rig.everything()
  })
  after(async () => {
    await rig?.host.down()
    if (state) rmSync(state, { recursive: true })
  })
  afterEach('nothing is left', async () => {
    expect(await rig.everything()).to.deep.equal(asItWas)
    expect(rig.host.guestPids()).to.be.empty
    expect(filesIn(state, 'journal')).to.be.empty
  })

  const run = (args: readonly string[], env: Record<string, string> = {}): Promise<BayResult> =>
    rig.bay(args, { env: { XDG_STATE_HOME: state, ...env } })

  async function succeeds(args: readonly string[], env: Record<string, string> = {}): Promise<BayResult> {
    const ended = await run(args, env)
    expect(ended.code, `${args.join(' ')}: ${ended.stderr}`).to.equal(0)
    return ended
  }

  const create = (name: string, ...more: string[]) => succeeds(['vm', 'create', name, ...small, ...more])
  const remove = (name: string, ...more: string[]) => ['vm', 'delete', '--yes', '--force', name, ...more]
  const killedAt = async (point: string, ...more: string[]) => {
    const { signal, stderr } = await run(remove('gone', ...more), { BAY_TEST_KILL_AT: point })
    expect(signal, stderr).to.equal('SIGKILL')
  }
  const recovered = async (env: Record<string, string> = {}) => (await succeeds(['recover', '-o', 'json'], env)).json() as Row[]

  /** What is there of a machine: itself, and its volumes. */
  async function partsOf(name: string): Promise<string[]> {
    const [machines, files] = [lines(await rig.virsh('list', '--all', '--name')), readdirSync(rig.folder)]
    return [...machines.filter((each) => each === name), ...files.filter((each) => each.startsWith(`${name}.`) || each.startsWith(`${name}-2.`)).sort()]
  }

  /** Nothing, or everything. */
  async function wholeOrGone(name: string, when: string): Promise<'whole' | 'gone'> {
    const parts = await partsOf(name)
    if (parts.length === 0) return 'gone'
    expect(parts, when).to.deep.equal([name, `${name}-2.qcow2`, `${name}.qcow2`])
    return 'whole'
  }

  /** Each point has a machine and a state folder of its own, so that several can be tried at the same time. */
  async function atEachPoint(
    check: (point: string, name: string, env: { XDG_STATE_HOME: string }) => Promise<string>,
  ): Promise<string[]> {
    const points = [1, 2, 3, 4, 5, 6].flatMap((write) => long ? [`${write}-`, `${write}+`] : [`${write}+`])
    const outcomes = await pMap(points, async (point, index) => {
      const name = `gone-at${index}`
      const env = { XDG_STATE_HOME: join(state, name) }
      await create(name)
      const outcome = await check(point, name, env)
      if ((await partsOf(name)).length > 0) await succeeds(remove(name), env)
      expect(await partsOf(name), point).to.be.empty
      expect(filesIn(env.XDG_STATE_HOME, 'journal'), point).to.be.empty
      return outcome
    }, { concurrency: 3 })
    tell(points.map((point, index) => `${point} ${outcomes[index]}`).join(', '))
    return outcomes
  }

  const ways = long ? ['recover', 'again'] : ['by turns']
  for (const way of ways) {
    it(`killed at each journal write: ${way === 'again' ? 'the same command again' : 'bay recover'} finishes it, or nothing has happened`, async () => {
      let turn = 0
      const outcomes = await atEachPoint(async (point, name, env) => {
        const killed = await run(remove(name), { ...env, BAY_TEST_KILL_AT: point })
        expect(killed.signal, `${point}: ${killed.stderr}`).to.equal('SIGKILL')
        const before = await partsOf(name)
        if (way === 'again' || (way === 'by turns' && (turn += 1) % 2 === 0)) {
          const again = await run(remove(name, '-o', 'json'), env)
          // Once the journal is gone too there is nothing that could be finished.
          expect(again.code, `${point}: ${again.stderr}`).to.be.oneOf(before.length > 0 ? [0] : [0, 4])
          if (again.code === 0) expect(again.json(), point).to.include({ action: 'delete', name, changed: true })
          expect(await partsOf(name), point).to.be.empty
          return `${before.length} parts, run again`
        }
        const [row] = await recovered(env)
        const outcome = await wholeOrGone(name, point)
        if (row) expect(row, point).to.deep.include({ result: outcome === 'whole' ? 'finished' : 'recovered', undone: [], left: [] })
        expect([...filesIn(env.XDG_STATE_HOME, 'journal'), ...filesIn(env.XDG_STATE_HOME, 'locks')], point).to.be.empty
        return `${before.length} parts, ${outcome}`
      })
      expect(new Set(outcomes.map((each) => each[0]))).to.include.members(['3', '2', '1', '0'])
    })
  }

  const codes = { INT: 130, TERM: 143 } as const
  for (const signals of long ? [['INT'], ['TERM']] as const : [['INT', 'TERM']] as const) {
    it(`SIG${signals.join(' or SIG')} at each journal write: whole or gone at once, without bay recover`, async () => {
      const outcomes = await atEachPoint(async (point, name, env) => {
        const signal = signals[Number.parseInt(point) % signals.length] ?? 'INT'
        const ended = await run(remove(name), { ...env, BAY_TEST_KILL_AT: `${signal}:${point}` })
        const outcome = await wholeOrGone(name, point)
        // At its very end there is nothing more to interrupt.
        expect(ended.code, `${point}: ${ended.stderr}`).to.be.oneOf(outcome === 'gone' ? [codes[signal], 0] : [codes[signal]])
        if (ended.code !== 0) {
          expect(ended.stderr).to.match(outcome === 'whole' ? /^bay: \w+; gone-at\d+ is not deleted, but stopped/m : /^bay: \w+; gone-at\d+ is deleted, with all/m)
        }
        return `${outcome} ${ended.code}`
      })
      for (const signal of signals) expect(outcomes.some((each) => each.endsWith(`${codes[signal]}`)), signal).to.equal(true)
      expect(new Set(outcomes.map((each) => each.split(' ')[0]))).to.have.all.keys('whole', 'gone')
    })
  }

  it('Ctrl-C ends the deletion of many between two of them', async () => {
    for (const name of ['gone-1', 'gone-2']) await create(name, '--no-start')
    const ended = await run(['vm', 'delete', '--yes', '--parallel', '1', 'gone-*'], { BAY_TEST_KILL_AT: 'INT:2+' })
    expect(ended.code, ended.stderr).to.equal(130)
    expect(await Promise.all(['gone-1', 'gone-2'].map((name) => wholeOrGone(name, name)))).to.deep.equal(['gone', 'whole'])
    expect(ended.stderr).to.contain('vm gone-2: interrupted before it was begun')
    await succeeds(['vm', 'delete', '--yes', 'gone-*'])
  })

  it('a disk that cannot be deleted is named, exit 9; the same command again, or bay recover, deletes it', async () => {
    await create('gone')
    const disk = join(rig.folder, 'gone.qcow2')
    await rig.host.does(['mount', '--bind', disk, disk])
    for (const command of [remove('gone'), ...long ? [remove('gone')] : [], ['recover']]) {
      const failed = await run(command)
      expect(failed.code, failed.stderr).to.equal(9)
      expect(failed.stderr).to.match(/^bay: .*the volume default\/gone\.qcow2 \(.*busy.*\).*\n( {2}try: bay recover\n)? {2}try: bay vol delete --yes default\/gone\.qcow2\n/m)
      expect(await partsOf('gone')).to.deep.equal(['gone.qcow2'])
    }
    await rig.host.exec(['umount', disk])
    const again = await run(remove('gone', '-o', 'json'))
    expect(again.code, again.stderr).to.equal(0)
    expect(again.json()).to.deep.include({ changed: true, deleted: [{ pool: 'default', name: 'gone.qcow2', volume: 'gone.qcow2', path: disk }] })
    expect((await run(remove('gone'))).code).to.equal(4)
  })

  it('disks that are to be kept stay, whatever a dead run was to delete', async () => {
    await create('gone')
    await killedAt('2+')
    await succeeds(remove('gone', '--keep-disks'))
    expect(await recovered()).to.be.empty
    expect(await partsOf('gone')).to.deep.equal(['gone-2.qcow2', 'gone.qcow2'])
    await succeeds(['vol', 'delete', '--yes', 'default/gone*'])
  })

  it('nor are disks deleted that a machine has taken since, or that were made anew', async () => {
    await create('gone')
    await killedAt('3-')
    // The machine is gone, and --keep-disks does not finish what was begun without it.
    expect((await run(remove('gone', '--keep-disks'))).code).to.equal(4)
    const xml = join(rig.files, 'taker.xml')
    writeFileSync(xml, `<domain type='qemu'><name>taker</name><memory unit='MiB'>32</memory><os><type>hvm</type></os><devices><disk type='file'><source file='${
      join(rig.folder, 'gone.qcow2')}'/><target dev='vda'/></disk></devices></domain>`)
    await rig.virsh('define', xml)
    await succeeds(['vol', 'delete', '--yes', 'default/gone-2.qcow2'])
    await succeeds(['vol', 'create', 'default/gone-2.qcow2', '--size', '1M'])
    expect((await recovered())[0]).to.deep.include({ deleted: [], kept: ['the volume default/gone.qcow2 (taker uses it)'] })
    await rig.virsh('undefine', 'taker')
    await rig.virsh('vol-delete', 'gone.qcow2', rig.pool)
    await succeeds(['vol', 'delete', '--yes', 'default/gone-2.qcow2'])
  })

  it('waits for whoever has the name, and gives up with 75', async () => {
    await create('gone', '--no-start')
    const before = process.env['XDG_STATE_HOME']
    process.env['XDG_STATE_HOME'] = state
    {
      using _lock = await lockName(rig.host.uri, 'vm', 'gone')
      const busy = await run(remove('gone'), { BAY_LOCK_TIMEOUT: '0.2' })
      expect(busy.code, busy.stderr).to.equal(75)
      expect(await wholeOrGone('gone', 'locked')).to.equal('whole')
    }
    if (before === undefined) delete process.env['XDG_STATE_HOME']
    else process.env['XDG_STATE_HOME'] = before
    await succeeds(remove('gone'))
  })
})

const small = [
  '--virt', 'qemu', '--vcpus', '1', '--memory', '32M', '--network', 'none', '--graphics', 'none', '--empty', '--disk', '1M', '--disk', '1M',
]

function filesIn(state: string, kind: 'journal' | 'locks'): string[] {
  const folder = join(state, 'bay', kind)
  return existsSync(folder) ? readdirSync(folder) : []
}

function tell(text: string): void {
  process.stdout.write(`      ${text}\n`)
}
