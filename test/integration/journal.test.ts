import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { BayError } from '../../src/errors.js'
import { lockName, sweepLocks } from '../../src/virt/ops/host-lock.js'
import { DeadJournal, disownVolume, leftOn } from '../../src/virt/ops/journal-dead.js'
import { readJournal } from '../../src/virt/ops/journal-lines.js'
import { journalPaths } from '../../src/virt/ops/journal-paths.js'
import { Journal } from '../../src/virt/ops/journal.js'
import type { UndoRecord } from '../../src/virt/ops/undo.js'
import { OwnState } from './state-of-one-test.js'
import { failureOf } from './test-driver.js'

const uri = 'qemu:///system'
const about = { command: 'vm create', name: 'web', uri, hostname: 'here' }
const volume: UndoRecord = { kind: 'volume', pool: 'default', poolUuid: '6b0a-1', name: 'web.qcow2' }
const domain: UndoRecord = { kind: 'domain', uuid: '3c3d-2', name: 'web' }

describe('the journal', () => {
  let state: OwnState
  beforeEach(() => { state = new OwnState() })
  afterEach(() => state[Symbol.dispose]())

  const only = () => {
    const [path = '', ...more] = journalPaths()
    expect(more).to.be.empty
    return path
  }
  const lines = () => readFileSync(only(), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)

  it('is not there before the first step, nor after the run', async () => {
    {
      using journal = new Journal(about)
      expect(existsSync(state.folder)).to.equal(true)
      expect(journalPaths()).to.be.empty
      const step = await journal.plan(volume)
      journal.done(step)
      expect(readdirSync(state.journals)).to.have.length(1)
      journal.complete()
    }
    expect(readdirSync(state.journals)).to.be.empty
  })

  it('says who, where and what, for its owner only', async () => {
    using journal = new Journal(about)
    journal.done(await journal.plan(volume))
    await journal.plan(domain)
    const [header, ...entries] = lines()
    expect(header).to.include({ version: 2, ...about, pid: process.pid })
    expect(Date.now() - Date.parse(String(header?.['started']))).to.be.within(0, 60_000)
    expect(entries).to.deep.equal([{ step: 1, undo: volume }, { done: 1 }, { step: 2, undo: domain }])
    expect(statSync(only()).mode & 0o777).to.equal(0o600)
    expect(statSync(state.journals).mode & 0o777).to.equal(0o700)
    journal.over(1, 2)
  })

  it('is locked while its run lives: flock(1) and other runs see it', async () => {
    using journal = new Journal(about)
    await journal.plan(volume)
    expect(spawnSync('flock', ['-n', only(), 'true']).status).to.equal(1)
    expect(await DeadJournal.take(only())).to.equal(null)
    expect(await leftOn(uri)).to.be.empty
    journal.over(1)
  })

  it('stays when something is left, and tells what', async () => {
    {
      using journal = new Journal(about)
      for (const record of [volume, domain]) journal.done(await journal.plan(record))
      journal.over(2)
    }
    expect((await leftOn(uri)).map(({ name }) => name)).to.deep.equal(['web'])
    expect(await leftOn('qemu:///session')).to.be.empty
    using dead = await DeadJournal.take(only())
    expect(dead?.read()?.steps).to.deep.equal([{ step: 1, undo: volume, done: true }])
  })

  it('goes when the last step was refused', async () => {
    {
      using journal = new Journal(about)
      journal.over(await journal.plan(volume))
    }
    expect(journalPaths()).to.be.empty
  })

  it('of a run that was complete is nothing to tell of, and goes', async () => {
    await killed(['1+ never', '3+'])
    expect(readJournal(readFileSync(only(), 'utf8'), 'it')?.complete).to.equal(true)
    expect(await leftOn(uri)).to.be.empty
    expect(journalPaths()).to.be.empty
  })

  it('of a volume that another run makes anew means nothing any more', async () => {
    await killed(['2+'])
    await disownVolume({ ...volume, poolUuid: 'another' })
    expect(await leftOn(uri)).to.have.length(1)
    await disownVolume(volume)
    expect(await leftOn(uri)).to.be.empty
  })

  for (const [point, steps] of [['1-', null], ['1+', [false]], ['2-', [false]], ['2+', [true]], ['3-', [true]]] as const) {
    it(`of a run that is killed at its write ${point} is readable`, async () => {
      await killed([point])
      expect(readJournal(readFileSync(only(), 'utf8'), 'it')?.steps.map(({ done }) => done) ?? null).to.deep.equal(steps)
    })
  }

  it('of what is to be removed says so, all of it before the first is', async () => {
    using journal = new Journal({ ...about, command: 'vm delete' })
    const steps = await journal.planRemoval([domain, volume])
    expect(steps).to.deep.equal([1, 2])
    expect(lines().slice(1)).to.deep.equal([{ step: 1, goes: domain }, { step: 2, goes: volume }])
    journal.done(1)
    expect(readJournal(readFileSync(only(), 'utf8'), 'it')).to.deep.include({
      removes: true, complete: false, steps: [{ step: 1, undo: domain, done: true }, { step: 2, undo: volume, done: false }],
    })
    journal.over(...steps)
  })

  it('of the first version is read still', () => {
    const text = [{ version: 1, ...about, pid: 1, started: '2026-01-01T00:00:00.000Z' }, { step: 1, undo: volume }, { done: 1 }]
      .map((line) => `${JSON.stringify(line)}\n`).join('')
    expect(readJournal(text, 'it')).to.deep.include({ removes: false, complete: false, steps: [{ step: 1, undo: volume, done: true }] })
  })

  it('whose last line is torn counts without it; anything else that is wrong is said', () => {
    const header = JSON.stringify({ version: 2, ...about, pid: 1, started: '2026-01-01T00:00:00.000Z' })
    const step = JSON.stringify({ step: 1, undo: volume })
    expect(readJournal('', 'it')).to.equal(null)
    expect(readJournal(header.slice(0, 30), 'it')).to.equal(null)
    expect(readJournal(`${header}\n${step}\n{"do`, 'it')?.steps).to.have.length(1)
    for (const text of [
      `${header}\n{"do\n${step}\n`, `${step}\n`, `${header.replace('2', '3')}\n`, `${header}\n{}\n`, `${header}\n[]\n`, `${header}\nnull\n`,
      `${header}\n${step.replace('volume', 'toString')}\n`, `${header}\n${step.replace('undo', 'does')}\n`, `${header}\n${step.replace('"name"', '"no"')}\n`, `${header}\n{"over":["1"]}\n`,
    ]) {
      expect(() => readJournal(text, '/x.jsonl'), text).to.throw(BayError, 'the journal /x.jsonl is not understood')
    }
  })

  it('cannot be written: that is said before anything is done', async () => {
    mkdirSync(join(state.folder, 'bay'))
    writeFileSync(join(state.folder, 'bay', 'journal'), 'a file')
    const failed = await failureOf(() => new Journal(about).plan(volume))
    expect(failed).to.be.instanceOf(BayError).with.property('message').that.matches(/cannot write down what it is about to do/)
  })
})

describe('the lock of a name', () => {
  let state: OwnState
  beforeEach(() => { state = new OwnState() })
  afterEach(() => {
    delete process.env['BAY_LOCK_TIMEOUT']
    state[Symbol.dispose]()
  })

  it('keeps others away from that name, kind and host, and leaves no file', async () => {
    process.env['BAY_LOCK_TIMEOUT'] = '0.1'
    {
      using _lock = await lockName(uri, 'vm', 'web')
      using _other = await lockName(uri, 'vm', 'web-2')
      using _kind = await lockName(uri, 'vol', 'web')
      using _host = await lockName('qemu:///session', 'vm', 'web')
      expect(readdirSync(state.locks)).to.have.length(4)
      expect(await failureOf(() => lockName(uri, 'vm', 'web'))).to.include({ code: 'busy', retryable: true })
    }
    expect(readdirSync(state.locks)).to.be.empty
  })

  it('of a run that was killed leaves a file, which is swept unless somebody has it', async () => {
    using _lock = await lockName(uri, 'vm', 'web')
    const [held] = readdirSync(state.locks)
    writeFileSync(join(state.locks, `${'0'.repeat(64)}.lock`), '')
    await sweepLocks()
    expect(readdirSync(state.locks)).to.deep.equal([held])
  })

  it('goes from one to the next, one at a time', async () => {
    let inside = 0
    let most = 0
    await Promise.all(Array.from({ length: 20 }, async () => {
      using _lock = await lockName(uri, 'vm', 'web')
      inside += 1
      most = Math.max(most, inside)
      await new Promise((resolve) => setTimeout(resolve, 2))
      inside -= 1
    }))
    expect(most).to.equal(1)
    expect(readdirSync(state.locks)).to.be.empty
  })

  it('is not needed where the host is this process', async () => {
    using _lock = await lockName('test:///default', 'vm', 'web')
    expect(existsSync(state.locks)).to.equal(false)
  })
})

/** Runs that make a volume and are complete, each killed at a journal write. */
function killed(points: readonly string[]): Promise<void> {
  const source = fileURLToPath(new URL('../../src/virt/ops/journal.ts', import.meta.url))
  const script = `const { Journal } = await import(${JSON.stringify(source)})
    const journal = new Journal(${JSON.stringify(about)})
    journal.done(await journal.plan(${JSON.stringify(volume)}))
    journal.complete()
    journal[Symbol.dispose]()`
  for (const point of points) {
    const { signal, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      env: { ...process.env, BAY_TEST_KILL_AT: point }, encoding: 'utf8',
    })
    expect(signal ?? stderr, stderr).to.equal(point.includes('never') ? '' : 'SIGKILL')
  }
  return Promise.resolve()
}
