import { expect } from 'chai'
import { readInterfaceAddresses } from '../../src/virt/addresses.js'
import type { Connection } from '../../src/virt/connection.js'
import { addressFamilies, domainReason, domainState, poolStates, volumeTypes, word } from '../../src/virt/enums.js'
import { readLeases } from '../../src/virt/leases.js'
import { call } from '../../src/virt/raw/bind.js'
import { readDomainStats } from '../../src/virt/stats.js'
import { onTestHost } from './test-driver.js'
import { native, nativePointers, nativeText, struct } from './native-memory.js'

/** What the test driver does not give is laid out here as libvirt would, and freed by libvirt's own functions. */
describe('structs that libvirt fills', () => {
  before('libvirt is opened', () => onTestHost(() => undefined))

  it('typed parameters of every type; one that is not known is left out', () => onTestHost((host) => {
    const values = new Map<string, [type: number, value: Buffer]>([
      ['an.int', [1, struct(8, { 0: -2 })]],
      ['an.unsigned', [2, struct(8, { 0: -1 })]],
      ['a.long', [3, struct(8, { 0: -(2n ** 40n) })]],
      ['an.unsigned.long', [4, struct(8, { 0: 2n ** 53n })]],
      ['a.double', [5, float(-0.25)]],
      ['a.boolean', [6, struct(8, { 0: 1 })]],
      ['another.boolean', [6, struct(8, { 0: 0 })]],
      ['a.text', [7, struct(8, { 0: nativeText('é"<世界>') })]],
      ['an.empty.text', [7, struct(8, { 0: nativeText('') })]],
      ['of.the.future', [9, struct(8, { 0: 5n })]],
      ['of.no.type', [0, struct(8, {})]],
      ['x'.repeat(79), [1, struct(8, { 0: 79 })]],
    ])
    const [stats] = readDomainStats(statsOf(host, values))
    expect(stats).to.deep.include({ name: 'test', id: 1, uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f' })
    expect([...stats?.values ?? []]).to.deep.equal([
      ['an.int', -2], ['an.unsigned', 2 ** 32 - 1], ['a.long', -(2 ** 40)], ['an.unsigned.long', 2 ** 53], ['a.double', -0.25],
      ['a.boolean', true], ['another.boolean', false], ['a.text', 'é"<世界>'], ['an.empty.text', ''], ['x'.repeat(79), 79],
    ])
  }))

  it('machines without a parameter, and no machine at all', () => onTestHost((host) => {
    expect(readDomainStats(statsOf(host, new Map()))[0]?.values).to.have.property('size', 0)
    expect(readDomainStats(array([]))).to.deep.equal([])
  }))

  it('a lease with everything, and one with nothing', () => {
    const full = native(struct(72, {
      0: nativeText('bay-nat'), 8: 1_800_000_000n, 16: 1, 24: nativeText('52:54:00:00:00:01'), 32: nativeText('7'),
      40: nativeText('fd00::10'), 48: 64, 56: nativeText('web-1'), 64: nativeText('ff:01'),
    }))
    const bare = native(struct(72, { 16: 9 }))
    const leases = readLeases(array([full, bare]))
    expect(leases).to.deep.equal([
      {
        interface: 'bay-nat', expires: 1_800_000_000, family: 'ipv6', mac: '52:54:00:00:00:01', address: 'fd00::10', prefix: 64,
        hostname: 'web-1', clientId: 'ff:01',
      },
      { interface: '', expires: 0, family: 'unknown(9)', mac: null, address: '', prefix: 0, hostname: null, clientId: null },
    ])
    expect(readLeases(array([]))).to.deep.equal([])
  })

  it('interfaces with several addresses, and with none', () => {
    const addresses = native(Buffer.concat([
      struct(24, { 0: 0, 8: nativeText('10.20.0.10'), 16: 24 }), struct(24, { 0: 1, 8: nativeText('fe80::1'), 16: 64 }),
      struct(24, { 0: 7, 8: nativeText('?'), 16: 0 }),
    ]))
    const eth = native(struct(32, { 0: nativeText('eth0'), 8: nativeText('52:54:00:00:00:01'), 16: 3, 24: addresses }))
    const lo = native(struct(32, { 0: nativeText('lo') }))
    expect(readInterfaceAddresses(array([eth, lo]))).to.deep.equal([
      {
        name: 'eth0', mac: '52:54:00:00:00:01', addresses: [
          { family: 'ipv4', address: '10.20.0.10', prefix: 24 }, { family: 'ipv6', address: 'fe80::1', prefix: 64 },
          { family: 'unknown(7)', address: '?', prefix: 0 },
        ],
      },
      { name: 'lo', mac: null, addresses: [] },
    ])
  })

  it('the test driver\'s own statistics, of many machines in one call', () => onTestHost((host) => {
    const machine = (name: string) => `<domain type='test'><name>${name}</name><memory>65536</memory><os><type>hvm</type></os></domain>`
    const names = Array.from({ length: 50 }, (_, at) => `stats-${at}`)
    const made = names.map((name) => host.defineDomain(machine(name)))
    const stats = host.domainStats(1)
    expect(stats.map(({ name }) => name)).to.have.members([...names, 'test'])
    expect(stats.find(({ name }) => name === 'stats-0')).to.deep.include({ id: null, values: new Map([['state.state', 5], ['state.reason', 0]]) })
    for (const each of made) {
      each.undefine(0)
      each[Symbol.dispose]()
    }
  }))
})

describe('numbers that libvirt gives words to', () => {
  it('keep their number when it is not known', () => {
    expect(word(poolStates, 9)).to.equal('unknown(9)')
    expect(word(volumeTypes, -1)).to.equal('unknown(-1)')
    expect(word(addressFamilies, 2)).to.equal('unknown(2)')
    expect(domainState(8)).to.equal('unknown(8)')
    expect(domainReason('running', 99)).to.equal('unknown(99)')
    expect(domainReason('unknown(8)', 0)).to.equal('unknown')
    expect(domainReason('unknown(8)', 3)).to.equal('unknown(3)')
  })

  it('have them', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(domainState)).to.deep.equal(['none', 'running', 'blocked', 'paused', 'stopping', 'off', 'crashed', 'suspended'])
    expect(domainReason('off', 2)).to.equal('destroyed')
    expect(domainReason('paused', 5)).to.equal('io-error')
    expect(word(poolStates, 4)).to.equal('inaccessible')
  })
})

function float(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}

/** A list of one virDomainStatsRecord, with a reference to the machine that its reader gives back. */
function statsOf(host: Connection, values: Map<string, [type: number, value: Buffer]>): (slot: Buffer) => number {
  const parameters = [...values].map(([name, [type, value]]) => {
    const parameter = Buffer.alloc(96)
    parameter.write(name, 'latin1')
    parameter.writeInt32LE(type, 80)
    value.copy(parameter, 88)
    return parameter
  })
  const record = native(struct(24, {
    0: call.virDomainLookupByName(host.pointer, 'test'),
    8: parameters.length === 0 ? 0n : native(Buffer.concat(parameters)),
    16: parameters.length,
  }))
  return array([record])
}

/** What a list call does: puts an array into the slot and says how many it holds. */
function array(addresses: bigint[]): (slot: Buffer) => number {
  return (slot) => {
    slot.writeBigUInt64LE(nativePointers(addresses))
    return addresses.length
  }
}
