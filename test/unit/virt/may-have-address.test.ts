import { expect } from 'chai'
import type { MarkedLease } from '../../../src/virt/ops/leases-by-mac.js'
import { mayHaveAddress } from '../../../src/virt/ops/may-have-address.js'

const lease: MarkedLease = {
  network: 'default', interface: 'virbr0', mac: '52:54:00:00:00:0A', address: '192.168.122.7', prefix: 24, family: 'ipv4',
  hostname: null, clientId: null, expires: 0, mark: null,
}
const leases = new Map([['52:54:00:00:00:0a', [lease]]])
const none = new Map<string, never[]>()

const xml = (devices: string) => `<domain type='qemu' id='1'>\n  <name>a</name>\n  <devices>\n${devices}  </devices>\n</domain>\n`
const card = (type: string, mac: string) => `    <interface type='${type}'>\n      <mac address='${mac}'/>\n      <source network='default'/>\n    </interface>\n`
const agent = (state: string) => `    <channel type='unix'>\n      <target type='virtio' name='org.qemu.guest_agent.0' state='${state}'/>\n    </channel>\n`

describe('which running machines may have an address that is known', () => {
  it('none without a card, whatever else there is', () => {
    expect(mayHaveAddress(xml(''), leases)).to.equal(false)
    expect(mayHaveAddress(xml(agent('connected')), leases)).to.equal(false)
  })

  it('one whose card has a lease, in upper case or not', () => {
    expect(mayHaveAddress(xml(card('network', '52:54:00:00:00:0a')), leases)).to.equal(true)
    expect(mayHaveAddress(xml(card('user', '52:54:00:00:00:0b') + card('network', '52:54:00:00:00:0A')), leases)).to.equal(true)
    expect(mayHaveAddress(xml(card('network', '52:54:00:00:00:0b')), leases)).to.equal(false)
    expect(mayHaveAddress(xml(card('network', '52:54:00:00:00:0a')), none)).to.equal(false)
  })

  it('one on a bridge of the host, and one whose agent listens', () => {
    expect(mayHaveAddress(xml(card('bridge', '52:54:00:00:00:0b')), none)).to.equal(true)
    expect(mayHaveAddress(xml(card('user', '52:54:00:00:00:0b') + agent('connected')), none)).to.equal(true)
    expect(mayHaveAddress(xml(card('user', '52:54:00:00:00:0b') + agent('disconnected')), none)).to.equal(false)
  })
})
