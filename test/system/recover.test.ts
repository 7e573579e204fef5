import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import type { BayResult, RunningBay } from '../lab/bay.js'
import { momentsOf, newRig, until, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'

interface Row { uri: string, command: string, name: string, result: string, undone: string[], kept: string[], left: string[] }

// A run that is killed, at whichever moment, leaves nothing once `bay recover` has run, and a second one succeeds.
describe('bay recover: runs that are killed', function () {
  this.timeout(long ? 3_600_000 : 300_000)
  let rig: Rig
  let state: string
  let asItWas: string[]
  let create: string[]
  /** the same with fewer steps */
  let sweep: string[]

  before('a host, an image, and a state folder of its own', async function () {
    this.timeout(300_000)
    rig = await newRig({ network: false })
    state = mkdtempSync(join(tmpdir(), 'bay-state-'))
    const image = join(rig.files, 'image.raw')
    writeFileSync(image, randomBytes(3 << 20))
    create = ['vm', 'create', 'killed', ...small, '--image', image, '--disk', '4M', '--disk', '1M', ...long ? ['--autostart'] : []]
    sweep = long ? create : create.slice(0, -2)
    asItWas = await rig.everything()
  })
  after(async () => {
    await rig?.host.down()
    if (state) rmSync(state, { recursive: true })
  })

  const env = (more: Record<string, string> = {}) => ({ env: { XDG_STATE_HOME: state, ...more } })
  const run = (args: readonly string[], more: Record<string, string> = {}): Promise<BayResult> => rig.bay(args, env(more))
  const start = (args: readonly string[]): RunningBay => rig.start(args, env())
  const journals = () => filesIn(join(state, 'bay', 'journal'))
  const locks = () => filesIn(join(state, 'bay', 'locks'))

  async function succeeds(...args: string[]): Promise<BayResult> {
    const ended = await run(args)
    expect(ended.code, `${args.join(' ')}: ${ended.stderr}`).to.equal(0)
    return ended
  }

  /** A run that has begun to change something. */
  async function begun(args: readonly string[]): Promise<RunningBay> {
    const running = start(args)
    await running.says('creating the volume')
    return running
  }

  /** Milliseconds from there to its end. */
  async function timeOf(args: readonly string[]): Promise<number> {
    const running = await begun(args)
    const from = performance.now()
    expect((await running.done).code).to.equal(0)
    const took = performance.now() - from
    await succeeds('vm', 'delete', '--yes', '--force', 'killed')
    return took
  }

  async function nothingIsLeft(when: string): Promise<void> {
    expect(await rig.everything(), when).to.deep.equal(asItWas)
    expect(rig.host.guestPids(), when).to.be.empty
    expect(journals(), when).to.be.empty
  }

  async function recovered(): Promise<Row[]> {
    return (await succeeds('recover', '-o', 'json')).json() as Row[]
  }

  /** Recovers, and removes what the run had finished before it was killed. */
  async function recoverAndRemove(): Promise<Row[]> {
    const rows = await recovered()
    expect(journals()).to.be.empty
    if ((await rig.virsh('list', '--all', '--name')).includes('killed')) {
      expect(rows.every(({ result }) => result === 'finished'), JSON.stringify(rows)).to.equal(true)
      await succeeds('vm', 'delete', '--yes', '--force', 'killed')
    }
    return rows
  }

  it('before and after each journal write of a create', async () => {
    const seen = { points: 0, undone: 0, finished: 0, nothing: 0 }
    for (let write = 1, ended = false; !ended; write += 1) {
      for (const when of ['-', '+']) {
        const point = `${write}${when}`
        const killed = await run(sweep, { BAY_TEST_KILL_AT: point })
        if (killed.code === 0) {
          ended = true
          await succeeds('vm', 'delete', '--yes', '--force', 'killed')
          break
        }
        expect(killed.signal, `${point}: ${killed.stderr}`).to.equal('SIGKILL')
        const rows = await recoverAndRemove()
        await nothingIsLeft(`${point}: ${JSON.stringify(rows)}`)
        if (long || (when === '+' && write % 3 === 0)) {
          await succeeds(...sweep)
          await succeeds('vm', 'delete', '--yes', '--force', 'killed')
        }
        seen.points += 1
        seen.undone += rows.filter(({ undone }) => undone.length > 0).length
        seen.finished += rows.filter(({ result }) => result === 'finished').length
        seen.nothing += rows.length === 0 ? 1 : 0
      }
    }
    tell(`kill points: ${seen.points}; something was undone at ${seen.undone}, finished at ${seen.finished}, without a journal ${seen.nothing}`)
    expect(seen.points).to.be.at.least(16)
    expect(seen.undone).to.be.at.least(11)
    expect(seen.finished).to.be.at.least(1)
  })

  it('the same for a pool with its folder, and for a network', async () => {
    const folder = join(rig.host.dir, 'pools', 'killed')
    const there = async () => [await rig.virsh('pool-list', '--all', '--name'), await rig.virsh('net-list', '--all', '--name'), existsSync(folder)]
    const before = await there()
    for (const args of [['pool', 'create', 'killed', '--path', folder], ['net', 'create', 'killed', '--subnet', '10.77.0.0/24']]) {
      let points = 0
      for (const point of pointsFrom(1)) {
        const killed = await run(args, { BAY_TEST_KILL_AT: point })
        if (killed.code === 0) break
        expect(killed.signal, `${point}: ${killed.stderr}`).to.equal('SIGKILL')
        const rows = await recovered()
        expect(journals()).to.be.empty
        const complete = rows.length === 0 || rows[0]?.result === 'finished'
        if (complete && point !== '1-') await remove()
        expect(await there(), `${point}: ${JSON.stringify(rows)}`).to.deep.equal(before)
        points += 1
      }
      await remove()
      expect(await there()).to.deep.equal(before)
      tell(`${args.slice(0, 2).join(' ')}: ${points} kill points`)
      expect(points).to.be.at.least(5)

      async function remove(): Promise<void> {
        await succeeds(args[0] ?? '', 'delete', '--yes', 'killed')
        rmSync(folder, { recursive: true, force: true })
      }
    }
  })

  it('at any moment, also while libvirt is at work', async () => {
    const count = long ? 200 : 4
    const took = await timeOf(create)
    let withJournal = 0
    for (const moment of momentsOf(took, count, () => withJournal)) {
      const running = await begun(create)
      await sleep(moment)
      running.kill('SIGKILL')
      const { code, stderr } = await running.done
      withJournal += journals().length
      const rows = await recoverAndRemove()
      await nothingIsLeft(`${Math.round(moment)} ms, ${code}: ${JSON.stringify(rows)} ${stderr}`)
    }
    tell(`kills at any moment, ${count} or more, of which ${withJournal} left a journal`)
    expect(withJournal).to.be.at.least(count / 2)
  })

  it('while libvirt copies a volume, which it does to the end', async () => {
    const base = join(rig.files, 'base.raw')
    writeFileSync(base, randomBytes(200 << 20))
    await succeeds('vm', 'create', 'killed-base', ...small, '--image', base, '--no-start')
    const running = await begun(['vm', 'create', 'killed', ...small, '--image', 'default/killed-base.img', '--no-start'])
    await until(() => existsSync(join(rig.folder, 'killed.img')), 5)
    running.kill('SIGKILL')
    await running.done
    expect((await recovered())[0]).to.deep.include({ undone: ['the volume default/killed.img'], result: 'recovered' })
    await succeeds('vm', 'delete', '--yes', 'killed-base')
    await nothingIsLeft('after the copy')
  })

  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
    it(`${signal} at any moment: undone at once, without bay recover`, async () => {
      const count = long ? 100 : 4
      const took = await timeOf(create)
      const codes = new Map<number | string | null, number>()
      for (const moment of momentsOf(took, count, () => codes.get(code) ?? 0)) {
        const running = await begun(create)
        await sleep(moment)
        running.kill(signal)
        const ended = await running.done
        const how = ended.code ?? ended.signal
        codes.set(how, (codes.get(how) ?? 0) + 1)
        // Once all is made, the signal itself ends it, and what was made stays.
        expect(how, ended.stderr).to.be.oneOf([0, code, signal])
        if (how !== code) await succeeds('vm', 'delete', '--yes', '--force', 'killed')
        await nothingIsLeft(`${Math.round(moment)} ms, ${how}: ${ended.stderr}`)
      }
      tell(`${signal}: ${[...codes].map(([how, times]) => `${times} × ${how}`).join(', ')}`)
      expect(codes.get(code)).to.be.at.least(count / 2)
    })
  }

  it('other commands say that something was left; what a dry run shows is done by the next', async () => {
    expect((await run(create, { BAY_TEST_KILL_AT: '5+' })).signal).to.equal('SIGKILL')
    const other = await succeeds('vol', 'create', 'default/killed-other.qcow2', '--size', '1M')
    expect(other.stderr).to.match(/^bay: a run that died left something behind \(vm create killed, 20\S+Z\): bay recover$/m)
    expect((await succeeds('vol', 'delete', '--yes', '-q', 'default/killed-other.qcow2')).stderr).to.equal('')
    const before = await rig.everything()
    const shown = (await succeeds('recover', '--dry-run', '-o', 'json')).json() as Row[]
    expect(shown).to.have.length(1)
    expect(shown[0]).to.include({ uri: rig.host.uri, command: 'vm create', name: 'killed', result: 'recovered' })
    expect(shown[0]?.undone).to.deep.equal(['the volume default/killed-2.qcow2', 'the volume default/killed.img'])
    expect(await rig.everything()).to.deep.equal(before)
    expect(journals()).to.have.length(1)
    expect((await recovered())[0]?.undone).to.deep.equal(shown[0]?.undone)
    await nothingIsLeft('after the dry run')
    expect((await succeeds('recover')).stderr).to.equal('nothing was left behind\n')
  })

  it('16 creates at the same time, in one pool: all succeed', async () => {
    const names = Array.from({ length: 16 }, (_, each) => `killed-${each + 1}`)
    // Only a run that is killed leaves the empty file of its lock, until the next run of that name.
    const before = locks()
    const began = performance.now()
    const ended = await Promise.all(names.map((name) => run(['vm', 'create', name, ...small, '--empty', '--disk', '1M', '--disk', '1M', '--no-start'])))
    tell(`16 creates: ${((performance.now() - began) / 1000).toFixed(1)} s, exit codes ${ended.map(({ code }) => code).join(' ')}`)
    expect(ended.map(({ code, stderr }) => code === 0 ? 0 : stderr)).to.deep.equal(names.map(() => 0))
    await succeeds('vm', 'delete', '--yes', 'killed-*')
    await nothingIsLeft('after 16 creates')
    expect(locks()).to.deep.equal(before)
  })

  it('8 creates of one name at the same time: one succeeds, the others find it', async () => {
    const ended = await Promise.all(Array.from({ length: 8 }, () => run(['vm', 'create', 'killed', ...small, '--empty', '--disk', '1M', '--no-start'])))
    expect(ended.map(({ code }) => code).sort()).to.deep.equal([0, ...Array.from({ length: 7 }, () => 5)])
    for (const { code, stderr } of ended) if (code === 5) expect(stderr).to.match(/^bay: .*(machine killed|volume killed\.qcow2) already/m)
    await succeeds('vm', 'delete', '--yes', 'killed')
    await nothingIsLeft('after 8 of one name')
  })

  it('what cannot be undone is named, exit 9, and stays to be recovered', async () => {
    expect((await run(create, { BAY_TEST_KILL_AT: '3+' })).signal).to.equal('SIGKILL')
    await rig.virsh('pool-destroy', rig.pool)
    const left = await run(['recover'])
    await rig.virsh('pool-start', rig.pool)
    expect(left.code, left.stderr).to.equal(9)
    expect(left.stderr).to.match(/^bay: not recovered: vm create killed: .*the volume default\/killed\.img \(.*not active.*\).*\n {2}try: bay vol delete --yes default\/killed/m)
    expect((await recovered()).map(({ result }) => result)).to.deep.equal(['recovered'])
    await nothingIsLeft('after the pool came back')
  })

  it('a volume that a machine has taken since stays', async () => {
    expect((await run(create, { BAY_TEST_KILL_AT: '2+' })).signal).to.equal('SIGKILL')
    const xml = join(rig.files, 'taker.xml')
    writeFileSync(xml, `<domain type='qemu'><name>taker</name><memory unit='MiB'>32</memory><os><type>hvm</type></os><devices><disk type='file'><source file='${
      join(rig.folder, 'killed.img')}'/><target dev='vda'/></disk></devices></domain>`)
    await rig.virsh('define', xml)
    expect((await recovered())[0]).to.deep.include({ undone: [], kept: ['the volume default/killed.img (taker uses it)'] })
    expect(journals()).to.be.empty
    await succeeds('vm', 'delete', '--yes', 'taker')
    await nothingIsLeft('after the taker')
  })

  it('a volume that was removed by hand and made anew is not the dead run\'s any more', async () => {
    expect((await run(create, { BAY_TEST_KILL_AT: '2+' })).signal).to.equal('SIGKILL')
    await succeeds('vol', 'delete', '--yes', 'default/killed.img')
    await succeeds('vm', 'create', 'killed', ...small, '--empty', '--disk', '1M,format=raw', '--no-start')
    await succeeds('vm', 'delete', '--yes', '--keep-disks', 'killed')
    expect(await recovered()).to.be.empty
    await succeeds('vol', 'delete', '--yes', 'default/killed.img')
    await nothingIsLeft('after all')
  })
})

const small = ['--virt', 'qemu', '--vcpus', '1', '--memory', '32M', '--network', 'none', '--graphics', 'none']

/** All of them, or only those after a write: those before one are just the others' ends of the steps. */
function* pointsFrom(write: number): Generator<string> {
  for (;; write += 1) {
    if (long) yield `${write}-`
    yield `${write}+`
  }
}

function filesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => `${name}: ${readFileSync(join(folder, name), 'utf8')}`) : []
}

function tell(text: string): void {
  process.stdout.write(`      ${text}\n`)
}
