import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { BayError } from '../../src/errors.js'
import type { Connection } from '../../src/virt/connection.js'
import type { Host } from '../../src/virt/ops/host.js'
import type { RunInfo } from '../../src/virt/ops/journal-lines.js'
import { Journal } from '../../src/virt/ops/journal.js'
import { recoverAll, type Recovery } from '../../src/virt/ops/recover.js'
import { Rollback } from '../../src/virt/ops/rollback.js'
import { describeUndo, isThere, undo, type UndoRecord } from '../../src/virt/ops/undo.js'
import { OwnState } from './state-of-one-test.js'
import { autostartBefore } from '../../src/virt/ops/undo-vm.js'
import { failureOf, onTestHost } from './test-driver.js'

const machine = (uuid: string, name: string) =>
  `<domain type='test'><name>${name}</name><uuid>${uuid}</uuid><memory>1024</memory><os><type>hvm</type></os></domain>`
const volumeXml = `<volume><name>web</name><capacity>1024</capacity></volume>`

/** Records of a machine and a volume that are about to be made, and what makes them. */
function things(host: Connection) {
  using pool = host.pool('default-pool')
  const uuid = randomUUID()
  const volume: UndoRecord = { kind: 'volume', pool: 'default-pool', poolUuid: pool.uuid(), name: 'web' }
  const [domain, autostart, running]: UndoRecord[] = (['domain', 'autostart', 'running'] as const).map((kind) => ({ kind, uuid, name: 'web' }))
  return {
    uuid, volume, domain: domain ?? volume, autostart: autostart ?? volume, running: running ?? volume,
    makeVolume: async () => {
      using held = host.pool('default-pool')
      using _made = await held.createVolume(volumeXml)
    },
    makeDomain: () => { using _made = host.defineDomain(machine(uuid, 'web')) },
    start: async () => { using made = host.domainByUuid(uuid); await made.start() },
    setAutostart: () => { using made = host.domainByUuid(uuid); made.setAutostart(true) },
  }
}

describe('undoing what a run made', () => {
  let state: OwnState
  beforeEach(() => { state = new OwnState() })
  afterEach(() => state[Symbol.dispose]())

  const about = (host: Connection, more = {}) =>
    ({ command: 'vm create', name: 'web', uri: 'test:///default', hostname: host.hostname(), ...more })
  const journals = () => existsSync(state.journals) ? readdirSync(state.journals) : []

  it('each record is found, undone, and gone already the second time', () => onTestHost(async (host) => {
    const { volume, domain, autostart, running, ...make } = things(host)
    const all = [volume, domain, autostart, running]
    expect(all.map((each) => isThere(host, each))).to.deep.equal([false, false, false, false])
    await make.makeVolume()
    make.makeDomain()
    make.setAutostart()
    await make.start()
    for (const record of all.toReversed()) {
      expect(isThere(host, record), record.kind).to.equal(true)
      await undo(host, record)
      expect(isThere(host, record), record.kind).to.equal(false)
      await undo(host, record)
    }
    expect(all.map((each) => describeUndo(each).leaves)).to.deep.equal([
      'the volume default-pool/web', 'the machine web', 'the start of web with its host', 'the running machine web',
    ])
  }))

  it('a changed autostart goes back while the definition is the one before, and not once it is another', () => onTestHost(async (host) => {
    const { uuid, ...make } = things(host)
    make.makeDomain()
    // What runs stays as it is, whatever is defined.
    await make.start()
    using domain = host.domainByUuid(uuid)
    const record: UndoRecord = { kind: 'changed-autostart', ...autostartBefore(domain) }
    expect(isThere(host, record)).to.equal(false)
    domain.setAutostart(true)
    expect(isThere(host, record)).to.equal(true)
    await undo(host, record)
    expect(domain.autostart()).to.equal(false)
    domain.setAutostart(true)
    using _changed = host.defineDomain(machine(uuid, 'web').replace('1024', '2048'))
    expect(isThere(host, record)).to.equal(false)
    await undo(host, record)
    expect(domain.autostart()).to.equal(true)
    expect(describeUndo(record)).to.deep.equal({ leaves: 'the new autostart of web', removeBy: 'bay vm set web autostart=off' })
  }))

  it('a machine of the same name and another UUID is not touched', () => onTestHost(async (host) => {
    const { domain, running } = things(host)
    using foreign = host.defineDomain(machine(randomUUID(), 'web'))
    await foreign.start()
    await undo(host, running)
    await undo(host, domain)
    expect(foreign.isActive()).to.equal(true)
  }))

  it('a pool or network that is gone, or stopped, is no failure unless nobody can tell', () => onTestHost(async (host) => {
    using pool = host.pool('default-pool')
    const { volume } = things(host)
    pool.stop()
    expect(await failureOf(() => undo(host, volume))).to.be.instanceOf(BayError)
    await undo(host, { kind: 'pool-running', uuid: pool.uuid(), name: 'default-pool' })
    await undo(host, { kind: 'pool', uuid: pool.uuid(), name: 'default-pool' })
    await undo(host, volume)
    using network = host.network('default')
    for (const kind of ['network-running', 'network', 'network'] as const) await undo(host, { kind, uuid: network.uuid(), name: 'default' })
    expect(host.networks()).to.be.empty
  }))

  it('Rollback: what was made is undone in reverse, and the journal goes', () => onTestHost(async (host) => {
    const { volume, domain, ...make } = things(host)
    const failed = await failureOf(async () => {
      using journal = new Journal(about(host))
      await using rollback = new Rollback(undefined, journal)
      await rollback.make(host, volume, make.makeVolume)
      await rollback.make(host, domain, make.makeDomain)
      expect(journals()).to.have.length(1)
      throw new BayError('failed', 'the next step')
    })
    expect(failed).to.have.property('message', 'the next step')
    expect([isThere(host, volume), isThere(host, domain)]).to.deep.equal([false, false])
    expect(journals()).to.be.empty
  }))

  it('Rollback: what libvirt refuses was not made, so what has that name stays', () => onTestHost(async (host) => {
    const { volume, ...make } = things(host)
    await make.makeVolume()
    const failed = await failureOf(async () => {
      using journal = new Journal(about(host))
      await using rollback = new Rollback(undefined, journal)
      await rollback.make(host, volume, make.makeVolume)
    })
    expect(failed).to.have.property('code', 'exists')
    expect(isThere(host, volume)).to.equal(true)
    expect(journals()).to.be.empty
  }))

  it('Rollback: after any other failure the host may have made it', () => onTestHost(async (host) => {
    const { volume, ...make } = things(host)
    const failed = await failureOf(async () => {
      await using rollback = new Rollback()
      await rollback.make(host, volume, async () => {
        await make.makeVolume()
        throw new BayError('cannot-connect', 'lost')
      })
    })
    expect(failed).to.have.property('message', 'lost')
    expect(isThere(host, volume)).to.equal(false)
  }))

  it('Rollback: what cannot be undone is named, its journal stays, and recover does it later', () => onTestHost(async (host) => {
    const { volume, domain, ...make } = things(host)
    const failed = await failureOf(async () => {
      using journal = new Journal(about(host))
      await using rollback = new Rollback(undefined, journal)
      await rollback.make(host, volume, make.makeVolume)
      await rollback.make(host, domain, make.makeDomain)
      using pool = host.pool('default-pool')
      pool.stop()
    })
    expect(failed).to.include({ code: 'left-behind' })
    expect(failed).to.have.deep.property('hints', ['bay recover', 'bay vol delete --yes default-pool/web'])
    using pool = host.pool('default-pool')
    await pool.start()
    const [row] = await recover(host)
    expect(row).to.deep.include({ result: 'recovered', undone: ['the volume default-pool/web'], left: [] })
    expect(journals()).to.be.empty
  }))

  it('recover: all that a dead run made, at its very end and before', () => onTestHost(async (host) => {
    const { volume, domain, running, ...make } = things(host)
    await leave(about(host), [[volume, make.makeVolume], [domain, make.makeDomain], [running, make.start]])
    expect(await recover(host, { dryRun: true })).to.have.nested.property('[0].undone').that.has.length(3)
    expect(isThere(host, running)).to.equal(true)
    const [row] = await recover(host)
    expect(row).to.deep.include({
      command: 'vm create', name: 'web', result: 'recovered', kept: [], left: [], error: null,
      undone: ['the running machine web', 'the machine web', 'the volume default-pool/web'],
    })
    expect(isThere(host, volume)).to.equal(false)
    expect(journals()).to.be.empty
    expect(await recover(host)).to.be.empty
  }))

  it('recover: what appears after the first look is undone too', () => onTestHost(async (host) => {
    const { domain, running, ...make } = things(host)
    await leave(about(host), [[domain, make.makeDomain]], [running])
    const later = setTimeout(() => {
      make.makeDomain()
      void make.start()
    }, 500)
    const [row] = await recover(host)
    clearTimeout(later)
    expect(row?.undone).to.deep.equal(['the running machine web', 'the machine web'])
    expect(isThere(host, domain)).to.equal(false)
  }))

  it('recover: a machine that somebody else has started since stays, with its disks', () => onTestHost(async (host) => {
    const { volume, domain, running, ...make } = things(host)
    await leave(about(host), [[volume, make.makeVolume], [domain, make.makeDomain]])
    await make.start()
    const [row] = await recover(host)
    expect(row).to.deep.include({ result: 'finished', undone: [] })
    expect([isThere(host, running), isThere(host, volume)]).to.deep.equal([true, true])
    expect(journals()).to.be.empty
  }))

  it('recover: a deletion is finished once the machine is gone, and has not happened while it is there', () => onTestHost(async (host) => {
    const { volume, domain, ...make } = things(host)
    const dies = async (done: boolean) => {
      using journal = new Journal(about(host, { command: 'vm delete' }))
      const [first = 0] = await journal.planRemoval([domain, volume])
      if (done) journal.done(first)
    }
    await make.makeVolume()
    make.makeDomain()
    await dies(false)
    expect((await recover(host))[0]).to.deep.include({ result: 'finished', undone: [], deleted: [], left: [] })
    expect([isThere(host, domain), isThere(host, volume)]).to.deep.equal([true, true])
    expect(journals()).to.be.empty
    await dies(true)
    await undo(host, domain)
    expect((await recover(host, { dryRun: true }))[0]).to.deep.include({ undone: [], deleted: ['the volume default-pool/web'] })
    expect(isThere(host, volume)).to.equal(true)
    expect((await recover(host))[0]).to.deep.include({ result: 'recovered', undone: [], deleted: ['the volume default-pool/web'] })
    expect(isThere(host, volume)).to.equal(false)
  }))

  it('recover: the host deletes the machine after the run has died, and then the rest goes too', () => onTestHost(async (host) => {
    const { volume, domain, ...make } = things(host)
    await make.makeVolume()
    make.makeDomain()
    {
      using journal = new Journal(about(host, { command: 'vm delete' }))
      await journal.planRemoval([domain, volume])
    }
    const later = setTimeout(() => { void undo(host, domain) }, 500)
    expect((await recover(host))[0]?.deleted).to.deep.equal(['the volume default-pool/web'])
    clearTimeout(later)
  }))

  it('recover: a volume of a deleted machine that another machine uses by now stays', () => onTestHost(async (host) => {
    const { volume, domain, ...make } = things(host)
    await make.makeVolume()
    {
      using journal = new Journal(about(host, { command: 'vm delete' }))
      await journal.planRemoval([domain, volume])
    }
    using pool = host.pool('default-pool')
    using held = pool.volume('web')
    using _taker = host.defineDomain(machine(randomUUID(), 'taker').replace('</domain>', `<devices><disk type='file'><source file='${
      held.path()}'/><target dev='vda'/></disk></devices></domain>`))
    expect((await recover(host))[0]).to.deep.include({ deleted: [], kept: ['the volume default-pool/web (taker uses it)'] })
    expect(isThere(host, volume)).to.equal(true)
    expect(journals()).to.be.empty
  }))

  it('recover: another host, one that cannot be reached, a journal of a later version: the others go on', () => onTestHost(async (host) => {
    const { domain, ...make } = things(host)
    await leave(about(host, { hostname: 'elsewhere' }), [[domain, () => undefined]])
    await leave(about(host, { uri: 'test+tcp://none/default' }), [[domain, () => undefined]])
    await leave(about(host), [[domain, make.makeDomain]])
    expect(await recover(host, { only: 'qemu:///system' })).to.be.empty
    writeFileSync(join(state.journals, 'later.jsonl'), '{"version":3}\n')
    const rows = await recover(host)
    expect(rows.map(({ result }) => result)).to.have.members(['unknown', 'unknown', 'unknown', 'recovered'])
    expect(rows.map(({ code }) => code)).to.have.members(['cannot-connect', 'cannot-connect', 'usage', null])
    expect(rows.map(({ error }) => error)).to.include.members([`it was on the host elsewhere, and this one is ${host.hostname()}`, 'no answer'])
    expect(journals()).to.have.length(3)
  }))
})

type TakenStep = readonly [UndoRecord, () => void | Promise<void>]

/** What a run leaves that dies after the steps `taken` and while it takes `begun`. */
async function leave(about: RunInfo, taken: readonly TakenStep[], begun: UndoRecord[] = []): Promise<void> {
  using journal = new Journal(about)
  for (const [record, make] of taken) {
    const step = await journal.plan(record)
    await make()
    journal.done(step)
  }
  for (const record of begun) await journal.plan(record)
}

function recover(connection: Connection, { only, dryRun = false }: { only?: string, dryRun?: boolean } = {}): Promise<Recovery[]> {
  const open = (uri: string): Promise<Host> => uri.startsWith('test:///')
    ? Promise.resolve({ connection, uri, shared: true, [Symbol.asyncDispose]: () => Promise.resolve() })
    : Promise.reject(new BayError('cannot-connect', 'no answer'))
  return recoverAll({ only, open, dryRun })
}
