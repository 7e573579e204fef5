import { expect } from 'chai'
import { UsageError } from '../../src/errors.js'
import { readNetworkWords } from '../../src/net-set-keys.js'
import { changeNetworkSettings, readNetworkSettings, type NetworkSettings } from '../../src/xml/network-settings.js'
import { parse, serialize } from '../../src/xml/node.js'

describe('the settings of a network', () => {
  it('are told from names, with DNS records by their name', () => {
    const { names, wanted } = readNetworkWords(['lab', 'dhcp=10.0.0.5-10.0.0.9', 'mtu=', 'domain=a.b', 'dns.db=FD00::5', 'dns.old=', 'autostart=off', 'lab-*'])
    expect(names).to.deep.equal(['lab', 'lab-*'])
    expect(wanted.settings).to.deep.equal({ mtu: null, domain: 'a.b' })
    expect(wanted.autostart).to.equal(false)
    expect(wanted.records.dhcp).to.deep.equal({ start: '10.0.0.5', end: '10.0.0.9' })
    expect([...wanted.records.dns]).to.deep.equal([['db', 'fd00::5'], ['old', null]])
  })

  const wrong: [string[], RegExp][] = [
    [['lab'], /nothing is to be changed/], [['mtu=1'], /68 to 65535/], [['mtu=9000x'], /68 to 65535/], [['mode=bridge'], /nat, route, isolated, open/],
    [['dhcp=all'], /dhcp="all" is not a range/], [['isolate-guests=yes'], /on, off/], [['dns.a b=10.0.0.1'], /not a DNS name/], [['dns.=10.0.0.1'], /not a DNS name/],
    [['dns.db=10.0'], /no IP address/], [['dommain=x'], /"dommain" is nothing that net set can change/], [['bridge=b b'], /has a blank/], [['domain=a..b'], /not a DNS name/],
    [['subnet=10.0.0.5/24'], /subnet="10\.0\.0\.5\/24" is an address/], [['subnet=auto'], /subnet="auto" is not an IPv4 subnet/], [['subnet='], /not an IPv4 subnet/],
    [['subnet=fd00::/64'], /is IPv6/], [['subnet=10.0.0.0/31'], /between 8 and 30/], [['subnet=127.0.0.0/8'], /special use/], [['ipv6=fd00::/48'], /must be 64/],
    [['ipv6=10.0.0.0/24'], /not an IPv6 prefix/], [['subnet=10.0.0.0/24', 'dhcp=10.0.1.5-10.0.1.9'], /not inside 10\.0\.0\.0\/24/],
    [['subnet=10.0.0.0/24', 'dhcp=10.0.0.1-10.0.0.9'], /holds the gateway/],
    [['mtu=1400', 'mtu=1500'], /twice/], [['dns.a=10.0.0.1', 'dns.a=10.0.0.2'], /twice/],
  ]
  for (const [words, says] of wrong) {
    it(`are refused: ${words.join(' ')}`, () => expect(() => readNetworkWords(words)).to.throw(UsageError, says))
  }

  const xml = '<network><name>n</name><uuid>u</uuid><metadata><x:t xmlns:x="urn:x">k</x:t></metadata><forward mode="nat"><nat ipv6="yes"/></forward>'
    + '<bridge name="virbr1" stp="on" delay="0"/><domain name="d"/><ip address="fd00::1" prefix="64"/></network>'
  const changed = (settings: NetworkSettings) => {
    const root = parse(xml)
    changeNetworkSettings(root, settings)
    return { xml: serialize(root), now: readNetworkSettings(root) }
  }

  it('change what is meant and nothing else', () => {
    expect(changed({}).xml).to.equal(serialize(parse(xml)))
    expect(changed({ 'mtu': 1400, 'isolate-guests': true, 'domain': 'e', 'bridge': 'br-x' }).now)
      .to.deep.equal({ 'mtu': 1400, 'isolate-guests': true, 'domain': 'e', 'bridge': 'br-x', 'mode': 'nat' })
    const all = changed({ mtu: 1400, domain: null }).xml
    expect(all).to.contain('<x:t xmlns:x="urn:x">k</x:t>').and.to.contain('stp="on"').and.not.to.contain('<domain')
  })

  it('take what belongs to a mode along', () => {
    expect(changed({ mode: 'isolated' }).xml).not.to.contain('forward')
    expect(changed({ mode: 'route' }).xml).to.contain('<forward mode="route"/>')
    expect(changed({ mode: 'nat' }).xml).to.contain('<nat ipv6="yes"/>')
    const root = parse(changed({ mode: 'open' }).xml)
    changeNetworkSettings(root, { mode: 'nat' })
    expect(serialize(root)).to.contain('<nat ipv6="yes"/>')
  })
})
