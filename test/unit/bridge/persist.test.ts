import { expect } from 'chai'
import { renderers, type Keeper } from '../../../src/bridge/persist-host.js'
import { wantedOf, type FileChange, type Wanted } from '../../../src/bridge/persist-wanted.js'
import { thrownBy } from '../thrown.js'
import { aBridge, aLink, anAddress, aRoute } from './links.js'

const wanted: Wanted = {
  name: 'br0', stp: false, vlanFiltering: false, mtu: null, mac: '52:54:00:00:00:01',
  ports: [{ name: 'eth0', mac: '52:54:00:00:00:01', kind: null, vlans: [] }],
  addresses: ['10.1.0.2/24'], dhcp4: false, auto6: false, routes: [{ family: '-4', to: 'default', via: '10.1.0.1', metric: 100 }],
}
const bare: Wanted = { ...wanted, mac: null, ports: [], addresses: [], routes: [] }

type Texts = Record<string, string>

/** The files after a change, from those before. */
function after(keeper: Keeper, files: Texts, change: { wanted: Wanted | null, released?: string[] }): Texts {
  const next = new Map(Object.entries(files))
  const changes: FileChange[] = renderers[keeper]({ name: 'br0', released: [], ...change }, next)
  for (const { path, content } of changes) {
    if (content === null) next.delete(path)
    else next.set(path, content)
  }
  return Object.fromEntries(next)
}

const originals: Record<Keeper, Record<string, string>> = {
  'systemd-networkd': {
    '/etc/systemd/network/20-wired.network': '[Match]\nName=en* eth*\n\n[Network]\nAddress=10.1.0.2/24\nGateway=10.1.0.1\nDNS=10.1.0.1\n\n[Route]\nDestination=10.9.0.0/16\nGateway=10.1.0.1\n',
  },
  'NetworkManager': {
    '/etc/NetworkManager/system-connections/Wired.nmconnection': '[connection]\nid=Wired\nuuid=1\ntype=ethernet\ninterface-name=eth0\n\n[ipv4]\naddress1=10.1.0.2/24,10.1.0.1\ndns=10.1.0.1;\nmethod=manual\n\n[ipv6]\nmethod=auto\n',
  },
  'ifupdown': {
    '/etc/network/interfaces': '# The loopback\nauto lo\niface lo inet loopback\n\nauto eth0\niface eth0 inet static\n    address 10.1.0.2/24\n    gateway 10.1.0.1\n    # names\n    dns-nameservers 10.1.0.1\n    up ip route add 10.9.0.0/16 dev eth0\niface eth0 inet6 auto\n\nauto eth1\niface eth1 inet dhcp\n',
  },
  'netplan': {
    '/etc/netplan/50-cloud.yaml': 'network:\n  version: 2\n  ethernets:\n    # the one\n    eth0:\n      addresses: [10.1.0.2/24] # ours\n      routes:\n        - to: default\n          via: 10.1.0.1\n      nameservers:\n        addresses: [10.1.0.1]\n      wakeonlan: true\n    eth1:\n      dhcp4: true\n',
  },
}

describe('a bridge in the configuration of', () => {
  it('systemd-networkd: files that come first, with what the port\'s own one says', () => {
    const files = after('systemd-networkd', originals['systemd-networkd'], { wanted })
    expect(files).to.deep.equal({
      ...originals['systemd-networkd'],
      '/etc/systemd/network/00-bay-br0.netdev': '# Written by bay; bay bridge … --persist changes it.\n\n[NetDev]\nName=br0\nKind=bridge\nMACAddress=52:54:00:00:00:01\n\n[Bridge]\nSTP=no\n',
      '/etc/systemd/network/00-bay-br0.network': '# Written by bay; bay bridge … --persist changes it.\n\n[Match]\nName=br0\n\n[Network]\nAddress=10.1.0.2/24\nGateway=10.1.0.1\nDNS=10.1.0.1\n\n[Route]\nDestination=10.9.0.0/16\nGateway=10.1.0.1\n',
      '/etc/systemd/network/00-bay-eth0.network': '# Written by bay; bay bridge … --persist changes it.\n\n[Match]\nName=eth0\n\n[Network]\nBridge=br0\n',
    })
    const trunk = after('systemd-networkd', {}, { wanted: {
      ...wanted, stp: true, vlanFiltering: true, mtu: 9000, ports: [{ name: 'eth0', mac: '52:54:00:00:00:01', kind: null, vlans: [{ id: 10, flags: ['PVID', 'Egress Untagged'] }, { id: 20, flags: [] }] }],
    } })
    expect(trunk['/etc/systemd/network/00-bay-eth0.network']).to.contain('[BridgeVLAN]\nPVID=10\nEgressUntagged=10\n\n[BridgeVLAN]\nVLAN=20\n')
    expect(trunk['/etc/systemd/network/00-bay-br0.netdev']).to.contain('STP=yes\nVLANFiltering=yes')
    expect(trunk['/etc/systemd/network/00-bay-br0.network']).to.contain('\n[Link]\nMTUBytes=9000\n').and.to.contain('Address=10.1.0.2/24').and.to.contain('[Route]\nDestination=0.0.0.0/0\nGateway=10.1.0.1\nMetric=100')
  })

  it('NetworkManager: profiles that nobody else may read, of a higher priority', () => {
    const folder = '/etc/NetworkManager/system-connections'
    const changes = renderers.NetworkManager({ name: 'br0', wanted, released: [] }, new Map(Object.entries(originals.NetworkManager)))
    expect(changes.map(({ path, mode }) => [path, mode])).to.deep.equal([[`${folder}/bay-br0.nmconnection`, 0o600], [`${folder}/bay-eth0.nmconnection`, 0o600]])
    expect(changes[0]?.content).to.match(/\[connection\]\nid=bay-br0\nuuid=[0-9a-f-]{36}\ntype=bridge\ninterface-name=br0\nautoconnect-priority=100\n/)
      .and.to.contain('[bridge]\nstp=false\nvlan-filtering=false\nmac-address=52:54:00:00:00:01\n\n[ipv4]\naddress1=10.1.0.2/24,10.1.0.1\ndns=10.1.0.1;\nmethod=manual\n\n[ipv6]\nmethod=auto\n')
    expect(changes[1]?.content).to.contain('type=ethernet\ninterface-name=eth0\nautoconnect-priority=100\nmaster=br0\nslave-type=bridge\n')
    const [alone] = renderers.NetworkManager({ name: 'br0', wanted, released: [] }, new Map())
    expect(alone?.content).to.contain('[ipv4]\nmethod=manual\naddress1=10.1.0.2/24\nroute1=0.0.0.0/0,10.1.0.1,100\n\n[ipv6]\nmethod=link-local\n')
    const bond = { ...wanted, ports: [{ name: 'bond0', mac: '52:54:00:00:00:01', kind: 'bond', vlans: [] }] }
    expect(thrownBy(() => renderers.NetworkManager({ name: 'br0', wanted: bond, released: [] }, new Map()))).to.have.property('code', 'wrong-state')
  })

  it('ifupdown: the port\'s stanzas stand for the bridge, and behind marks', () => {
    expect(after('ifupdown', originals.ifupdown, { wanted })['/etc/network/interfaces']).to.equal(`# The loopback
auto lo
iface lo inet loopback

auto eth0
#bay br0 eth0# iface eth0 inet static
#bay br0 eth0#     address 10.1.0.2/24
#bay br0 eth0#     gateway 10.1.0.1
#bay br0 eth0#     # names
#bay br0 eth0#     dns-nameservers 10.1.0.1
#bay br0 eth0#     up ip route add 10.9.0.0/16 dev eth0
#bay br0 eth0# iface eth0 inet6 auto

auto eth1
iface eth1 inet dhcp

# bay br0 begins
# Written by bay; bay bridge … --persist changes it.
auto br0
iface br0 inet static
    pre-up ip link add name br0 address 52:54:00:00:00:01 type bridge stp_state 0 || true
    pre-up ip link set dev eth0 master br0 up
    post-down ip link delete dev br0 || true
    address 10.1.0.2/24
    gateway 10.1.0.1
    dns-nameservers 10.1.0.1
    up ip route add 10.9.0.0/16 dev br0
iface br0 inet6 auto
iface eth0 inet manual
# bay br0 ends
`)
    const sourced = { '/etc/network/interfaces': `${originals.ifupdown['/etc/network/interfaces'] ?? ''}source /etc/network/interfaces.d/*\n` }
    expect(after('ifupdown', sourced, { wanted })).to.have.property('/etc/network/interfaces.d/bay-br0').that.contains('auto br0\niface br0 inet static\n')
    expect(thrownBy(() => renderers.ifupdown({ name: 'br0', wanted: { ...wanted, ports: [{ name: 'e;id', mac: '52:54:00:00:00:01', kind: null, vlans: [] }] }, released: [] }, new Map())))
      .to.have.property('code', 'usage')
  })

  it('netplan: the port\'s keys move in their file, comments and all', () => {
    expect(after('netplan', originals.netplan, { wanted })['/etc/netplan/50-cloud.yaml']).to.equal(`network:
  version: 2
  ethernets:
    # the one
    eth0:
      wakeonlan: true
    eth1:
      dhcp4: true
  bridges:
    br0:
      addresses: [10.1.0.2/24] # ours
      routes:
        - to: default
          via: 10.1.0.1
      nameservers:
        addresses: [10.1.0.1]
      interfaces:
        - eth0
      parameters:
        stp: false
      macaddress: 52:54:00:00:00:01
`)
    const alone = after('netplan', {}, { wanted })['/etc/netplan/90-bay-br0.yaml']
    expect(alone).to.contain('dhcp4: false').and.to.contain('- 10.1.0.2/24').and.to.contain('to: 0.0.0.0/0').and.to.contain('interfaces:\n        - eth0')
    expect(thrownBy(() => renderers.netplan({ name: 'br0', wanted: { ...wanted, vlanFiltering: true }, released: [] }, new Map()))).to.have.property('code', 'wrong-state')
    expect(thrownBy(() => after('netplan', { '/etc/netplan/a.yaml': 'a: [' }, { wanted }))).to.have.property('message').that.contains('/etc/netplan/a.yaml')
  })

  for (const keeper of ['systemd-networkd', 'NetworkManager', 'ifupdown', 'netplan'] as const) {
    it(`${keeper}: a second time changes nothing, and all of it is taken back`, () => {
      const once = after(keeper, originals[keeper], { wanted })
      expect(once).not.to.deep.equal(originals[keeper])
      expect(after(keeper, once, { wanted })).to.deep.equal(once)
      // Its port goes, with the addresses; then the bridge itself.
      const detached = after(keeper, once, { wanted: bare, released: ['eth0'] })
      expect(JSON.stringify(detached)).not.to.match(/dns[^"]*10\.1\.0\.1.*dns[^"]*10\.1\.0\.1/i)
      expect(plain(after(keeper, detached, { wanted: null }))).to.deep.equal(plain(originals[keeper]))
      expect(plain(after(keeper, once, { wanted: null }))).to.deep.equal(plain(originals[keeper]))
    })

    it(`${keeper}: made without a port, it takes over what its first one has`, () => {
      const empty = after(keeper, originals[keeper], { wanted: bare })
      const files = after(keeper, empty, { wanted })
      expect(JSON.stringify(files)).not.to.contain('dhcp4: false')
      expect(Object.values(files).some((text) => /br0[^]*(dns|names)/i.test(text)), JSON.stringify(files)).to.equal(true)
      expect(after(keeper, files, { wanted })).to.deep.equal(files)
    })

    it(`${keeper}: one more port`, () => {
      const once = after(keeper, originals[keeper], { wanted })
      const two = after(keeper, once, { wanted: { ...wanted, ports: [...wanted.ports, { name: 'eth1', mac: '52:54:00:00:00:01', kind: null, vlans: [] }] } })
      expect(JSON.stringify(two)).to.match(/eth1.*br0|br0.*eth1/)
      expect(JSON.stringify(two).split('10.9.0.0/16').length).to.equal(JSON.stringify(once).split('10.9.0.0/16').length)
    })
  }
})

describe('what the next boot is to find', () => {
  it('is the bridge without what comes and goes by itself', () => {
    const bridge = aBridge('br0', { mtu: 9000, addresses: [anAddress('10.1.0.2/24'), anAddress('10.1.0.9/24', { dynamic: true }), anAddress('fe80::1/64')] })
    const links = [bridge, aLink('eth0', { master: 'br0' }), aLink('vnet0', { master: 'br0', kind: 'tun' }), aLink('eth1')]
    const routes = [
      aRoute('default', { device: 'br0', gateway: { family: 'inet', host: '10.1.0.1' }, metric: 5 }), aRoute('10.1.0.0/24', { device: 'br0', protocol: 'kernel' }),
      aRoute('10.2.0.0/24', { device: 'br0', protocol: 'dhcp' }), aRoute('10.3.0.0/24', { device: 'br0', table: '77' }),
    ]
    expect(wantedOf({ links, routes }, bridge, new Map())).to.deep.equal({
      name: 'br0', stp: false, vlanFiltering: false, mtu: 9000, mac: bridge.mac, ports: [{ name: 'eth0', mac: '52:54:00:00:00:01', kind: null, vlans: [] }],
      addresses: ['10.1.0.2/24'], dhcp4: true, auto6: false, routes: [{ family: '-4', to: 'default', via: '10.1.0.1', metric: 5 }],
    })
  })
})

/** A list of lines: what is put back may come in another order. */
function plain(files: Record<string, string>): Record<string, string> {
  const lines = (text: string) => text.split('\n').map((line) => line.trimEnd()).filter((line) => line !== '').sort().join('\n')
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path, lines(text)]))
}
