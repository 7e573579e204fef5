import { expect } from 'chai'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { refusePort } from '../../../src/bridge/check-port.js'
import { checkNetplan } from '../../../src/bridge/persist-check.js'
import { keeperOf, readConfiguration } from '../../../src/bridge/persist-host.js'
import { thrown, thrownBy } from '../thrown.js'
import { aBridge, aLink } from './links.js'

describe('what keeps a system\'s network configuration', () => {
  let root: string
  beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'bay-keeper-')) })
  afterEach(() => rmSync(root, { recursive: true }))

  const write = (path: string, text = '') => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const networkd = '/etc/systemd/network/10-lan.network'
  const interfaces = '/etc/network/interfaces'
  const cases: [what: string, files: Record<string, string>, keeper: string | null][] = [
    ['an empty system', {}, null],
    ['netplan, whatever else there is', { '/etc/netplan/50.yaml': 'network: {}', [networkd]: '', '/run/NetworkManager/x': '' }, 'netplan'],
    ['folders of netplan without a file', { '/etc/netplan/README': '' }, null],
    ['ifupdown, of its device, also beside NetworkManager', { [interfaces]: 'iface eth0 inet dhcp\n', '/run/NetworkManager/x': '' }, 'ifupdown'],
    ['ifupdown in a file of interfaces.d', { [interfaces]: 'source interfaces.d/*\n', [`${interfaces}.d/lan`]: ' iface  eth0 inet6 auto\n', [networkd]: '' }, 'ifupdown'],
    ['NetworkManager, where ifupdown has other devices', { [interfaces]: 'iface lo inet loopback\n', '/run/NetworkManager/x': '' }, 'NetworkManager'],
    ['NetworkManager before networkd', { '/run/NetworkManager/x': '', [networkd]: '' }, 'NetworkManager'],
    ['networkd by a file', { [networkd]: '', [interfaces]: 'iface lo inet loopback\n' }, 'systemd-networkd'],
    ['networkd as it runs', { '/run/systemd/netif/state': '' }, 'systemd-networkd'],
    ['ifupdown, with nothing but the loopback', { [interfaces]: 'iface lo inet loopback\n' }, 'ifupdown'],
    ['a device whose name only begins so', { [interfaces]: 'iface eth01 inet dhcp\n', [networkd]: '' }, 'systemd-networkd'],
  ]
  for (const [what, files, keeper] of cases) {
    it(`is found: ${what}`, () => {
      for (const [path, text] of Object.entries(files)) write(path, text)
      expect(keeperOf(['br0', 'eth0'], root)).to.equal(keeper)
    })
  }

  it('hides a file of networkd by one of its name, and takes a link to nothing for nothing', () => {
    write(networkd, 'own')
    write('/usr/lib/systemd/network/10-lan.network', 'hidden')
    write('/usr/lib/systemd/network/80-other.network', 'other')
    symlinkSync('/dev/null', join(root, '/etc/systemd/network/99-off.network'))
    expect([...readConfiguration('systemd-networkd', root)]).to.deep.equal([[networkd, 'own'], ['/usr/lib/systemd/network/80-other.network', 'other']])
  })

  it('has netplan read what is to be written, where there is one: its refusal is told without the folder it read', async () => {
    const path = process.env['PATH']
    try {
      write('/bin/netplan', '#!/bin/sh\nfile=$3/etc/netplan/50.yaml\ngrep -q good "$file" || { echo "$file:1: Error in network definition" >&2; exit 1; }\n')
      chmodSync(join(root, '/bin/netplan'), 0o755)
      process.env['PATH'] = `${join(root, '/bin')}:${path}`
      await checkNetplan(new Map([['/etc/netplan/50.yaml', 'good']]))
      expect(await thrown(() => checkNetplan(new Map([['/etc/netplan/50.yaml', 'bad']])))).to.include({
        code: 'failed', message: 'netplan refuses what would be written: /etc/netplan/50.yaml:1: Error in network definition',
      })
    } finally {
      process.env['PATH'] = path
    }
  })

  it('is asked for no wireless interface, by either of the kernel\'s marks', () => {
    for (const [at, sign] of ['wireless', 'phy80211'].entries()) {
      const port = aLink(`wlan${at}`)
      mkdirSync(join(root, port.name, sign), { recursive: true })
      const error = thrownBy(() => refusePort([aBridge('br0'), port], 'br0', port, () => undefined, root))
      expect(error).to.include({ code: 'wrong-state' }).and.to.have.property('message').that.contains('it is wireless')
    }
    refusePort([aBridge('br0'), aLink('eth0')], 'br0', aLink('eth0'), () => undefined, root)
  })
})
