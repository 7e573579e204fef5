import { expect } from 'chai'
import { createServer, type Socket } from 'node:net'
import { Connection } from '../../src/virt/connection.js'
import { VirtError } from '../../src/virt/errors.js'
import { callInBackground } from '../../src/virt/raw/bind.js'
import { poolXml, volumeXml } from './virt-cases.js'
import { failureOf, onTestHost, onTestMachine } from './test-driver.js'

const testDriver = 12

interface Wanted {
  work: () => unknown
  call: string
  libvirt: [code: number, domain: number]
  code: string
  exitCode: number
  message: string | RegExp
}

describe('what libvirt refuses', () => {
  it('is a VirtError with its code, domain, call and exit code', () => onTestMachine(async (machine, host) => {
    using pool = host.pool('default-pool')
    using network = host.network('default')
    using volume = await pool.createVolume(volumeXml('failures'))
    const missing = '00000000-0000-4000-8000-000000000000'
    const unsupported = (call: string, domain: number, work: () => unknown): Wanted => ({
      work, call, libvirt: [3, domain], code: 'failed', exitCode: 1,
      message: `this function is not supported by the connection driver: ${call}`,
    })
    const absent = (call: string, code: number, message: string, work: () => unknown): Wanted => (
      { work, call, libvirt: [code, testDriver], code: 'not-found', exitCode: 4, message }
    )
    const wrongState = (call: string, message: string, work: () => unknown): Wanted => (
      { work, call, libvirt: [55, testDriver], code: 'wrong-state', exitCode: 5, message }
    )
    const wanted: Wanted[] = [
      absent('virDomainLookupByName', 42, 'Domain not found', () => host.domain('nope')),
      absent('virDomainLookupByUUIDString', 42, 'Domain not found', () => host.domainByUuid(missing)),
      absent('virNetworkLookupByName', 43, 'Network not found: no network with matching name \'nope\'', () => host.network('nope')),
      absent('virStoragePoolLookupByName', 49, 'Storage pool not found: no storage pool with matching name \'nope\'', () => host.pool('nope')),
      absent('virStorageVolLookupByName', 50, 'Storage volume not found: no storage vol with matching name \'nope\'', () => pool.volume('nope')),
      absent('virStorageVolLookupByPath', 50, 'Storage volume not found: no storage vol with matching path \'/nope\'', () => host.volumeByPath('/nope')),
      absent('virNodeDeviceLookupByName', 53, 'Node device not found: no node device with matching name \'nope\'', () => host.device('nope')),
      absent('virDomainSnapshotLookupByName', 72, 'Domain snapshot not found: no domain snapshot with matching name \'nope\'',
        () => machine.snapshot('nope')),
      unsupported('virNWFilterLookupByName', 33, () => host.filter('nope')),
      unsupported('virConnectListAllNWFilters', 33, () => host.filters()),
      unsupported('virNetworkGetDHCPLeases', 19, () => network.leases()),
      unsupported('virStorageVolResize', 18, () => volume.resize(1n)),
      unsupported('virDomainPMWakeup', 20, () => machine.wakeUp()),
      wrongState('virDomainRename', 'cannot rename active domain', () => machine.rename('x')),
      wrongState('virNetworkUndefine', 'Network \'default\' is still running', () => network.undefine()),
      wrongState('virStoragePoolCreate', 'storage pool \'default-pool\' is active', () => pool.start()),
      { work: () => host.domainByUuid('x'), call: 'virDomainLookupByUUIDString', libvirt: [8, 20], code: 'failed', exitCode: 1, message: 'Invalid UUID' },
      { work: () => pool.createVolume(volumeXml('failures')), call: 'virStorageVolCreateXML', libvirt: [9, testDriver], code: 'exists',
        exitCode: 5, message: 'storage vol already exists' },
      { work: () => host.definePool(`<pool type='dir'><name>x</name><nonsense/></pool>`), call: 'virStoragePoolDefineXML',
        libvirt: [92, 5], code: 'usage', exitCode: 2, message: /XML document failed to validate against schema/ },
    ]
    for (const { work, message, libvirt: [code, domain], ...rest } of wanted) {
      const error = await failureOf(work)
      expect(error, rest.call).to.be.instanceOf(VirtError).and.deep.include({ ...rest, libvirt: { code, domain } })
      if (typeof message === 'string') expect((error as VirtError).message).to.equal(message)
      else expect((error as VirtError).message).to.match(message)
    }
  }))

  it('is told apart by is()', () => onTestHost(async (host) => {
    const error = await failureOf(() => host.domain('nope')) as VirtError
    expect([error.is(42), error.is(1, 42), error.is(), error.is(43)]).to.deep.equal([true, true, false, false])
    expect(error).to.include({ errno: null, retryable: false, name: 'VirtError' })
  }))

  it('is one error a call: the next call begins clean', () => onTestHost(async (host) => {
    expect(String(await failureOf(() => host.network('one')))).to.include('\'one\'')
    expect(host.isAlive()).to.equal(true)
    expect(String(await failureOf(() => host.pool('two')))).to.include('\'two\'')
  }))
})

describe('what libvirt refuses in the background', () => {
  it('has its own message, call for call, while others fail on other connections', () => onTestHost(async () => {
    const hosts = await Promise.all(Array.from({ length: 5 }, () => Connection.open('test:///default')))
    const failures = hosts.map(async (host, at) => {
      const messages: string[] = []
      for (let round = 0; round < 4; round += 1) {
        const name = `nope-${at}-${round}`
        const error = await failureOf(() => callInBackground(host.pointer, 'virNetworkLookupByName', host.pointer, name)) as VirtError
        messages.push(`${error.call} ${error.libvirt.code} ${/'(.*)'/.exec(error.message)?.[1]}`)
      }
      return messages
    })
    expect((await Promise.all(failures)).flat()).to.deep.equal(
      hosts.flatMap((_, at) => [0, 1, 2, 3].map((round) => `virNetworkLookupByName 43 nope-${at}-${round}`)),
    )
    for (const host of hosts) host[Symbol.dispose]()
  }))

  it('is not mixed up with what this thread is refused meanwhile', () => onTestHost(async (host) => {
    using other = await Connection.open('test:///default')
    for (let round = 0; round < 20; round += 1) {
      const under = failureOf(() => callInBackground(other.pointer, 'virStoragePoolLookupByName', other.pointer, `back-${round}`))
      const here = await failureOf(() => host.network(`front-${round}`))
      expect(String(here)).to.include(`'front-${round}'`)
      expect(String(await under)).to.include(`'back-${round}'`)
    }
  }))

  it('is a rejection with a VirtError; a wrong value is one with a TypeError', () => onTestHost(async (host) => {
    using pool = host.definePool(poolXml('background'))
    const error = await pool.refresh().then(() => undefined, (reason: unknown) => reason)
    expect(error).to.be.instanceOf(VirtError).and.include({ call: 'virStoragePoolRefresh', code: 'wrong-state', message: 'storage pool \'background\' is not active' })
    expect(await pool.build(-1).then(() => undefined, (reason: unknown) => reason)).to.be.instanceOf(TypeError)
    pool.undefine()
  }))
})

describe('a connection that cannot be opened', () => {
  it('says which socket is missing', async () => {
    const error = await failureOf(() => Connection.open('qemu:///system?socket=/nope/libvirt-sock')) as VirtError
    expect(error).to.be.instanceOf(VirtError).and.include({ call: 'virConnectOpen', code: 'cannot-connect', exitCode: 6, retryable: true, errno: 2 })
    expect(error.message).to.equal('Failed to connect socket to \'/nope/libvirt-sock\': No such file or directory')
    expect(error.hints.join()).to.include('libvirtd')
  })

  it('says so for each of many that are tried at the same time', async () => {
    const uris = Array.from({ length: 10 }, (_, at) => at % 2 === 0 ? `qemu:///system?socket=/nope/${at}` : `qemu+tcp://127.0.0.1:${at}/system`)
    const messages = (await Promise.all(uris.map((uri) => failureOf(() => Connection.open(uri))))).map(String)
    messages.forEach((message, at) => expect(message).to.include(at % 2 === 0 ? `'/nope/${at}'` : `'127.0.0.1:${at}'`))
  })

  it('and one that can: the one\'s error is not the other\'s', async () => {
    const [error, host] = await Promise.all([failureOf(() => Connection.open('qemu:///system?socket=/nope')), Connection.open('test:///default')])
    expect(String(error)).to.include('\'/nope\'')
    expect(host.type()).to.equal('TEST')
    host[Symbol.dispose]()
  })

  it('of read-only kind is named as such, and refuses to write', async () => {
    const error = await failureOf(() => Connection.open('qemu:///system?socket=/nope', { readOnly: true }))
    expect(error).to.include({ call: 'virConnectOpenReadOnly', code: 'cannot-connect' })
    using host = await Connection.open('test:///default', { readOnly: true })
    using machine = host.domain('test')
    expect(await failureOf(() => machine.destroy())).to.be.instanceOf(VirtError)
      .and.deep.include({ code: 'not-allowed', exitCode: 6, libvirt: { code: 29, domain: 20 } })
    expect(machine.isActive()).to.equal(true)
  })

  it('is a usage error when the test driver\'s own file is wrong', async () => {
    expect(await failureOf(() => Connection.open(`test://${import.meta.filename}`))).to.include({ code: 'usage', exitCode: 2 })
  })

  it('is given up after the time that was given', async () => {
    const callers: Socket[] = []
    const deaf = createServer((caller) => callers.push(caller)).listen(0, '127.0.0.1')
    await new Promise((resolve) => { deaf.once('listening', resolve) })
    const address = deaf.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const began = performance.now()
    const error = await failureOf(() => Connection.open(`qemu+tcp://127.0.0.1:${port}/system`, { timeout: 300 }))
    expect(error).to.include({ code: 'cannot-connect', exitCode: 6, retryable: true }).and.have.property('message').that.includes('0.3 s')
    expect(performance.now() - began).to.be.within(290, 2000)
    // The thread that waits for it must end, or the process cannot.
    deaf.close()
    for (const caller of callers) caller.destroy()
  })
})
