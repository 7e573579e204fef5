import { expect } from 'chai'
import { existsSync, readdirSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { bayEnvironment } from '../lab/bay.js'
import { lines, newRig, type Rig } from './rig.js'

interface Result { name: string, changed: boolean, started?: boolean, error?: { code: string } }

/** `prefix-1` to `prefix-count` */
const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`)

// Many machines in one run, and many runs at once.
describe('bay vm create: many', function () {
  this.timeout(90_000)
  let rig: Rig
  let off: string[]
  const machines = async (prefix: string) => lines(await rig.virsh('list', '--all', '--name')).filter((name) => name.startsWith(`${prefix}-`)).sort()
  const volumes = async (prefix: string) => lines(await rig.virsh('vol-list', rig.pool)).map((line) => line.trim().split(/\s+/)[0] ?? '').filter((name) => name.startsWith(`${prefix}-`)).sort()

  before('a host of its own: what is left of fifty machines would be in the others\' way', async function () {
    this.timeout(300_000)
    rig = await newRig({ network: false })
    off = [...rig.deaf, '--network', 'none', '--no-start']
  })
  after(() => rig?.host.down())

  it('--count 50 --no-start on one pool: no failure, no leftovers', async () => {
    const names = numbered('fifty', 50)
    const { code, stdout, stderr, seconds } = await rig.bay(['vm', 'create', 'fifty', '--count', '50', ...off])
    expect(code, stderr).to.equal(0)
    expect(lines(stdout)).to.have.members(names.map((name) => `vm ${name}: created`))
    expect(stderr).to.include('fifty-50: defining the machine fifty-50 …').and.not.match(/Warning|error/)
    expect(await machines('fifty')).to.deep.equal([...names].sort())
    expect(await volumes('fifty')).to.deep.equal(names.map((name) => `${name}.qcow2`).sort())
    expect(leftovers()).to.deep.equal([])
    process.stdout.write(`      50 machines in ${seconds.toFixed(1)} s\n`)
    const again = await rig.json<Result[]>('vm', 'create', 'fifty', '--count', '50', '--if-missing', ...off)
    expect(again.map(({ name, changed }) => [name, changed])).to.deep.equal(names.map((name) => [name, false]))
    await rig.does('vm', 'delete', '--yes', 'fifty-*', '--parallel', '8')
    expect([...await machines('fifty'), ...await volumes('fifty')]).to.deep.equal([])
  })

  it('those that fail do not stop the rest: exit 7; when all fail it is their common code', async () => {
    await rig.does('vm', 'create', 'some-2', ...off)
    const some = await rig.bay(['vm', 'create', 'some', '--count', '3', ...off, '-o', 'json'])
    expect(some.code).to.equal(7)
    expect((some.json() as Result[]).map(({ name, changed, error }) => [name, changed, error?.code])).to.deep.equal([
      ['some-1', true, undefined], ['some-2', false, 'exists'], ['some-3', true, undefined],
    ])
    const all = await rig.bay(['vm', 'create', 'some', '--count', '3', ...off])
    expect(all.code).to.equal(5)
    expect(all.stderr).to.match(/^bay: vm some-2: there is a machine some-2 already/m).and.match(/^bay: 3 of 3 failed/m)
  })

  it('whose memory together is more than the host has are not made, unless they are not started', async () => {
    const memory = `${Math.ceil(totalmem() / 2 / 2 ** 20) + 16}M`
    const create = ['vm', 'create', 'large', '--count', '2', '--virt', 'qemu', '--empty', '--memory', memory, '--network', 'none', '--dry-run']
    const refused = await rig.bay(create)
    expect(refused.code, refused.stderr).to.equal(2)
    expect(refused.stderr).to.match(/^bay: 2 machines take \S+ of memory together, and the host has \S+ \(/)
    expect((await rig.bay([...create, '--no-start'])).code).to.equal(0)
  })

  it('-f makes the machines of a file, from standard input too; a dry run makes none', async () => {
    const file = `
defaults: {virt: qemu, memory: 32M, vcpus: 1, graphics: none, network: none, empty: true}
machines:
  - {name: file-1, disk: 1M}
  - {name: file-2, disk: [1M, "2M,format=raw"], no-start: true, description: "0123"}
`
    const create = (...more: string[]) => rig.bay(['vm', 'create', '-f', '-', '-o', 'json', ...more], { stdin: file })
    const dry = await create('--dry-run')
    expect((dry.json() as Result[]).map(({ name, changed }) => [name, changed]), dry.stderr).to.deep.equal([['file-1', true], ['file-2', true]])
    expect(await machines('file')).to.deep.equal([])
    const made = await create()
    expect((made.json() as Result[]).map(({ name, started }) => [name, started]), made.stderr).to.deep.equal([['file-1', true], ['file-2', false]])
    expect(await rig.json<{ description: string, disks: { capacity: number }[] }>('vm', 'show', 'file-2')).to.deep.include({ description: '0123' })
    expect(await volumes('file')).to.deep.equal(['file-1.qcow2', 'file-2-2.img', 'file-2.qcow2'])
  })

  it('a mistake in the last entry of a file: exit 2, and nothing is made', async () => {
    const stdin = '- {name: bad-1, empty: true, network: none}\n- {name: bad-2, empty: true, network: none, memory: 2}\n'
    const { code, stderr } = await rig.bay(['vm', 'create', '-f', '-'], { stdin })
    expect([code, stderr.split('\n')[0]]).to.deep.equal([2, 'bay: standard input:2: bad-2: memory "2" has no unit'])
    expect(await machines('bad')).to.deep.equal([])
  })

  for (const [signal, exit] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
    it(`${signal} undoes what is half made and begins no more; what was made stays`, async () => {
      const prefix = signal.toLowerCase()
      const run = rig.start(['vm', 'create', prefix, '--count', '40', ...off, '-o', 'json'])
      await run.says(`${prefix}-6: defining`)
      run.kill(signal)
      const { code, stdout, stderr } = await run.done
      expect(code, stderr).to.equal(exit)
      const results = JSON.parse(stdout) as Result[]
      const made = results.filter(({ changed }) => changed).map(({ name }) => name).sort()
      expect(made.length).to.be.within(1, 39)
      expect(await machines(prefix)).to.deep.equal(made)
      expect(await volumes(prefix)).to.deep.equal(made.map((name) => `${name}.qcow2`).sort())
      expect(leftovers()).to.deep.equal([])
    })
  }

  it('16 runs at once on one pool, and 3 that all make the same machine if it is missing: all succeed', async () => {
    const runs = await Promise.all([
      ...numbered('at-once', 16).map((name) => rig.bay(['vm', 'create', name, ...off, '-o', 'json'])),
      ...Array.from({ length: 3 }, () => rig.bay(['vm', 'create', 'same', '--if-missing', ...off, '-o', 'json'])),
    ])
    for (const { code, stderr } of runs) expect(code, stderr).to.equal(0)
    expect(await machines('at-once')).to.deep.equal(numbered('at-once', 16).sort())
    expect(runs.map((run) => run.json() as Result).filter(({ name, changed }) => name === 'same' && changed)).to.have.length(1)
    expect(leftovers()).to.deep.equal([])
  })
})

/** Journals and locks that runs of this process's own have left. */
function leftovers(): string[] {
  const state = join(bayEnvironment({})['XDG_STATE_HOME'] ?? '', 'bay')
  return ['journal', 'locks'].flatMap((folder) => existsSync(join(state, folder)) ? readdirSync(join(state, folder)) : [])
}
