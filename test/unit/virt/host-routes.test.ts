import { expect } from 'chai'
import { clashes, hostRoutes, parseRoutes, parseRoutes6 } from '../../../src/virt/ops/host-routes.js'
import { parseIpv6Prefix, parseSubnet, showSubnet } from '../../../src/virt/ops/network-subnet.js'

const table = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
`

describe('the routes of this system', () => {
  it('are read from the kernel, without the default one', () => {
    expect(parseRoutes(table).map(({ device, subnet }) => `${device} ${showSubnet(subnet)}`)).to.deep.equal(['tun0 10.0.0.0/8', 'eth0 192.168.1.0/24'])
    expect(parseRoutes('Iface\n\n')).to.deep.equal([])
    for (const { subnet } of hostRoutes()) expect(subnet.prefix).to.be.within(1, subnet.family === 'ipv4' ? 32 : 128)
  })

  it('of IPv6, too, without what every device has', () => {
    const line = (to: string, bits: string, device: string, flags = '00000001') => (
      `${to.padEnd(32, '0')} ${bits} ${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00000100 00000001 00000000 ${flags} ${device.padStart(8)}`)
    const text = [
      line('fd000020', '40', 'eth0'), line('fe80', '40', 'eth0'), line('', '00', 'eth0', '00000003'), line('ff', '08', 'eth0'),
      line('fd0000200000000000000000000000ff', '80', 'eth0', '80200001'), line('20010db8', '20', 'tun0'), '',
    ].join('\n')
    expect(parseRoutes6(text).map(({ device, subnet }) => `${device} ${showSubnet(subnet)}`)).to.deep.equal(['eth0 fd00:20::/64', 'tun0 2001:db8::/32'])
    expect(clashes([parseIpv6Prefix('fd00:20::/64')], parseRoutes6(text)).map(({ device, exactly }) => `${device} ${exactly}`)).to.deep.equal(['eth0 true'])
  })

  it('clash with a subnet that is the same, and with one that overlaps', () => {
    const met = (text: string) => clashes([parseSubnet(text)], parseRoutes(table)).map(({ device, exactly }) => `${device} ${exactly}`)
    expect(met('192.168.1.0/24')).to.deep.equal(['eth0 true'])
    expect(met('10.20.0.0/24')).to.deep.equal(['tun0 false'])
    expect(met('192.168.0.0/16')).to.deep.equal(['eth0 false'])
    expect(met('172.16.0.0/24')).to.deep.equal([])
  })
})
