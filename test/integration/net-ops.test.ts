import { expect } from 'chai'
import { Connection } from '../../src/virt/connection.js'
import { createNetwork, type NewNetwork } from '../../src/virt/ops/create-network.js'
import { readGiven } from '../../src/virt/ops/define.js'
import { defineNetwork } from '../../src/virt/ops/define-network.js'
import { definePool } from '../../src/virt/ops/define-pool.js'
import { freeBridge, freeSubnet, type Taken } from '../../src/virt/ops/free-network.js'
import { listNetworks } from '../../src/virt/ops/list-networks.js'
import { listPools } from '../../src/virt/ops/list-pools.js'
import { planSubnet } from '../../src/virt/ops/network-range.js'
import { overlap, parseSubnet, showSubnet, subnetAround } from '../../src/virt/ops/network-subnet.js'
import { failureOf } from './test-driver.js'

const wanted = (more: Partial<NewNetwork> & { name: string }): NewNetwork => ({ mode: 'nat', subnet: 'auto', autostart: true, start: true, ...more })

describe('networks, made on the test host', () => {
  let host: Connection
  beforeEach(async () => { host = await Connection.open('test:///default') })
  afterEach(() => host[Symbol.dispose]())

  it('keeps out of the way of those that are there', async () => {
    for (let at = 0; at < 5; at += 1) await createNetwork(host, wanted({ name: `lab-${at}` }), { dryRun: false })
    const rows = listNetworks(host)
    const subnets = rows.map(({ subnets: [first] }) => subnetAround(first?.address ?? '', first?.prefix ?? null))
    expect(new Set(rows.map(({ bridge }) => bridge)).size).to.equal(6)
    for (const [at, one] of subnets.entries()) {
      for (const other of subnets.slice(at + 1)) expect(one && other && overlap(one, other)).to.equal(false)
    }
    expect(rows.filter(({ name }) => name.startsWith('lab-')).every(({ active, autostart }) => active && autostart)).to.equal(true)
  })

  it('leaves nothing of one that cannot be had', async () => {
    const before = listNetworks(host)
    const refused = await createNetwork(host, wanted({ name: 'lab', subnet: parseSubnet('192.168.0.0/16') }), { dryRun: false })
      .catch((error: unknown) => error)
    expect(refused).to.include({ code: 'exists', what: 'subnet' })
    await createNetwork(host, wanted({ name: 'lab' }), { dryRun: true })
    expect(listNetworks(host)).to.deep.equal(before)
  })
})

describe('networks and pools, defined from XML on the test host', () => {
  let host: Connection
  beforeEach(async () => {
    host = await Connection.open('test:///default')
    using network = host.network('default')
    using pool = host.pool('default-pool')
    // What is active shows only what runs, on this driver.
    network.stop()
    pool.stop()
  })
  afterEach(() => host[Symbol.dispose]())

  it('keep UUID and bridge, and see when nothing changes', async () => {
    const xml = (more: string) => `<network><name>default</name><forward mode='nat'/>${more}
      <ip address='192.168.122.1' netmask='255.255.255.0'><dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>`
    const define = (text: string, dryRun = false) => defineNetwork(host, readGiven(text, 'lab.xml', 'network'), { dryRun })
    const before = listNetworks(host)
    const [{ uuid } = { uuid: '' }] = before
    expect(await define(xml('<mtu size="1400"/>'), true)).to.include({ changed: true, uuid })
    expect(await define(xml(''))).to.deep.equal({ changed: false, said: 'already defined so', uuid })
    expect(listNetworks(host)).to.deep.equal(before)
    expect(await define(xml('<mtu size="1400"/>'))).to.deep.equal({ changed: true, said: 'redefined', uuid })
    expect(listNetworks(host)).to.deep.equal(before.map((row) => ({ ...row, mtu: 1400 })))
  })

  it('keep a pool\'s UUID, too', async () => {
    const define = (path: string) => definePool(host, readGiven(
      `<pool type='dir'><name>default-pool</name><target><path>${path}</path></target></pool>`, 'pool.xml', 'pool'), { dryRun: false })
    const [{ uuid } = { uuid: '' }] = listPools(host)
    expect(await define('/default-pool')).to.deep.equal({ changed: false, said: 'already defined so', uuid })
    expect(await define('/elsewhere')).to.deep.equal({ changed: true, said: 'redefined', uuid })
  })

  it('refuse another\'s UUID', async () => {
    const xml = `<network><name>default</name><uuid>${'1'.repeat(8)}-1111-1111-1111-${'1'.repeat(12)}</uuid></network>`
    const refused = await failureOf(() => defineNetwork(host, readGiven(xml, 'lab.xml', 'network'), { dryRun: false }))
    expect(refused).to.include({ code: 'exists' }).with.property('message').that.matches(/^lab\.xml: .*already exists/)
  })
})

describe('subnets', () => {
  const dhcp = (text: string) => {
    const { address, dhcp: range } = planSubnet(parseSubnet(text))
    return [address, range?.start, range?.end]
  }

  it('leave the first address to the host, and the rest to DHCP', () => {
    expect(dhcp('10.20.0.0/24')).to.deep.equal(['10.20.0.1', '10.20.0.2', '10.20.0.254'])
    expect(dhcp('10.20.0.4/30')).to.deep.equal(['10.20.0.5', '10.20.0.6', '10.20.0.6'])
    expect(dhcp('172.16.0.0/12')).to.deep.equal(['172.16.0.1', '172.16.0.2', '172.16.255.254'])
    expect(dhcp('192.168.255.0/255.255.255.128')).to.deep.equal(['192.168.255.1', '192.168.255.2', '192.168.255.126'])
  })

  it('overlap when one holds the other, and only then', () => {
    const pairs: [string, string, boolean][] = [
      ['10.0.0.0/8', '10.255.255.0/24', true], ['10.20.0.0/24', '10.20.1.0/24', false], ['10.20.0.0/25', '10.20.0.128/25', false],
      ['10.20.0.0/23', '10.20.1.0/24', true], ['192.168.0.0/16', '192.169.0.0/16', false],
    ]
    for (const [one, other, expected] of pairs) {
      expect(overlap(parseSubnet(one), parseSubnet(other)), `${one} ${other}`).to.equal(expected)
      expect(overlap(parseSubnet(other), parseSubnet(one)), `${other} ${one}`).to.equal(expected)
    }
    expect(subnetAround('fd00::1', 64)).to.deep.include({ family: 'ipv6', prefix: 64 })
    expect(subnetAround('10.0.0.1', null)).to.equal(null)
    expect(subnetAround('nonsense', 24)).to.equal(null)
  })

  it('are found free: the first, or one of many after a collision', () => {
    const taken: Taken = { networks: [], routes: [], devices: null, interfaces: [parseSubnet('192.168.100.0/24')], subnets: [parseSubnet('192.168.101.0/24')], bridges: ['virbr0'] }
    expect(showSubnet(freeSubnet(taken))).to.equal('192.168.102.0/24')
    expect(freeBridge({ ...taken, bridges: ['virbr0', 'virbr1'] })).to.match(/^virbr[2-9]$/)
    expect(new Set(Array.from({ length: 50 }, () => showSubnet(freeSubnet(taken, 32)))).size).to.be.greaterThan(5)
    const crowded = { ...taken, interfaces: [parseSubnet('192.168.0.0/16'), parseSubnet('10.0.0.0/9')] }
    expect(showSubnet(freeSubnet(crowded))).to.equal('10.128.0.0/24')
    expect(() => freeSubnet({ ...taken, interfaces: [parseSubnet('192.168.0.0/16'), parseSubnet('10.0.0.0/8')] })).to.throw(/no free \/24/)
  })
})
