import { expect } from 'chai'
import { Connection } from '../../src/virt/connection.js'
import { VirtError } from '../../src/virt/errors.js'
import { all, type Handle } from '../../src/virt/handle.js'
import type { ObjectKind, Pointer } from '../../src/virt/raw/types.js'
import { call } from '../../src/virt/raw/bind.js'
import type { StorageVolume } from '../../src/virt/volume.js'
import { makeCheckpoint } from './checkpoint-cases.js'
import { shows, volumeXml } from './virt-cases.js'
import { failureOf, onTestHost, onTestMachine } from './test-driver.js'

describe('misuse of handles', () => {
  const makers: Record<string, (host: Connection) => Disposable | Promise<Disposable>> = {
    Connection: () => Connection.open('test:///default'),
    Domain: (host) => host.domain('test'),
    Network: (host) => host.network('default'),
    StoragePool: (host) => host.pool('default-pool'),
    StorageVolume: volume,
    Snapshot: async (host) => { using domain = host.domain('test'); return await domain.createSnapshot('<domainsnapshot/>') },
    Checkpoint: (host) => {
      using domain = host.domain('test')
      return makeCheckpoint(domain, 'mark')
    },
    NodeDevice: (host) => host.device('computer'),
  }

  for (const [name, make] of Object.entries(makers)) {
    it(`${name}: a second disposal does nothing, and each method throws a TypeError afterwards`, () => onTestHost(async (host) => {
      const handle = await make(host)
      handle[Symbol.dispose]()
      handle[Symbol.dispose]()
      expect(handle).to.have.property('disposed', true)
      for (const method of methodsOf(handle)) {
        const error = await failureOf(() => (handle as unknown as Record<string, (...values: unknown[]) => unknown>)[method]?.('a', 'b', 'c', 1))
        expect(error, method).to.be.instanceOf(TypeError)
        expect(String(error), method).to.equal(`TypeError: ${name} is used after its disposal`)
      }
    }))
  }

  it('what was got from a connection outlives it', async () => {
    const host = await Connection.open('test:///default')
    using machine = host.domain('test')
    host[Symbol.dispose]()
    expect(machine.name()).to.equal('test')
    await machine.destroy()
    await shows('noSupport', () => machine.wakeUp())
    expect(String(await failureOf(() => machine.destroy()))).to.equal('VirtError: domain is not running')
  })

  it('a list is given back whole, also by hand and twice', () => onTestHost((host) => {
    const machines = host.domains()
    machines[Symbol.dispose]()
    machines[Symbol.dispose]()
    for (const machine of machines) expect(() => machine.name()).to.throw(TypeError)
    expect(all([])).to.have.length(0)
  }))

  it('the object itself may be gone: libvirt says so, and giving it back still works', () => onTestHost(async (host) => {
    using made = await volume(host)
    made.delete()
    await shows('noVolume', () => made.delete())
    await shows('noVolume', () => made.xml())
  }))
})

describe('misuse of values', () => {
  it('a NUL in a text is a TypeError, never a shorter text', () => onTestMachine(async (machine, host) => {
    for (const work of [
      () => host.domain('test\0'), () => host.domain('\0'), () => host.network('default\0x'), () => host.pool('default-pool\0'),
      () => host.volumeByPath('/a\0b'), () => host.device('computer\0'), () => host.filter('a\0'), () => host.domainByUuid('\0'),
      () => host.defineDomain('<domain/>\0'), () => host.defineNetwork('\0'), () => machine.rename('a\0b'), () => machine.snapshot('\0'),
      () => Connection.open('test:///default\0x'), () => machine.setMetadata('urn:x', 'x', '<a/>\0', 1),
    ]) expect(await failureOf(work), work.toString()).to.be.instanceOf(TypeError).with.property('message').that.includes('NUL')
    using pool = host.pool('default-pool')
    expect(await failureOf(() => pool.createVolume('<volume/>\0'))).to.be.instanceOf(TypeError)
  }))

  it('a value of another type is a TypeError', () => onTestMachine(async (machine, host) => {
    for (const [type, wrong] of Object.entries({ undefined, number: 5, object: {}, symbol: Symbol('x'), bigint: 5n, boolean: true })) {
      const text = wrong as unknown as string
      for (const work of [() => host.domain(text), () => host.volumeByPath(text), () => machine.rename(text)]) {
        expect(await failureOf(work), type).to.be.instanceOf(TypeError)
      }
      if (type === 'number' || type === 'undefined') continue
      expect(await failureOf(() => machine.start(wrong as unknown as number)), type).to.be.instanceOf(TypeError)
    }
    const missing = [null, undefined, 0n, 12, 'x'] as unknown as Pointer<'conn'>[]
    for (const pointer of missing) expect(() => call.virConnectIsAlive(pointer)).to.throw(TypeError, 'a libvirt object is missing')
    expect(() => (call.virConnectIsAlive as unknown as () => void)()).to.throw(TypeError, 'virConnectIsAlive takes 1 values, not 0')
  }))

  it('a number that C could not hold is a TypeError', () => onTestMachine(async (machine, host) => {
    for (const wrong of [-1, 2 ** 32, 1.5, Number.NaN, Infinity, -Infinity]) {
      for (const work of [() => machine.start(wrong), () => machine.xml(wrong), () => host.domains(wrong)]) {
        expect(await failureOf(work), String(wrong)).to.be.instanceOf(TypeError).with.property('message').that.includes('out of range')
      }
    }
    expect(() => call.virDomainLookupByID(host.pointer, 2 ** 31)).to.throw(TypeError)
    expect(() => call.virDomainLookupByID(host.pointer, -(2 ** 31) - 1)).to.throw(TypeError)
    using made = await volume(host)
    for (const wrong of [-1n, 2n ** 64n, 2n ** 70n]) expect(() => made.resize(wrong)).to.throw(TypeError, 'out of range')
  }))

  it('the largest numbers that it can hold reach libvirt', () => onTestMachine(async (machine, host) => {
    expect(await failureOf(() => machine.start(2 ** 32 - 1))).to.be.instanceOf(VirtError).with.property('message')
      .that.includes('unsupported flags (0xff')
    expect(await failureOf(() => call.virDomainLookupByID(host.pointer, 2 ** 31 - 1))).to.be.instanceOf(VirtError)
    using made = await volume(host)
    await shows('noSupport', () => made.resize(2n ** 64n - 1n))
  }))

  it('names that look like anything else are names', () => onTestHost(async (host) => {
    for (const name of [
      '', ' ', '--help', '1', '../../etc/passwd', 'a/b', '<&>"\'', '$(id)', 'é\u202e世界😀', '\ud800', '%s%n%n', 'x'.repeat(100_000),
    ]) {
      await shows('noDomain', () => host.domain(name))
      await shows('noNetwork', () => host.network(name))
      await shows('noPool', () => host.pool(name))
      await shows('noNodeDevice', () => host.device(name))
    }
  }))

  it('XML that is none is refused by libvirt', () => onTestHost(async (host) => {
    for (const xml of ['', 'x', '<', '<domain>', '<a/><b/>', '<domain type="test"/>', '\u0001', '<network/>']) {
      expect(await failureOf(() => host.defineDomain(xml)), xml).to.be.instanceOf(VirtError)
      expect(await failureOf(() => host.definePool(xml)), xml).to.be.instanceOf(VirtError)
      if (xml !== '<network/>') expect(await failureOf(() => host.defineNetwork(xml)), xml).to.be.instanceOf(VirtError)
    }
  }))
})

async function volume(host: Connection): Promise<StorageVolume> {
  using pool = host.pool('default-pool')
  return await pool.createVolume(volumeXml(`misuse-${Math.random()}`))
}

/** All but what needs no libvirt. */
function methodsOf(handle: object): string[] {
  const type = Object.getPrototypeOf(handle) as Handle<ObjectKind>
  return Object.getOwnPropertyNames(type).filter((name) => !['constructor', 'free'].includes(name))
}
