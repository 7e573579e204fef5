import { expect } from 'chai'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bay } from '../lab/bay.js'

const rowKeys = ['name', 'uuid', 'active', 'persistent', 'autostart', 'mode', 'bridge', 'device', 'domain', 'mtu', 'isolateGuests', 'dnsHosts', 'subnets']

// Each run has libvirt's test host for itself, with one network, `default`, that is active.
const net = (...args: string[]) => bay(['-c', 'test:///default', 'net', ...args])

describe('bay net on the test host', function () {
  this.timeout(60_000)

  it('lists and shows with the keys of the contract', async () => {
    const [list, show, csv, quiet] = await Promise.all([
      net('list', '--json'), net('show', 'default', '--json'), net('show', 'default', '-o', 'csv'), net('list', '-q'),
    ])
    expect((list.json() as object[])[0]).to.have.all.keys(rowKeys)
    const shown = show.json()
    expect(shown).to.have.all.keys([...rowKeys, 'leases'])
    expect(shown).to.deep.include({
      name: 'default', active: true, mode: 'nat', domain: null, leases: [],
      subnets: [{
        family: 'ipv4', address: '192.168.122.1', prefix: 24, dhcp: [{ start: '192.168.122.2', end: '192.168.122.254' }], reservations: [],
      }],
    })
    expect(csv.stdout).to.match(/^name,active,autostart,mode,.*\ndefault,true,false,nat,virbr0,/)
    expect(quiet.stdout).to.equal('default\n')
  })

  it('prints XML from list, show and xml', async () => {
    const results = await Promise.all([net('list', '-o', 'xml'), net('show', 'default', '-o', 'xml'), net('xml', 'default'), net('xml', 'default', '--inactive')])
    for (const { code, stdout } of results) expect({ code, stdout }).to.deep.equal({ code: 0, stdout: results[0].stdout })
    expect(results[0].stdout).to.match(/^<network>\n {2}<name>default/)
  })

  it('creates one: address, DHCP range and bridge follow from the subnet', async () => {
    const made = await net('create', 'lab', '--subnet', '10.20.0.0/24', '--domain', 'lab.example', '--json')
    expect(made.json()).to.deep.include({
      action: 'create', kind: 'net', name: 'lab', changed: true, bridge: 'virbr1', active: true, autostart: true,
      subnets: [{ family: 'ipv4', address: '10.20.0.1', prefix: 24, dhcp: { start: '10.20.0.2', end: '10.20.0.254' } }],
    })
    const auto = await net('create', 'lab', '--subnet', 'auto', '--no-start', '--no-autostart', '--no-dhcp', '--mode', 'isolated')
    expect(auto).to.include({ code: 0, stderr: '' })
    expect(auto.stdout).to.match(/^net lab: created \(\d+\.\d+\.\d+\.0\/24, bridge virbr1\)\n$/)
  })

  it('hands out what it was told to, on a bridge of the host\'s, or with IPv6', async () => {
    const [dhcp, bridge, six] = await Promise.all([
      net('create', 'lab', '--subnet', '10.20.0.0/255.255.252.0', '--dhcp', '10.20.1.0-10.20.1.255', '--json'),
      net('create', 'lab', '--mode', 'bridge=br0', '--json'),
      net('create', 'lab', '--subnet', '10.20.0.0/24', '--ipv6', 'fd00:20::/64', '--mtu', '1400', '--json'),
    ])
    expect(dhcp.json()).to.deep.nested.include({ 'subnets[0].dhcp': { start: '10.20.1.0', end: '10.20.1.255' }, 'subnets[0].prefix': 22 })
    expect(bridge.json()).to.deep.include({ bridge: 'br0', subnets: [] })
    expect(six.json()).to.deep.nested.include({ 'subnets[1]': { family: 'ipv6', address: 'fd00:20::1', prefix: 64 } })
  })

  it('has DNS records, guests apart, IPv6 alone, and a device of the host\'s', async () => {
    const [dns, six, tap] = await Promise.all([
      net('create', 'shop', '--subnet', '10.20.0.0/24', '--isolate-guests', '--dns', 'db=10.20.0.5', '--dns', 'sql=10.20.0.5', '--dns', 'six=FD00:0::5'),
      net('create', 'lab', '--ipv6', 'fd00:20::/64', '--json'), net('create', 'lab', '--mode', 'macvtap=eth9', '--json'),
    ])
    expect(dns).to.include({ code: 0, stderr: '' })
    expect(six.json()).to.deep.include({ subnets: [{ family: 'ipv6', address: 'fd00:20::1', prefix: 64 }], changed: true, notes: [] })
    expect(tap.json()).to.deep.include({ bridge: null, subnets: [], changed: true })
  })

  it('leaves one of that name alone with --if-missing, and fails without', async () => {
    const [missing, exists] = await Promise.all([
      net('create', 'default', '--subnet', 'auto', '--if-missing', '--json'), net('create', 'default', '--subnet', 'auto'),
    ])
    expect(missing).to.include({ code: 0 })
    expect(missing.json()).to.include({ name: 'default', changed: false })
    expect(exists).to.include({ code: 5 })
    expect(exists.stderr).to.contain('there is a network default already').and.to.contain('--if-missing')
  })

  const taken: [args: string[], says: RegExp][] = [
    [['--subnet', '192.168.122.0/24'], /overlaps with 192\.168\.122\.0\/24 of the network default/],
    [['--subnet', '192.168.0.0/16'], /overlaps with 192\.168\.122\.0\/24/],
    [['--subnet', '192.168.122.128/25'], /overlaps/],
    [['--subnet', '10.20.0.0/24', '--bridge', 'virbr0'], /the bridge virbr0 belongs to the network default/],
  ]
  for (const [args, says] of taken) {
    it(`refuses what another network has: ${args.join(' ')}`, async () => {
      const result = await net('create', 'lab', ...args)
      expect(result).to.include({ code: 5, stdout: '' })
      expect(result.stderr).to.match(says)
    })
  }

  it('wants XML that is some, of a network, and of the schema', async () => {
    const bad: [xml: string, says: RegExp][] = [
      ['<network><name>x</name>', /standard input: .*line 1/],
      ['<network><name>x</name></network><network/>', /standard input: .*second root/],
      ['<!DOCTYPE network [<!ENTITY a "b">]><network><name>&a;</name></network>', /DOCTYPE/],
      ['', /empty/],
      ['<pool type="dir"><name>x</name></pool>', /holds a <pool>, not a <network>/],
      ['<network/>', /has no name/],
      ['<network><name>a b</name></network>', /has a blank/],
      ['<network><name>x</name><surprise/></network>', /standard input: .*surprise/],
    ]
    await Promise.all(bad.map(async ([xml, says]) => {
      const result = await bay(['-c', 'test:///default', 'net', 'define', '-'], { stdin: xml })
      expect(result, xml).to.include({ code: 2, stdout: '' })
      expect(result.stderr, xml).to.match(says).and.not.to.contain('internal error')
    }))
    expect(await net('define', '/no/such/file')).to.include({ code: 2 })
  })

  it('does each verb once, and says so when there is nothing to do', async () => {
    const [start, stop, dry, on, off, gone] = await Promise.all([
      net('start', 'default', '--json'), net('stop', '--all', '--json', '--force'), net('stop', 'default', '--dry-run', '--force'),
      net('autostart', 'default', '--json'), net('autostart', '--off', 'default', '--json'), net('delete', 'default', '--force', '--json'),
    ])
    expect(start.json()).to.deep.equal({ action: 'start', kind: 'net', name: 'default', changed: false, reconnected: [] })
    expect(stop.json()).to.deep.equal([{ action: 'stop', kind: 'net', name: 'default', changed: true, disconnected: ['test'] }])
    expect(dry.stdout).to.equal('net default (dry run): would be stopped\n')
    expect([on.json(), off.json()].map((each) => (each as { changed: boolean }).changed)).to.deep.equal([true, false])
    expect(gone.json()).to.deep.include({ name: 'default', changed: true, disconnected: ['test'] })
  })

  it('tells what does not exist from what is wrong', async () => {
    const codes = await Promise.all([
      net('show', 'defualt'), net('delete', 'nope'), net('stop', 'x*'), net('stop'), net('stop', 'default', '--all'), net('start', 'default', 'nope'), net('leases'), net('stop', 'default'), net('delete', 'default'),
    ])
    expect(codes.map(({ code }) => code)).to.deep.equal([4, 4, 4, 2, 2, 7, 1, 5, 5])
    expect(codes[0].stderr).to.contain('there is no network named defualt').and.to.contain('did you mean default?')
    expect(codes[7].stderr).to.contain('running machines are connected to the network default: test').and.to.contain('--force')
    expect(codes[6].stderr).to.contain('has no leases')
  })

  it('shows and deletes names that it would not give', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bay-net-'))
    const file = join(folder, 'host.xml')
    const name = `a&<"'b\u202ec`
    writeFileSync(file, `<node><network><name>a&amp;&lt;"'b\u202ec</name></network><network><name>two  blanks</name></network></node>`)
    const odd = (...args: string[]) => bay(['-c', `test://${file}`, 'net', ...args])
    try {
      const [list, show, gone] = await Promise.all([odd('list', '--no-headers'), odd('show', name, '--json'), odd('delete', name, 'two  blanks')])
      expect(list.stdout).to.contain(`a&<"'b\\u{202e}c`).and.not.to.contain('\u202e')
      expect(show.json()).to.include({ name })
      expect(gone).to.include({ code: 0, stdout: `net a&<"'b\\u{202e}c: deleted\nnet two  blanks: deleted\n` })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('bay net create with bad input', function () {
  this.timeout(60_000)

  const bad: [what: string, args: string[], says: RegExp][] = [
    ['blanks', ['a b', '--subnet', 'auto'], /has a blank/],
    ['a control character', ['a\x07b', '--subnet', 'auto'], /control or invisible character \(U\+0007\)/],
    ['a path', ['../../x', '--subnet', 'auto'], /has the character "\/"/],
    ['markup', [`a&<"'b`, '--subnet', 'auto'], /has the character "&"/],
    ['300 characters', ['n'.repeat(300), '--subnet', 'auto'], /too long/],
    ['only digits', ['123', '--subnet', 'auto'], /only digits/],
    ['no subnet', ['lab'], /--subnet is missing/],
    ['bits behind the prefix', ['lab', '--subnet', '10.20.0.5/24'], /10\.20\.0\.0\/24/],
    ['no prefix', ['lab', '--subnet', '10.20.0.0'], /has no prefix/],
    ['a netmask with holes', ['lab', '--subnet', '10.0.0.0/255.0.255.0'], /255\.0\.255\.0 is no prefix and no netmask/],
    ['a prefix of nothing', ['lab', '--subnet', '10.20.0.0/31'], /between 8 and 30/],
    ['multicast', ['lab', '--subnet', '224.0.0.0/24'], /multicast/],
    ['octal', ['lab', '--subnet', '010.0.0.0/24'], /not an IPv4 subnet/],
    ['words', ['lab', '--subnet', '$(id)'], /not an IPv4 subnet/],
    ['IPv6 for IPv4', ['lab', '--subnet', 'fd00::/64'], /--subnet auto --ipv6 fd00::\/64/],
    ['a narrow IPv6 prefix', ['lab', '--subnet', 'auto', '--ipv6', 'fd00::/80'], /must be 64/],
    ['an IPv6 address', ['lab', '--subnet', 'auto', '--ipv6', 'fd00::1/64'], /write --ipv6 fd00::\/64/],
    ['a range with the gateway', ['lab', '--subnet', '10.20.0.0/24', '--dhcp', '10.20.0.1-10.20.0.9'], /holds the gateway/],
    ['a range outside', ['lab', '--subnet', '10.20.0.0/24', '--dhcp', '10.20.0.9-10.20.1.9'], /not inside/],
    ['a range upside down', ['lab', '--subnet', '10.20.0.0/24', '--dhcp', '10.20.0.9-10.20.0.5'], /write --dhcp 10\.20\.0\.5-10\.20\.0\.9/],
    ['a range over more than a /16', ['lab', '--subnet', '10.0.0.0/8', '--dhcp', '10.0.255.0-10.1.0.9'], /more than one \/16/],
    ['a range that is none', ['lab', '--subnet', '10.20.0.0/24', '--dhcp', 'all'], /not a range/],
    ['an unknown mode', ['lab', '--subnet', 'auto', '--mode', 'none'], /nat, route, isolated, open/],
    ['a bridge and a subnet', ['lab', '--subnet', 'auto', '--mode', 'bridge=br0'], /no place for --subnet/],
    ['a long bridge name', ['lab', '--subnet', 'auto', '--bridge', 'b'.repeat(16)], /too long/],
    ['a bridge name of markup', ['lab', '--mode', `bridge='/>`], /bridge name/],
    ['a domain that is none', ['lab', '--subnet', 'auto', '--domain', 'a b'], /not a DNS name/],
    ['a DNS record without an address', ['lab', '--subnet', 'auto', '--dns', 'db'], /there is no =/],
    ['a DNS record with half an address', ['lab', '--subnet', 'auto', '--dns', 'db=10.20.0'], /no IP address/],
    ['a DNS name of markup', ['lab', '--subnet', 'auto', '--dns', '<b>=10.20.0.5'], /not a DNS name/],
    ['a DNS record twice', ['lab', '--subnet', 'auto', '--dns', 'a=10.20.0.5', '--dns', 'a=10.20.0.5'], /given twice/],
    ['a device without a name', ['lab', '--mode', 'macvtap'], /--mode macvtap=eth0/],
    ['a device and a subnet', ['lab', '--mode', 'macvtap=eth0', '--subnet', 'auto', '--dns', 'a=10.20.0.5'], /no place for --subnet, --dns/],
    ['guests apart on a device', ['lab', '--mode', 'macvtap=eth0', '--isolate-guests'], /cannot keep guests apart/],
    ['a long device name', ['lab', '--mode', `macvtap=${'d'.repeat(16)}`], /device name .* too long/],
    ['an MTU of nothing', ['lab', '--subnet', 'auto', '--mtu', '0'], /mtu/i],
    ['an MTU too small for IPv6', ['lab', '--subnet', 'auto', '--ipv6', 'fd00::/64', '--mtu', '1000'], /1280/],
  ]
  it(`refuses each of ${bad.length} with exit code 2, and says what is wrong`, async () => {
    for (let at = 0; at < bad.length; at += 4) {
      await Promise.all(bad.slice(at, at + 4).map(async ([what, args, says]) => {
        const result = await net('create', ...args)
        expect(result, what).to.include({ code: 2, stdout: '' })
        expect(result.stderr, what).to.match(/^bay: /).and.to.match(says).and.not.to.contain('internal error')
      }))
    }
  })
})
