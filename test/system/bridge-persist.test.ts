import { expect } from 'chai'
import { existsSync } from 'node:fs'
import { BridgeRig } from './bridge-rig.js'
import { until } from './rig.js'

interface Changed { changed: boolean, persistent: string | null, files: string[], until: string | null, calls?: string[] }

const long = process.env['BAY_TEST_LONG'] === '1'
const original = { '20-wired.network': '[Match]\nName=eth0\n\n[Network]\nAddress=10.1.0.2/24\nDNS=10.1.0.1\n' }

// With systemd-networkd's files; the other kinds are unit tests.
describe('bay bridge with --persist', function () {
  this.timeout(long ? 600_000 : 60_000)
  let rig: BridgeRig
  before(async function () {
    if (existsSync('/run/NetworkManager')) return this.skip()
    rig = await BridgeRig.up()
    rig.configure(original)
  })
  after(() => rig?.[Symbol.asyncDispose]())

  it('writes files once, is whole after a kill, waits for a confirmation, and takes them back', async () => {
    const made = await rig.json<Changed>('bridge', 'create', 'br0', '--persist')
    expect(made).to.deep.include({ changed: true, persistent: 'systemd-networkd', files: ['00-bay-br0.netdev', '00-bay-br0.network'].map((each) => `/etc/systemd/network/${each}`) })
    expect(await rig.json('bridge', 'create', 'br0', '--if-missing', '--persist')).to.deep.include({ changed: false, persistent: 'systemd-networkd', files: [] })
    await rig.ip('link', 'set', 'eth1', 'master', 'br0')
    await rig.ip('link', 'set', 'eth1', 'nomaster')
    const [state, files] = [await rig.state(), rig.configuration()]
    const { calls = [] } = await rig.json<Changed>('bridge', 'attach', 'br0', 'eth0', '--dry-run')
    for (const at of long ? [1, 2, 3] : [2]) {
      const run = await rig.bay(['bridge', 'attach', 'br0', 'eth0', '--persist'], { env: { BAY_TEST_KILL_AT: `${calls.length + at}+` } })
      expect(run.signal).to.equal('SIGKILL')
      await until(async () => JSON.stringify(await rig.state()) === JSON.stringify(state))
      expect(rig.configuration()).to.deep.equal(files)
    }
    const waiting = await rig.bay(['bridge', 'attach', 'br0', 'eth0', '--persist', '--confirm-within', '60s'])
    expect(waiting.stderr).to.contain('bay bridge attach br0 eth0 --persist --confirm')
    expect(rig.configuration()).to.deep.equal(files)
    expect(await rig.json<Changed>('bridge', 'attach', 'br0', 'eth0', '--persist', '--confirm')).to.include({ changed: true, persistent: 'systemd-networkd' })
    const written = rig.configuration()
    expect(written['00-bay-eth0.network']).to.contain('Bridge=br0')
    expect(written['00-bay-br0.network']).to.contain('10.1.0.2/24').and.to.contain('DNS=10.1.0.1')
    await rig.json('bridge', 'detach', 'br0', 'eth0', '--persist')
    expect(rig.configuration()).not.to.have.property('00-bay-eth0.network')
    expect(rig.configuration()['00-bay-br0.network']).not.to.contain('10.1.0.2')
    await rig.json('bridge', 'delete', 'br0', '--yes', '--persist')
    expect(rig.configuration()).to.deep.equal(original)
  })
})
