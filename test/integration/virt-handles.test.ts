import { expect } from 'chai'
import { Connection } from '../../src/virt/connection.js'
import { Domain } from '../../src/virt/domain.js'
import { domainXml as domainXmlFlags } from '../../src/virt/flags.js'
import { Network } from '../../src/virt/network.js'
import { NodeDevice } from '../../src/virt/node-device.js'
import { StoragePool } from '../../src/virt/pool.js'
import { Snapshot } from '../../src/virt/snapshot.js'
import { StorageVolume } from '../../src/virt/volume.js'
import { checkpointCases } from './checkpoint-cases.js'
import { poolXml, refusedDevices, sameMethods, secretsOfConnection, shows, volumeXml, type Cases } from './virt-cases.js'
import { onTestHost } from './test-driver.js'
import { changesOfDomain } from './virt-domain-changes.js'

const GiB = 2 ** 30
const test = { name: 'test', uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f' }

/** Every method of every handle, in an order in which they can be called; what the driver cannot do is said so. */
describe('handles', () => {
  let host: Connection
  before(async () => { host = await Connection.open('test:///default') })
  after(() => host?.[Symbol.dispose]())

  const connection: Cases<Connection> = {
    isLocal: (it) => expect(it.isLocal()).to.equal(true), isAlive: (it) => expect(it.isAlive()).to.equal(true),
    type: (it) => expect(it.type()).to.equal('TEST'), uri: (it) => expect(it.uri()).to.equal('test:///default'),
    hostname: (it) => expect(it.hostname()).to.be.a('string').and.not.equal(''),
    capabilities: (it) => expect(it.capabilities()).to.match(/^<capabilities>/).and.include('<arch>i686</arch>').and.match(/<\/capabilities>\s*$/),
    domainCapabilities: (it) => shows('noSupport', () => it.domainCapabilities({ arch: 'i686' })),
    version: (it) => expect(it.version()).to.equal(2),
    libraryVersion: (it) => expect(it.libraryVersion()).to.be.within(6_000_000, 99_000_000),
    nodeInfo: (it) => expect(it.nodeInfo())
      .to.deep.equal({ model: 'i686', memory: 3 * GiB, cpus: 16, mhz: 1400, nodes: 2, sockets: 2, cores: 2, threads: 2 }),
    memoryStats: (it) => expect(it.memoryStats()).to.equal(null),
    domains: (it) => { using found = it.domains(); expect(found.map((each) => each.name())).to.deep.equal(['test']) },
    domainStats: (it) => expect(it.domainStats(1)[0]).to.deep.include({ ...test, id: 1 }),
    domain: (it) => { using found = it.domain('test'); expect(found.uuid()).to.equal(test.uuid) },
    domainByUuid: (it) => { using found = it.domainByUuid(test.uuid); expect(found.name()).to.equal('test') },
    defineDomain: (it) => {
      using made = it.defineDomain(domainXml('handles-1'))
      expect(made.state()).to.deep.equal({ state: 'off', reason: 'unknown' })
      expect(made.id()).to.equal(null)
      made.undefine(0)
    },
    restore: (it) => shows('argumentUnsupported', () => it.restore('/nowhere', domainXml('restored'))),
    defineDomainInBackground: async (it) => {
      using made = await it.defineDomainInBackground(domainXml('handles-1'))
      made.undefine(0)
    },
    startAs: async (it) => {
      using made = it.defineDomain(domainXml('handles-2'))
      const otherwise = made.xml().replace(/<name>/, '<description>otherwise</description>$&')
      using started = await it.startAs(otherwise)
      expect(started.uuid()).to.equal(made.uuid())
      expect(started.xml()).to.include('otherwise')
      expect(started.xml(domainXmlFlags.inactive)).to.not.include('otherwise')
      await started.destroy()
      expect(made.xml()).to.not.include('otherwise')
      made.undefine(0)
    },
    networks: (it) => { using found = it.networks(); expect(found.map((each) => each.name())).to.deep.equal(['default']) },
    network: (it) => { using found = it.network('default'); expect(found.isActive()).to.equal(true) },
    networkByUuid: (it) => {
      using found = it.network('default')
      using same = it.networkByUuid(found.uuid())
      expect(same.name()).to.equal('default')
    },
    defineNetwork: (it) => {
      using made = it.defineNetwork('<network><name>handles-net</name></network>')
      expect(made.isActive()).to.equal(false)
      made.undefine()
    },
    pools: (it) => { using found = it.pools(); expect(found.map((each) => each.name())).to.deep.equal(['default-pool']) },
    pool: (it) => { using found = it.pool('default-pool'); expect(found.isActive()).to.equal(true) },
    startPoolAs: (it) => { using made = it.startPoolAs(poolXml('handles-running')); made.stop() },
    definePool: (it) => { using made = it.definePool(poolXml('handles-pool')); made.undefine() },
    poolByUuid: (it) => {
      using found = it.pool('default-pool')
      using same = it.poolByUuid(found.uuid())
      expect(same.name()).to.equal('default-pool')
    },
    poolOf: (it) => withVolume(it, (volume) => { using pool = it.poolOf(volume); expect(pool.name()).to.equal('default-pool') }),
    volumeByPath: (it) => withVolume(it, (volume) => {
      using same = it.volumeByPath(volume.path())
      expect(same.name()).to.equal(volume.name())
    }),
    poolCapabilities: (it) => shows('noSupport', () => it.poolCapabilities()),
    ...secretsOfConnection,
    filters: (it) => shows('noSupport', () => it.filters()), filter: (it) => shows('noSupport', () => it.filter('clean-traffic')),
    filterByUuid: (it) => shows('noSupport', () => it.filterByUuid(test.uuid)),
    defineFilter: (it) => shows('noSupport', () => it.defineFilter('<filter name="f"/>')),
    filterBindings: (it) => shows('noSupport', () => it.filterBindings()),
    filterBinding: (it) => shows('noSupport', () => it.filterBinding('vnet0')),
    devices: (it) => { using found = it.devices(); expect(found.map((each) => each.name())).to.include('computer') },
    device: (it) => { using found = it.device('computer'); expect(found.xml()).to.match(/^<device>/) },
  }

  const domain: Cases<Domain> = {
    name: (it) => expect(it.name()).to.equal('test'),
    uuid: (it) => expect(it.uuid()).to.equal(test.uuid),
    id: (it) => expect(it.id()).to.equal(1),
    isActive: (it) => expect(it.isActive()).to.equal(true),
    isPersistent: (it) => expect(it.isPersistent()).to.equal(true),
    setAutostart: (it) => { it.setAutostart(true); expect(it.autostart()).to.equal(true) },
    autostart: (it) => { it.setAutostart(false); expect(it.autostart()).to.equal(false) },
    xml: (it) => expect(it.xml()).to.match(/^<domain type='test' id='1'>/).and.match(/<\/domain>\s*$/),
    state: (it) => expect(it.state()).to.deep.equal({ state: 'running', reason: 'unknown' }),
    info: (it) => expect(it.info()).to.deep.include({ state: 'running', maxMemory: 8 * GiB, memory: 2 * GiB, vcpus: 2 }),
    resizeDisk: (it) => shows('noSupport', () => it.resizeDisk('vda', 2n ** 30n)),
    diskSize: (it) => expect(it.diskSize('vda').capacity).to.be.above(0),
    addresses: (it) => expect(it.addresses(0)).to.deep.equal([{
      name: 'testnet0', mac: 'aa:bb:cc:dd:ee:ff', addresses: [{ family: 'ipv4', address: '192.168.122.3', prefix: 24 }],
    }]),
    openConsole: (it) => shows('noSupport', () => it.openConsole()),
    screenshot: async (it) => {
      const { type, stream } = await it.screenshot()
      using picture = stream
      expect(type).to.equal('image/png')
      expect(picture.receive(Buffer.alloc(8))).to.equal(8)
    },
    diskErrors: async (it) => expect(await it.diskErrors(1)).to.deep.equal([{ target: 'vda', error: 'unspecified' }]),
    traffic: (it) => expect(it.traffic('testnet0')).to.have.keys('sent', 'received'),
    ...changesOfDomain,
    ...refusedDevices,
    commitBlocks: (it) => shows('noSupport', () => it.commitBlocks('vda', '/x', null)), blockJob: (it) => shows('noSupport', () => it.blockJob('vda')),
    endBlockJob: (it) => shows('noSupport', () => it.endBlockJob('vda', { pivot: false })),
    agentCommand: (it) => shows('noSupport', () => it.agentCommand('{"execute":"guest-ping"}', 5)),
    suspend: (it) => { it.suspend(); expect(it.state()).to.deep.equal({ state: 'paused', reason: 'user' }) },
    resume: (it) => { it.resume(); expect(it.state()).to.deep.equal({ state: 'running', reason: 'unpaused' }) },
    wakeUp: (it) => shows('noSupport', () => it.wakeUp()), reset: (it) => it.reset(),
    sendKeys: async (it) => {
      it.sendKeys([57], 1)
      await shows('invalidArgument', () => it.sendKeys([], 1))
    },
    reboot: async (it) => { await it.reboot(); expect(it.state().state).to.equal('running') },
    createSnapshot: async (it) => { using made = await it.createSnapshot(snapshotXml); expect(made.name()).to.equal('one') },
    snapshotCount: (it) => expect(it.snapshotCount()).to.equal(1),
    snapshots: (it) => { using found = it.snapshots(); expect(found.map((each) => each.name())).to.deep.equal(['one']) },
    snapshot: async (it) => {
      using found = it.snapshot('one')
      await found.delete()
      expect(it.snapshotCount()).to.equal(0)
    },
    ...checkpointCases,
    save: async (it) => { await it.save(); expect(it.state()).to.deep.equal({ state: 'off', reason: 'saved' }) },
    hasSavedState: (it) => expect(it.hasSavedState()).to.equal(true),
    savedXml: (it) => shows('noSupport', () => it.savedXml()),
    discardSavedState: (it) => { it.discardSavedState(); expect(it.hasSavedState()).to.equal(false) },
    start: async (it) => { await it.start(); expect(it.state()).to.deep.equal({ state: 'running', reason: 'booted' }) },
    shutdown: async (it) => { await it.shutdown(); expect(it.state()).to.deep.equal({ state: 'off', reason: 'shutdown' }) },
    destroy: async (it) => {
      await it.start()
      await it.destroy()
      expect(it.state()).to.deep.equal({ state: 'off', reason: 'destroyed' })
    },
    rename: (it) => {
      it.rename('other')
      using found = host.domain('other')
      expect(found.uuid()).to.equal(test.uuid)
      found.rename('test')
    },
    undefine: (it) => {
      it.undefine(0)
      using left = host.domains()
      expect(left).to.have.length(0)
    },
  }

  const network: Cases<Network> = {
    name: (it) => expect(it.name()).to.equal('default'),
    uuid: (it) => expect(it.uuid()).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    isActive: (it) => expect(it.isActive()).to.equal(true),
    isPersistent: (it) => expect(it.isPersistent()).to.equal(true),
    setAutostart: (it) => { it.setAutostart(true); expect(it.autostart()).to.equal(true) },
    autostart: (it) => { it.setAutostart(false); expect(it.autostart()).to.equal(false) },
    xml: (it) => expect(it.xml()).to.match(/^<network>/).and.include('<name>default</name>'),
    leases: (it) => shows('noSupport', () => it.leases()),
    update: (it) => {
      it.update({ command: 3, section: 4, subnet: 0 }, '<host mac="52:54:00:00:00:01" ip="192.168.122.50"/>', 3)
      expect(it.xml()).to.match(/<dhcp>[^]*<host mac='52:54:00:00:00:01' ip='192.168.122.50'\/>/)
    },
    stop: (it) => { it.stop(); expect(it.isActive()).to.equal(false) },
    start: (it) => { it.start(); expect(it.isActive()).to.equal(true) },
    undefine: (it) => {
      it.stop()
      it.undefine()
      using left = host.networks()
      expect(left).to.have.length(0)
    },
  }

  const pool: Cases<StoragePool> = {
    name: (it) => expect(it.name()).to.equal('default-pool'),
    uuid: (it) => expect(it.uuid()).to.match(/^[0-9a-f-]{36}$/),
    isActive: (it) => expect(it.isActive()).to.equal(true),
    isPersistent: (it) => expect(it.isPersistent()).to.equal(true),
    setAutostart: (it) => { it.setAutostart(true); expect(it.autostart()).to.equal(true) },
    autostart: (it) => { it.setAutostart(false); expect(it.autostart()).to.equal(false) },
    xml: (it) => expect(it.xml()).to.match(/^<pool type='dir'>/),
    info: (it) => expect(it.info()).to.deep.equal({ state: 'running', capacity: 100 * GiB, allocation: 0, available: 100 * GiB }),
    createVolume: async (it) => { using made = await it.createVolume(volumeXml('one')); expect(made.name()).to.equal('one') },
    volume: (it) => { using found = it.volume('one'); expect(found.path()).to.equal('/default-pool/one') },
    cloneVolume: async (it) => {
      using one = it.volume('one')
      using two = await it.cloneVolume(volumeXml('two'), one)
      expect(two.info()).to.deep.equal(one.info())
    },
    volumeCount: (it) => expect(it.volumeCount()).to.equal(2),
    volumes: (it) => {
      using found = it.volumes()
      expect(found.map((each) => each.name())).to.have.members(['one', 'two'])
      for (const each of found) each.delete()
    },
    refresh: async (it) => { await it.refresh(); expect(it.volumeCount()).to.equal(0) },
    stop: (it) => { it.stop(); expect(it.info().state).to.equal('inactive') },
    build: (it) => it.build(),
    start: async (it) => { await it.start(); expect(it.info().state).to.equal('running') },
    delete: (it) => { it.stop(); it.delete() },
    undefine: (it) => {
      it.undefine()
      using left = host.pools()
      expect(left).to.have.length(0)
    },
  }

  const volume: Cases<StorageVolume> = {
    name: (it) => expect(it.name()).to.equal('disk'),
    key: (it) => expect(it.key()).to.equal('/handles/disk'), path: (it) => expect(it.path()).to.equal('/handles/disk'),
    xml: (it) => expect(it.xml()).to.match(/^<volume type='file'>/),
    info: (it) => expect(it.info()).to.deep.equal({ type: 'file', capacity: 2 ** 20, allocation: 2 ** 20 }),
    wipe: (it) => shows('noSupport', () => it.wipe(0)),
    resize: (it) => shows('noSupport', () => it.resize(2n ** 21n)), upload: (it) => shows('noSupport', () => it.upload(1n)), download: (it) => shows('noSupport', () => it.download()), read: (it) => shows('noSupport', () => it.read(1)),
    delete: async (it) => { it.delete(); await shows('noVolume', () => it.info()) },
  }

  const snapshot: Cases<Snapshot> = {
    name: (it) => expect(it.name()).to.equal('one'), isCurrent: (it) => expect(it.isCurrent()).to.equal(true),
    xml: (it) => expect(it.xml()).to.match(/^<domainsnapshot>/),
    revert: async (it) => { await it.revert(); expect(it.isCurrent()).to.equal(true) },
    delete: async (it) => { await it.delete(); await shows('noSnapshot', () => it.xml()) },
  }

  const device: Cases<NodeDevice> = {
    name: (it) => expect(it.name()).to.equal('computer'), xml: (it) => expect(it.xml()).to.include('<name>computer</name>'),
  }

  suite('Connection', Connection, connection, () => Connection.open('test:///default'))
  suite('Domain', Domain, domain, () => host.domain('test'))
  suite('Network', Network, network, () => host.network('default'))
  suite('StoragePool', StoragePool, pool, () => host.pool('default-pool'))
  suite('StorageVolume', StorageVolume, volume, async () => {
    using made = host.definePool(poolXml('handles'))
    await made.start()
    return await made.createVolume(volumeXml('disk'))
  })
  suite('Snapshot', Snapshot, snapshot, async () => {
    using made = host.defineDomain(domainXml('handles-2'))
    return await made.createSnapshot(snapshotXml)
  })
  suite('NodeDevice', NodeDevice, device, () => host.device('computer'))
})

/** A test a method, and one that none is missing. */
function suite<H extends Disposable>(
  name: string, type: { prototype: H }, cases: Cases<H>, make: () => H | Promise<H>,
): void {
  describe(name, () => {
    let handle: H
    before(async () => { handle = await make() })
    after(() => handle?.[Symbol.dispose]())
    for (const [method, check] of Object.entries<(handle: H) => unknown>(cases)) {
      it(method, async () => { await check(handle) })
    }
    it('has no other method', () => sameMethods(type, cases))
  })
}

async function withVolume(host: Connection, check: (volume: StorageVolume) => unknown): Promise<void> {
  using pool = host.pool('default-pool')
  using made = await pool.createVolume(volumeXml('passing'))
  try {
    await check(made)
  } finally {
    made.delete()
  }
}

const snapshotXml = '<domainsnapshot><name>one</name></domainsnapshot>'
function domainXml(name: string): string {
  return `<domain type='test'><name>${name}</name><memory unit='MiB'>64</memory><os><type arch='i686'>hvm</type></os></domain>`
}

describe('the test driver', () => {
  it('begins anew once all its connections are closed', async () => {
    await onTestHost((host) => {
      using found = host.domains()
      expect(found.map((each) => each.name())).to.deep.equal(['test'])
    })
  })
})
