import { expect } from 'chai'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bayEnvironment, program } from '../lab/bay.js'
import { BridgeRig } from './bridge-rig.js'
import { suiteRig, until, type Rig } from './rig.js'

interface Row { name: string, ports: string[], addresses: string[] }
interface Changed { changed: boolean, moved: string[], calls?: string[] }

const long = process.env['BAY_TEST_LONG'] === '1'

// Each in a network namespace of its own, with a wire to another one.
describe('bay bridge on a system', function () {
  this.timeout(long ? 600_000 : 60_000)
  let rig: BridgeRig
  beforeEach(async () => { rig = await BridgeRig.up() })
  afterEach(() => rig[Symbol.asyncDispose]())

  it('creates, lists and deletes them, and a second time changes nothing', async () => {
    expect(await rig.json('bridge', 'list')).to.deep.equal([])
    const before = await rig.state()
    await rig.json('bridge', 'create', 'br0', '--address', '10.5.0.1/24', '--stp', '--mtu', '1400', '--dry-run')
    expect(await rig.state()).to.deep.equal(before)
    expect(await rig.json('bridge', 'create', 'br0', '--address', '10.5.0.1/24', '--address', 'fd00:5::1/64', '--stp', '--mtu', '1400')).to.include({ changed: true })
    const [row] = await rig.json<Row[]>('bridge', 'list')
    expect(row).to.include({ name: 'br0', state: 'no-carrier', stp: true, vlanFiltering: false, mtu: 1400, network: null })
    expect(row?.addresses).to.include.members(['10.5.0.1/24', 'fd00:5::1/64'])
    expect(await rig.bay(['bridge', 'create', 'br0'])).to.include({ code: 5 })
    expect(await rig.json('bridge', 'create', 'br0', '--if-missing')).to.include({ changed: false })
    expect(await rig.bay(['bridge', 'delete', 'br0'])).to.include({ code: 2 })
    expect(await rig.json('bridge', 'delete', 'br0', '--yes')).to.include({ changed: true })
    expect(await rig.bay(['bridge', 'delete', 'br0', '--yes'])).to.include({ code: 4 })
    expect(await rig.state()).to.deep.equal(before)
  })

  it('moves addresses and routes of both families there and back, and connections live on', async () => {
    const before = await rig.state()
    const [four, six] = [await rig.connection('10.1.0.1'), await rig.connection('2001:db8:1::1')]
    expect([await four.say('a'), await six.say('b')]).to.deep.equal(['a', 'b'])
    await rig.json('bridge', 'create', 'br0')
    expect((await rig.json<Changed>('bridge', 'attach', 'br0', 'eth0')).moved).to.deep.equal(['10.1.0.2/24', '10.1.0.3/24', '2001:db8:1::2/64'])
    expect([await four.say('c'), await six.say('d')]).to.deep.equal(['c', 'd'])
    expect(await rig.ip('route', 'show', 'table', 'all')).to.match(/default via 10\.1\.0\.1 dev br0 proto static metric 100/)
      .and.to.match(/10\.9\.0\.0\/16 via 10\.1\.0\.1 dev br0 .*src 10\.1\.0\.3 mtu 1400/).and.to.match(/10\.7\.0\.0\/16 dev br0 table 77/)
    expect(await rig.ip('address', 'show', 'dev', 'br0')).to.contain('br0:1')
    expect(await rig.json('bridge', 'attach', 'br0', 'eth0')).to.include({ changed: false })
    const refused = await rig.bay(['bridge', 'delete', 'br0', '--yes'])
    expect(refused).to.include({ code: 5 })
    expect(refused.stderr).to.contain('try: bay bridge detach br0 eth0')
    expect((await rig.json<Changed>('bridge', 'detach', 'br0', 'eth0')).moved).to.have.length(3)
    expect(await rig.json('bridge', 'detach', 'br0', 'eth0')).to.include({ changed: false })
    expect([await four.say('e'), await six.say('f')]).to.deep.equal(['e', 'f'])
    await rig.json('bridge', 'delete', 'br0', '--yes')
    // Nobody need ask again whether somebody else has an address that was ours a moment ago.
    expect(JSON.parse(JSON.stringify(await rig.state()).replaceAll(String.raw`,\"nodad\":true`, ''))).to.deep.equal(before)
  })

  it('makes one with its port at once; a step that fails leaves what was there before, and 9 what cannot be undone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bay-ip-'))
    try {
      // The real ip, but for one call.
      writeFileSync(join(folder, 'ip'), `#!/bin/bash\nif [[ "$*" =~ $(cat ${folder}/bad) ]]; then echo "RTNETLINK answers: Out of luck" >&2; exit 2; fi\nexec /sbin/ip "$@"\n`, { mode: 0o755 })
      const env = (bad: string) => {
        writeFileSync(join(folder, 'bad'), bad)
        return { env: { PATH: `${folder}:${process.env['PATH']}` } }
      }
      const before = await rig.state()
      const failed = await rig.bay(['bridge', 'create', 'br0', '--port', 'eth0'], env('address add 2001:.* dev br0'))
      expect(failed).to.include({ code: 1 })
      expect(failed.stderr).to.contain('2001:db8:1::2/64 nodad dev br0: Out of luck')
      expect(await rig.state()).to.deep.equal(before)
      await rig.json('bridge', 'create', 'br0')
      const left = await rig.bay(['bridge', 'attach', 'br0', 'eth0'], env('nomaster|route add default via inet6'))
      expect(left).to.include({ code: 9 })
      expect(left.stderr).to.contain('could not be undone: ip link set dev eth0 nomaster (Out of luck)')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('restores everything after kill -9, Ctrl-C and SIGTERM, at whichever step', async () => {
    await rig.json('bridge', 'create', 'br0', '--address', '10.5.0.1/24')
    // A bridge that never had a port is told from one that lost it, by the kernel alone.
    await rig.ip('link', 'set', 'eth1', 'master', 'br0')
    await rig.ip('link', 'set', 'eth1', 'nomaster')
    const before = await rig.state()
    const { calls = [] } = await rig.json<Changed>('bridge', 'attach', 'br0', 'eth0', '--dry-run')
    const points = calls.flatMap((_, at) => [`${at + 1}-`, `${at + 1}+`])
    for (const at of long ? points : ['1+', '5-', '8+']) {
      const { signal } = await rig.bay(['bridge', 'attach', 'br0', 'eth0'], { env: { BAY_TEST_KILL_AT: at } })
      expect(signal, at).to.equal('SIGKILL')
      await until(async () => JSON.stringify(await rig.state()) === JSON.stringify(before))
    }
    for (const at of long ? points : ['7+']) {
      expect(await rig.bay(['bridge', 'attach', 'br0', 'eth0'], { env: { BAY_TEST_KILL_AT: `INT:${at}` } }), at).to.include({ code: 130 })
      expect(await rig.state()).to.deep.equal(before)
    }
    expect(await rig.bay(['bridge', 'attach', 'br0', 'eth0'], { env: { BAY_TEST_KILL_AT: 'TERM:3-' } })).to.include({ code: 143 })
    expect(await rig.state()).to.deep.equal(before)
    // Nothing is locked any more.
    expect(await rig.json('bridge', 'attach', 'br0', 'eth0')).to.include({ changed: true })
  })

  it('is put back by bay recover when bay was killed, and then its guard in the midst of undoing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bay-ip-'))
    try {
      // The real ip, but the guard's call of that number ends the guard, before it or after it.
      const lines = [
        '#!/bin/bash', `if grep -q bridge-guard /proc/$PPID/cmdline && echo >> ${folder}/calls && [ $(wc -l < ${folder}/calls) = $(cat ${folder}/at) ]; then`,
        `  touch ${folder}/killed; [ $(cat ${folder}/when) = before ] || /sbin/ip "$@"; kill -9 $PPID; exit 1`, 'fi', 'exec /sbin/ip "$@"',
      ]
      writeFileSync(join(folder, 'ip'), `${lines.join('\n')}\n`, { mode: 0o755 })
      await rig.json('bridge', 'create', 'br0', '--address', '10.5.0.1/24')
      await rig.ip('link', 'set', 'eth1', 'master', 'br0')
      await rig.ip('link', 'set', 'eth1', 'nomaster')
      const before = await rig.state()
      const { calls = [] } = await rig.json<Changed>('bridge', 'attach', 'br0', 'eth0', '--dry-run')
      const points = long ? Array.from({ length: 30 }, (_, at) => at + 1).flatMap((at) => [[at, 'before'], [at, 'after']] as const) : [[6, 'after']] as const
      let killed = 0
      for (const [at, when] of points) {
        for (const each of ['calls', 'killed']) rmSync(join(folder, each), { force: true })
        writeFileSync(join(folder, 'at'), `${at}`)
        writeFileSync(join(folder, 'when'), when)
        const env = { PATH: `${folder}:${process.env['PATH']}`, BAY_TEST_KILL_AT: `${calls.length}+` }
        expect(await rig.bay(['bridge', 'attach', 'br0', 'eth0'], { env }), `${at}`).to.include({ signal: 'SIGKILL' })
        // A number of no call of its own: the guard has undone it all.
        const isBefore = async () => JSON.stringify(await rig.state()) === JSON.stringify(before)
        await until(async () => existsSync(join(folder, 'killed')) || await isBefore())
        if (!existsSync(join(folder, 'killed'))) break
        killed += 1
        await until(async () => (await rig.bay(['recover', '-o', 'json'])).stdout.includes('"recovered"'))
        await until(isBefore)
      }
      expect(killed).to.be.at.least(long ? 10 : 1)
      expect(await rig.json('bridge', 'attach', 'br0', 'eth0')).to.include({ changed: true })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('refuses what belongs to another bridge, and what would cut off an ssh session', async () => {
    await rig.json('bridge', 'create', 'br1', '--port', 'eth1', '--mtu', '1400')
    // The size is the bridge's own, and does not follow its port's.
    expect((await rig.json<Row[]>('bridge', 'list'))[0]).to.include({ mtu: 1400 })
    const taken = await rig.bay(['bridge', 'create', 'br0', '--port', 'eth0', '--port', 'eth1'])
    expect(taken).to.include({ code: 5 })
    expect(taken.stderr).to.contain('try: bay bridge detach br1 eth1')
    const env = { SSH_CONNECTION: '10.1.0.1 40000 10.1.0.2 22' }
    const cut = await rig.bay(['bridge', 'attach', 'br1', 'eth0'], { env })
    expect(cut).to.include({ code: 2 })
    expect(cut.stderr).to.contain('your ssh session comes in by eth0 (10.1.0.2)').and.to.contain('--confirm-within')
    expect((await rig.json<Row[]>('bridge', 'list')).map(({ name, ports }) => [name, ports])).to.deep.equal([['br1', ['eth1']]])
    expect(await rig.bay(['bridge', 'attach', 'br1', 'eth0', '--yes'], { env })).to.include({ code: 0 })
  })

  it('VLANs of its ports, or on a kernel without VLAN filtering an error that says so', async function () {
    const before = await rig.state()
    const made = await rig.bay(['bridge', 'create', 'br0', '--vlan-filtering'])
    if (made.code !== 0) {
      expect(made).to.include({ code: 1 })
      expect(made.stderr).to.contain('not supported')
      expect(await rig.state()).to.deep.equal(before)
      return this.skip()
    }
    await rig.json('bridge', 'attach', 'br0', 'eth1', '--vlan', '10', '--trunk', '20,30-31')
    expect(await rig.vlans('eth1')).to.deep.equal([10, 20, 30, 31])
    await rig.json('bridge', 'detach', 'br0', 'eth1')
    expect(await rig.vlans('eth1')).to.deep.equal([])
  })
})

// Where libvirt is: it says whose a bridge is.
describe('bay bridge on a host of libvirt\'s', function () {
  this.timeout(60_000)
  let rig: Rig
  const there = async (...args: string[]) => {
    const env = Object.entries(bayEnvironment({})).map(([key, value]) => `${key}=${value}`)
    return rig.host.exec(['env', '-i', ...env, process.execPath, program, 'bridge', ...args])
  }
  const refused = async (args: string[], says: string[]) => {
    const { code, stderr } = await there(...args)
    expect(code, stderr).to.equal(5)
    for (const each of says) expect(stderr).to.contain(each)
  }

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
  })
  after(async () => {
    await rig?.clean('br-')
    for (const name of ['br-own', 'br-other']) await rig.host.exec(['ip', 'link', 'delete', name])
  })

  it('knows its networks and machines, keeps what they need, and is not changed from elsewhere', async () => {
    expect((await there('create', 'br-own')).code).to.equal(0)
    expect((await there('create', 'br-other')).code).to.equal(0)
    await rig.does('vm', 'create', 'br-vm', ...rig.deaf, '--network', 'bridge=br-own')
    const rows = JSON.parse((await there('list', '-o', 'json')).stdout) as { name: string, ports: string[], network: string | null }[]
    const own = rows.find(({ name }) => name === 'br-own')
    const made = rows.find(({ network }) => network === rig.network)
    const [tap = ''] = own?.ports ?? []
    expect(tap).to.match(/^vnet\d+$/)
    await refused(['delete', '--yes', made?.name ?? ''], [`the network ${rig.network}`, `bay net delete ${rig.network}`])
    await refused(['delete', '--yes', 'br-own'], ['machines have a card on it: br-vm'])
    await refused(['attach', 'br-other', tap], ['the running machine br-vm'])
    await refused(['detach', 'br-own', tap], ['the running machine br-vm'])
    await rig.does('vm', 'stop', '--force', 'br-vm')
    await refused(['delete', '--yes', 'br-own'], ['machines have a card on it: br-vm'])
    const elsewhere = await rig.bay(['bridge', 'create', 'br0', '--stp'])
    expect(elsewhere).to.include({ code: 2 })
    expect(elsewhere.stderr).to.contain(`try: on ${rig.host.name}: bay bridge create br0 --stp`)
    expect(await rig.bay(['bridge', 'list'], { uri: 'sandbox' })).to.include({ code: 2 })
  })
})
