import { expect } from 'chai'
import { Checked } from './net-checked.js'
import { suiteRig, type Rig } from './rig.js'

// What keeps networks from starting, each provoked on a host, found, and mended by what the finding says. What breaks one that runs
// is in net-changes.test.ts.
describe('bay net check of networks that cannot start', function () {
  this.timeout(120_000)
  let rig: Rig
  let host: Checked
  const names = ['nk-long', 'nk-taken', 'nk-twice', 'nk-route', 'nk-stale', 'nk-range', 'nk-holes']

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    host = new Checked(rig)
  })
  after(async () => {
    await rig?.bay(['net', 'delete', '--force', 'nk-*'])
    for (const name of ['nk-wire', 'nk-stale', 'virbr99']) await rig?.host.exec(['ip', 'link', 'del', name])
  })

  /** As other tools define them: libvirt takes all of it. */
  async function define(name: string, { bridge, subnet, more = '' }: { bridge: string, subnet: string, more?: string }): Promise<void> {
    const [address = '', mask = '255.255.255.0'] = subnet.split('/')
    const xml = `<network><name>${name}</name><forward mode='nat'/><bridge name='${bridge}'/>`
      + `<ip address='${address}' netmask='${mask}'><dhcp>${more}</dhcp></ip></network>`
    await host.does(`echo "${xml}" > /run/${name}.xml; virsh -q net-define /run/${name}.xml; rm /run/${name}.xml`)
  }

  it('finds each, and does away with it by the line that it advises', async () => {
    await define('nk-long', { bridge: 'nk-longer-than-15', subnet: '10.101.0.1' })
    await define('nk-taken', { bridge: 'nk-taken', subnet: '10.88.0.129/255.255.255.128' })
    await define('nk-twice', {
      bridge: 'nk-twice', subnet: '10.104.0.1', more: ['3', '4'].map((last) => `<host mac='52:54:00:00:00:01' ip='10.104.0.${last}'/>`).join(''),
    })
    await define('nk-route', { bridge: 'nk-route', subnet: '10.105.0.1' })
    await define('nk-stale', { bridge: 'nk-stale', subnet: '10.106.0.1' })
    await define('nk-range', { bridge: 'nk-range', subnet: '10.107.0.1', more: "<range start='10.107.0.1' end='10.107.0.9'/>" })
    await define('nk-holes', { bridge: 'nk-holes', subnet: '10.108.0.1/255.0.255.0' })
    await host.does('ip link add nk-wire type bridge && ip addr add 10.105.0.7/24 dev nk-wire && ip link set nk-wire up; ip link add nk-stale type bridge')
    await host.does('virsh -q net-autostart nk-range; ip link add virbr99 address 52:54:00:99:99:99 type bridge')
    const { code, found } = await host.finds()
    expect(code).to.equal(3)
    const own = found.filter(({ message }) => /nk-|virbr99/.test(message))
    expect(own.map(({ check, message }) => `${check} ${[...names, 'virbr99'].find((name) => message.includes(name))}`)).to.have.members([
      // Of both networks, and of the host's route to the one that runs.
      'bridge nk-long', 'subnet nk-taken', 'subnet nk-taken', 'subnet nk-taken', 'dhcp nk-twice', 'subnet nk-route',
      'stale-bridge nk-stale', 'dhcp nk-range', 'stopped nk-range', 'subnet nk-holes', 'stale-bridge virbr99',
    ])
    await host.mends(own)
    expect((await host.finds()).found.filter(({ message }) => /nk-|virbr99/.test(message))).to.deep.equal([])
    await rig.does('net', 'start', 'nk-*')
  })
})
