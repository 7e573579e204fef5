import { expect } from 'chai'
import { lines, suiteRig, type Rig } from './rig.js'

interface Result { name: string, changed: boolean, error?: { code: string, message: string } }

const four = ['many-1', 'many-2', 'many-3', 'many-10']

// Several machines at once, by names and globs.
describe('bay vm: many machines', function () {
  this.timeout(90_000)
  let rig: Rig
  const states = () => Promise.all(four.map((name) => rig.state(name)))

  before('four machines are made at the same time, in one pool', async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    const flags = [...rig.tiny, '--network', 'none', '--disk', '8M', '--no-start']
    await Promise.all(four.map((name) => rig.does('vm', 'create', name, ...flags)))
  })
  after(() => rig?.clean('many'))

  it('a glob starts them, some at a time, with a line each', async () => {
    const said = lines(await rig.does('vm', 'start', 'many-*', '--parallel', '2'))
    expect(said).to.have.members(four.map((name) => `vm ${name}: started`))
    expect(await states()).to.deep.equal(four.map(() => 'running'))
  })

  it('a second time there is nothing to do', async () => {
    const again = await rig.json<Result[]>('vm', 'start', 'many-*')
    expect(again.filter(({ changed }) => changed)).to.be.empty
    expect(again.map(({ name }) => name)).to.have.members(four)
    expect(await rig.does('vm', 'start', 'many-*', '-q')).to.equal('')
  })

  it('a list puts 10 after 2', async () => {
    expect(lines(await rig.does('vm', 'list', '-q', '--filter', 'name~=^many'))).to.deep.equal(four)
  })

  it('names and globs may overlap; each machine is done once', async () => {
    const results = await rig.json<Result[]>('vm', 'suspend', 'many-1', 'many-?', 'many-1')
    expect(results.map(({ name }) => name)).to.deep.equal(['many-1', 'many-2', 'many-3'])
    await rig.does('vm', 'resume', 'many-[123]', '--parallel', '3')
    expect(await states()).to.deep.equal(four.map(() => 'running'))
  })

  it('one that fails does not stop the rest: exit 7, and it is told which', async () => {
    await rig.does('vm', 'suspend', 'many-2')
    const people = await rig.bay(['vm', 'reboot', 'many-2', 'many-none', 'many-3', '--no-wait'])
    expect(people.code).to.equal(7)
    expect(people.stdout).to.equal('vm many-3: was asked to reboot\n')
    expect(people.stderr).to.match(/^bay: vm many-2: it is paused/m)
    expect(people.stderr).to.match(/^bay: vm many-none: there is no machine named many-none/m)
    expect(people.stderr).to.match(/^bay: 2 of 3 failed/m)
    const programs = await rig.bay(['vm', 'reboot', 'many-2', 'many-3', '--no-wait', '-o', 'json'])
    expect(programs.code).to.equal(7)
    const results = programs.json() as Result[]
    expect(results.map(({ name, changed, error }) => [name, changed, error?.code])).to.deep.equal([
      ['many-2', false, 'wrong-state'], ['many-3', true, undefined],
    ])
    await rig.does('vm', 'resume', 'many-2')
  })

  it('when all fail it is their common exit code, or 1', async () => {
    expect((await rig.bay(['vm', 'start', 'no-1', 'no-2'])).code).to.equal(4)
    await rig.does('vm', 'suspend', 'many-1')
    expect((await rig.bay(['vm', 'reset', 'no-1', 'many-*', '--all'])).code).to.equal(2)
    expect((await rig.bay(['vm', 'reboot', 'no-1', 'many-1'])).code).to.equal(1)
    expect((await rig.bay(['vm', 'stop', 'nothing-*'])).code).to.equal(4)
    await rig.does('vm', 'resume', 'many-1')
  })

  it('all of them are stopped at the same time, each by its guest', async () => {
    const began = Date.now()
    const stopped = await rig.json<(Result & { how: string, seconds: number })[]>('vm', 'stop', 'many-*', '--parallel', '4')
    const took = (Date.now() - began) / 1000
    expect(stopped.map(({ name, how }) => ({ name, how }))).to.have.deep.members(four.map((name) => ({ name, how: 'guest' })))
    expect(took).to.be.below(stopped.reduce((sum, { seconds }) => sum + seconds, 0))
    expect(await states()).to.deep.equal(four.map(() => 'shut off'))
  })

  it('all of them are deleted, and nothing of theirs is left', async () => {
    const deleted = await rig.json<Result[]>('vm', 'delete', '--yes', 'many-*', '--parallel', '4')
    expect(deleted.map(({ changed }) => changed)).to.deep.equal([true, true, true, true])
    expect((await rig.everything()).filter((entry) => entry.includes('many-'))).to.be.empty
  })
})
