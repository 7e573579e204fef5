import { expect } from 'chai'
import { Checked } from './net-checked.js'
import { suiteRig, until, type Rig } from './rig.js'

interface Set { changed: boolean, restarted: boolean, machines: string[], reconnected: string[] }

// What changes in a network while a guest runs on it. One guest for all of it.
describe('a network that changes under a running machine', function () {
  this.timeout(120_000)
  let rig: Rig
  let tap: string
  const mark = '<x:thing xmlns:x="urn:x">kept</x:thing>'
  const stored = () => rig.virsh('net-dumpxml', '--inactive', 'ch-net')
  const ask = async (name: string) => (await rig.host.exec(['node', '-e', `
    const { Resolver } = require('node:dns').promises; const r = new Resolver({ timeout: 1000, tries: 1 }); r.setServers(['10.93.0.1'])
    r.resolve4(${JSON.stringify(name)}).then((found) => console.log(found.join()), (error) => console.log(error.code))`])).stdout.trim()
  const onBridge = async () => (await rig.host.exec(['ls', '-l', `/sys/class/net/${tap}/master`])).stdout

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    await rig.does('net', 'create', 'ch-net', '--subnet', '10.93.0.0/24', '--bridge', 'ch-br', '--dns', 'one=10.93.0.11', '--isolate-guests')
    await rig.does('net', 'define', await marked())
    await rig.does('vm', 'create', 'ch-vm', ...rig.deaf, '--network', 'ch-net', '--wait', 'running')
    tap = (await rig.json<{ nics: { tap: string }[] }>('vm', 'show', 'ch-vm')).nics[0]?.tap ?? ''
  })

  after(async () => {
    await rig?.clean('ch-')
    await rig?.bay(['net', 'delete', '--force', 'ch-net', 'ch-wire'])
  })

  async function marked(): Promise<string> {
    const { writeFile } = await import('node:fs/promises')
    const file = `${rig.files}/ch-net.xml`
    await writeFile(file, (await stored()).replace('</name>', `</name><metadata>${mark}</metadata>`))
    return file
  }

  it('keeps its guests apart, by the network itself', async () => {
    expect((await rig.host.exec(['bridge', '-d', 'link', 'show', 'dev', tap])).stdout).to.contain('isolated on')
  })

  it('answers for names, from the start and as they change', async () => {
    expect(await ask('one')).to.equal('10.93.0.11')
    expect(await rig.json<Set>('net', 'set', 'ch-net', 'dns.two=10.93.0.11', 'dns.one=')).to.deep.include({ changed: true, restarted: false, machines: [] })
    await until(async () => await ask('two') === '10.93.0.11')
    expect(await ask('one')).not.to.contain('10.93')
    expect(await rig.json('net', 'set', 'ch-net', 'dns.two=10.93.0.11', 'dns.one=')).to.include({ changed: false })
  })

  it('moves its DHCP range at once, as it runs and as it is stored', async () => {
    await rig.does('net', 'set', 'ch-net', 'dhcp=10.93.0.100-10.93.0.150')
    for (const xml of [await stored(), await rig.virsh('net-dumpxml', 'ch-net')]) {
      expect(xml.match(/<range .*/g)).to.deep.equal(["<range start='10.93.0.100' end='10.93.0.150'/>"])
    }
    const before = await stored()
    for (const wrong of ['dhcp=10.93.0.1-10.93.0.9', 'dhcp=10.93.1.1-10.93.1.9']) {
      expect(await rig.bay(['net', 'set', 'ch-net', wrong]), wrong).to.include({ code: 2, stdout: '' })
    }
    expect(await rig.bay(['net', 'set', 'ch-net', 'dns.three=10.93.0.3', 'bridge=virbr0'])).to.include({ stdout: '' }).and.not.to.include({ code: 0 })
    expect(await stored()).to.equal(before)
  })

  it('reserves and frees addresses, and says what is in the way', async () => {
    const { mac } = await rig.json<{ mac: string }>('net', 'reserve', 'ch-net', 'ch-vm', '10.93.0.60')
    expect(await rig.json('net', 'reserve', 'ch-net', mac, '10.93.0.60')).to.include({ changed: false, machine: 'ch-vm', hostname: 'ch-vm' })
    const refused: [string, string, number, RegExp][] = [
      ['ch-vm', '10.93.0.61', 5, /reserves 10\.93\.0\.60 for .*\n {2}try: bay net unreserve ch-net/], ['52:54:00:00:00:01', '10.93.0.60', 5, /for the machine ch-vm/],
      ['52:54:00:00:00:01', '10.93.0.1', 2, /^bay: 10\.93\.0\.1 is the gateway/], ['nobody', '10.93.0.62', 4, /no machine named nobody/],
      ['52:54:00:00:00:01', 'fd00::1', 2, /not in the network/],
    ]
    for (const [who, address, code, says] of refused) {
      const result = await rig.bay(['net', 'reserve', 'ch-net', who, address])
      expect(result, address).to.include({ code, stdout: '' })
      expect(result.stderr).to.match(says)
    }
    expect(await rig.json('net', 'unreserve', 'ch-net', 'ch-vm')).to.deep.include({ changed: true, released: [{ mac, ip: '10.93.0.60', name: 'ch-vm' }] })
    expect(await rig.json('net', 'unreserve', 'ch-net', '10.93.0.60')).to.include({ changed: false })
    expect(await stored()).not.to.contain('10.93.0.60')
  })

  it('says what waits for a restart and whom that cuts off, and reconnects them', async () => {
    const waits = await rig.bay(['net', 'set', 'ch-net', 'mtu=1400', 'isolate-guests=off'])
    expect(waits.stdout).to.match(/after a restart of the network; --restart does that, which cuts off for a moment: ch-vm/)
    const done = await rig.json<Set>('net', 'set', 'ch-net', 'mtu=1400', 'isolate-guests=off', 'domain=ch.example', '--restart')
    expect(done).to.deep.include({ changed: true, restarted: true, machines: ['ch-vm'], reconnected: ['ch-vm'] })
    expect(await onBridge()).to.contain('/ch-br')
    expect((await rig.host.exec(['bridge', '-d', 'link', 'show', 'dev', tap])).stdout).to.contain('isolated off')
    expect(await rig.virsh('net-dumpxml', 'ch-net')).to.contain("connections='1'").and.to.contain("<mtu size='1400'/>")
    expect(await rig.virsh('net-list', '--all', '--name')).not.to.contain('bay-park')
    expect(await stored()).to.match(/<x:thing xmlns:x="urn:x">kept<\/x:thing>/)
    expect(await rig.virsh('net-info', 'ch-net')).to.match(/Autostart: +yes/)
  })

  it('is recovered after kill -9 at any moment of a restart: it runs, and its machine is on it', async () => {
    const state = { XDG_STATE_HOME: `${rig.files}/cut` }
    const long = process.env['BAY_TEST_LONG'] === '1'
    for (const [at, mtu] of (long ? [['1-', 1390], ['1+', 1391], ['2-', 1392], ['2+', 1393]] : [['2-', 1392]]) as [string, number][]) {
      const killed = await rig.bay(['net', 'set', 'ch-net', `mtu=${mtu}`, '--restart'], { env: { ...state, BAY_TEST_KILL_AT: at } })
      expect(killed.signal, at).to.equal('SIGKILL')
      const { code, stderr } = await rig.bay(['recover'], { env: state })
      expect(code, stderr).to.equal(0)
      expect(await onBridge(), at).to.contain('/ch-br')
      expect(await rig.virsh('net-list', '--all', '--name'), at).not.to.contain('bay-park')
    }
    // Without bay recover, too: by the same command again, or net start.
    await rig.virsh('net-destroy', 'ch-net')
    await rig.virsh('net-start', 'ch-net')
    expect(await onBridge()).not.to.contain('/ch-br')
    expect(await rig.json('net', 'start', 'ch-net')).to.deep.include({ changed: true, reconnected: ['ch-vm'] })
    expect(await onBridge()).to.contain('/ch-br')
    expect(await rig.json('net', 'start', 'ch-net')).to.deep.include({ changed: false, reconnected: [] })
  })

  it('moves to another subnet, and says what is in the way and whom it cuts off', async () => {
    await rig.does('net', 'reserve', 'ch-net', 'ch-vm', '10.93.0.70')
    const before = await stored()
    const outside = await rig.bay(['net', 'set', 'ch-net', 'subnet=10.94.0.0/24'])
    expect(outside).to.include({ code: 5, stdout: '' })
    expect(outside.stderr).to.match(/no guests' addresses of 10\.94\.0\.0\/24: 10\.93\.0\.70 .*\n {2}try: bay net unreserve ch-net 10\.93\.0\.70/)
    const taken = await rig.bay(['net', 'set', 'ch-net', 'subnet=10.0.0.0/9'])
    expect(taken).to.include({ code: 5, stdout: '' })
    expect(taken.stderr).to.contain('overlaps with 10.88.0.0/24 of the network default')
    expect(await stored()).to.equal(before)
    const wide = await rig.bay(['net', 'set', 'ch-net', 'subnet=10.93.0.0/16', 'ipv6=fd00:93::/64'])
    expect(wide.stdout).to.match(/subnet 10\.93\.0\.1\/24 → 10\.93\.0\.1\/16, ipv6 none → fd00:93::1\/64, dhcp .* after a restart .* cuts off for a moment: ch-vm/)
    const done = await rig.json<Set>('net', 'set', 'ch-net', 'subnet=10.93.0.0/16', 'ipv6=fd00:93::/64', '--restart')
    expect(done).to.deep.include({ restarted: true, reconnected: ['ch-vm'] })
    expect((await rig.host.exec(['ip', 'address', 'show', 'ch-br'])).stdout).to.contain('10.93.0.1/16').and.to.contain('fd00:93::1/64')
    expect(await onBridge()).to.contain('/ch-br')
    expect(await stored()).to.contain(mark).and.to.contain("ip='10.93.0.70'")
    await rig.does('net', 'set', 'ch-net', 'subnet=10.93.0.0/24', 'ipv6=none', '--restart')
    await rig.does('net', 'unreserve', 'ch-net', 'ch-vm')
    expect(await rig.json('net', 'set', 'ch-net', 'subnet=10.93.0.0/24', 'ipv6=none')).to.include({ changed: false })
  })

  it('runs on as it was when its new bridge is taken', async () => {
    const before = await stored()
    await rig.host.does(['ip', 'link', 'add', 'ch-taken', 'type', 'bridge'])
    const refused = await rig.bay(['net', 'set', 'ch-net', 'bridge=ch-taken', 'dns.five=10.93.0.5', '--restart'])
    await rig.host.exec(['ip', 'link', 'del', 'ch-taken'])
    expect(refused).to.include({ code: 5 })
    expect(await stored()).to.equal(before)
    expect(await onBridge()).to.contain('/ch-br')
    expect(await ask('five')).not.to.contain('10.93')
  })

  it('is checked on its host: what breaks it is found, each with its fix', async () => {
    const host = new Checked(rig)
    expect(await host.finds('ch-net')).to.deep.equal({ code: 0, found: [] })
    await host.does('echo 0 > /proc/sys/net/ipv4/ip_forward; iptables -P FORWARD DROP; iptables -I FORWARD -i ch-br -j DROP; '
      + `ip link set ${tap} nomaster; kill $(cat /run/libvirt/network/ch-net.pid)`)
    try {
      await until(async () => (await host.finds('ch-net')).found.some((each) => each.check === 'dnsmasq'))
      const { code, found } = await host.finds('ch-net')
      expect(code).to.equal(3)
      expect(found.map((each) => each.check)).to.have.members(['forwarding', 'firewall', 'dnsmasq', 'cut-off'])
      expect(found.find((each) => each.check === 'cut-off')?.message).to.contain('ch-vm')
      await host.mends(found)
      expect(await host.finds('ch-net')).to.deep.equal({ code: 0, found: [] })
      expect(await onBridge()).to.contain('/ch-br')
      await host.does('iptables -t nat -F LIBVIRT_PRT')
      expect((await host.finds('ch-net')).found.map((each) => each.check)).to.deep.equal(['nat'])
    } finally {
      // As a reload does, where something starts libvirtd.
      await host.does('echo 1 > /proc/sys/net/ipv4/ip_forward; iptables -P FORWARD ACCEPT; iptables -D FORWARD -i ch-br -j DROP; '
        + 'for i in i o; do iptables -D FORWARD -$i ch-br -j ACCEPT; done; kill -HUP $(cat /run/libvirt/libvirtd.pid)')
    }
    await until(async () => (await host.finds('ch-net')).code === 0)
    const far = await rig.bay(['net', 'check', 'ch-net'])
    expect(far).to.include({ code: 0 })
    expect(far.stderr).to.contain('only the host itself can see them')
  })

  it('is drawn with its machines', async () => {
    const { networks } = await rig.json<{ networks: { name: string, bridge: string, machines: { name: string, nics: object[] }[] }[] }>('net', 'map')
    const own = networks.find(({ name }) => name === 'ch-net')
    expect(own).to.include({ bridge: 'ch-br' })
    expect(own?.machines.map(({ name }) => name)).to.deep.equal(['ch-vm'])
    expect(own?.machines[0]?.nics).to.have.length(1)
    expect(await rig.does('net', 'map')).to.match(/─ ch-net {2}nat {2}ch-br {2}10\.93\.0\.1\/24\n.*─ ch-vm {2}running\n.*52:54:00/)
    expect(await rig.does('net', 'map', '--format', 'svg')).to.match(/^<svg [^]*ch-vm[^]*<\/svg>$/)
  })

  it('has its machines again after a stop by force and a start', async () => {
    await rig.does('net', 'stop', '--force', 'ch-net')
    expect(await rig.json('net', 'start', 'ch-net')).to.deep.include({ changed: true, reconnected: ['ch-vm'] })
    expect(await onBridge()).to.contain('/ch-br')
  })

  it('is not deleted while a machine needs it, running or off', async () => {
    expect((await rig.bay(['net', 'delete', 'ch-net'])).stderr).to.contain('running machines are connected to the network ch-net: ch-vm')
    await rig.virsh('destroy', 'ch-vm')
    const refused = await rig.bay(['net', 'delete', 'ch-net'])
    expect(refused).to.include({ code: 5 })
    expect(refused.stderr).to.contain('machines that are off need the network ch-net: ch-vm')
    expect(await rig.json('net', 'stop', 'ch-net')).to.include({ changed: true })
  })

  it('puts guests on a device of the host', async () => {
    await rig.does('net', 'create', 'ch-wire', '--mode', 'macvtap=ch-eth')
    expect(await rig.json('net', 'show', 'ch-wire')).to.include({ mode: 'macvtap', device: 'ch-eth', active: true, bridge: null })
    expect(await rig.bay(['net', 'set', 'ch-wire', 'mtu=1400'])).to.include({ code: 5, stdout: '' })
  })
})
