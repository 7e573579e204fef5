import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { run } from '../lab/script.js'
import { suiteRig, type Rig } from './rig.js'

interface Reservation { mac: string, ip: string, name: string | null }

// An address that is asked for is kept for its machine, by a network's real DHCP server, until the machine goes.
describe('vm create --ip', function () {
  this.timeout(60_000)
  let rig: Rig
  let state: string
  const lan = ['--network', 'addr-lan']

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    state = mkdtempSync(join(tmpdir(), 'bay-address-'))
    await rig.does('net', 'create', 'addr-lan', '--subnet', '10.87.0.0/24', '--dhcp', '10.87.0.100-10.87.0.199', '--domain', 'lan.test')
    await rig.does('net', 'create', 'addr-plain', '--subnet', '10.86.0.0/24', '--no-dhcp')
  })
  after(async () => {
    await rig?.clean('addr-')
    for (const name of ['addr-lan', 'addr-plain']) {
      await rig?.virsh('net-destroy', name)
      await rig?.virsh('net-undefine', name)
    }
    if (state) rmSync(state, { recursive: true })
  })

  const create = (name: string, ...args: string[]) => rig.bay(['vm', 'create', name, ...rig.deaf, ...lan, ...args])
  /** What the network reserves as it runs, which must be what it has stored. */
  async function reserved(): Promise<Reservation[]> {
    const { subnets } = await rig.json<{ subnets: { reservations: Reservation[] }[] }>('net', 'show', 'addr-lan')
    const all = subnets.flatMap(({ reservations }) => reservations)
    const stored = [...(await rig.virsh('net-dumpxml', '--inactive', 'addr-lan')).matchAll(/<host mac='([^']+)'.* ip='([^']+)'/g)]
    expect(stored.map(([, mac, ip]) => [mac, ip])).to.deep.equal(all.map(({ mac, ip }) => [mac, ip]))
    return all
  }

  it('a guest gets the address from DHCP, in the range or not, and through a filter that knows it', async () => {
    const made = await rig.json<{ addresses: string[], reservation: Reservation }>(
      'vm', 'create', 'addr-boots', ...rig.tiny, ...lan, '--ip', '10.87.0.7', '--filter', 'clean-traffic', '--wait', 'ip')
    expect(made.addresses).to.deep.equal(['10.87.0.7'])
    const [shown] = (await rig.json<{ nics: { mac: string }[] }>('vm', 'show', 'addr-boots')).nics
    expect(made.reservation).to.include({ network: 'addr-lan', ip: '10.87.0.7', mac: shown?.mac })
    expect(await reserved()).to.deep.equal([{ mac: shown?.mac, ip: '10.87.0.7', name: 'addr-boots' }])
    expect(await rig.virsh('dumpxml', 'addr-boots')).to.match(/<filterref filter='clean-traffic'>\s*<parameter name='IP' value='10\.87\.0\.7'\/>/)
    expect(await rig.json('vm', 'list', '--filter', 'name=addr-boots')).to.have.nested.property('[0].addresses').that.deep.equals(['10.87.0.7'])
  })

  it('no other machine may have it, neither while it is there nor while its lease lasts', async () => {
    const second = await create('addr-second', '--ip', '10.87.0.7')
    expect(second).to.include({ code: 5, stdout: '' })
    expect(second.stderr).to.match(/the network addr-lan has reserved 10\.87\.0\.7 for the machine addr-boots \(52:54:/)
    const { nics: [nic] } = await rig.json<{ nics: { mac: string }[] }>('vm', 'show', 'addr-boots')
    const deleted = await rig.json<{ released: Reservation[] }>('vm', 'delete', '--yes', '--force', 'addr-boots')
    expect(deleted.released).to.have.length(1).and.to.have.nested.property('[0].ip', '10.87.0.7')
    expect(await reserved()).to.deep.equal([])
    const third = await create('addr-third', '--ip', '10.87.0.7')
    expect(third).to.include({ code: 5 })
    expect(third.stderr).to.match(/has leased 10\.87\.0\.7 to 52:54:.* until 20.*\n.*\n {2}try: --mac 52:54:.* takes the lease over/)
    await rig.does('vm', 'create', 'addr-third', ...rig.deaf, ...lan, '--ip', '10.87.0.7', '--mac', nic?.mac ?? '', '--no-start')
    expect(await reserved()).to.have.length(1)
    await rig.does('vm', 'delete', '--yes', 'addr-third')
    expect(await reserved()).to.deep.equal([])
  })

  it('a reservation that was there before is used, and stays when the machine goes', async () => {
    const mac = '52:54:00:aa:00:01'
    await rig.virsh('net-update', 'addr-lan', 'add', 'ip-dhcp-host', `<host mac='${mac}' ip='10.87.0.8'/>`, '--live', '--config')
    const made = await rig.json('vm', 'create', 'addr-ours', ...rig.deaf, ...lan, '--ip', '10.87.0.8', '--mac', mac, '--no-start')
    expect(made).to.include({ reservation: null })
    expect(await rig.json('vm', 'delete', '--yes', 'addr-ours')).to.have.property('released').that.deep.equals([])
    const other = await create('addr-ours', '--ip', '10.87.0.9', '--mac', mac)
    expect(other).to.include({ code: 5 })
    expect(other.stderr).to.match(/reserves 10\.87\.0\.8 for 52:54:00:aa:00:01, so it cannot give it 10\.87\.0\.9\b.*\n {2}try: --ip 10\.87\.0\.8/)
    expect(await reserved()).to.deep.equal([{ mac, ip: '10.87.0.8', name: null }])
    await rig.virsh('net-update', 'addr-lan', 'delete', 'ip-dhcp-host', `<host mac='${mac}' ip='10.87.0.8'/>`, '--live', '--config')
  })

  it('a dry run, a start that fails and a run that is killed leave no reservation', async () => {
    expect((await create('addr-dry', '--ip', '10.87.0.20', '--dry-run', '--json')).json()).to.have.nested.property('reservation.ip', '10.87.0.20')
    expect(await reserved()).to.deep.equal([])
    const filter = '<filter name="addr-broken" chain="root"><rule action="drop" direction="in"><tcp srcipaddr="$NOBODY_SAYS"/></rule></filter>'
    expect(await rig.bay(['filter', 'define', '-'], { stdin: filter })).to.include({ code: 0 })
    const failed = await create('addr-fails', '--ip', '10.87.0.20', '--filter', 'addr-broken')
    expect(failed.code, failed.stderr).to.equal(1)
    expect(failed.stderr).to.contain('reserving 10.87.0.20').and.to.contain('NOBODY_SAYS')
    await rig.virsh('nwfilter-undefine', 'addr-broken')
    expect(await reserved()).to.deep.equal([])
    const env = { XDG_STATE_HOME: state }
    // The steps are the disk, the machine and the reservation, each planned and done.
    for (const point of ['5+', '6-', '6+']) {
      const killed = await rig.bay(['vm', 'create', 'addr-killed', ...rig.deaf, ...lan, '--ip', '10.87.0.21'], { env: { ...env, BAY_TEST_KILL_AT: point } })
      expect(killed.signal, point).to.equal('SIGKILL')
      expect(await reserved(), point).to.have.length(point === '5+' ? 0 : 1)
      const recovered = await rig.bay(['recover', '-o', 'json'], { env })
      expect(recovered.code, recovered.stderr).to.equal(0)
      expect(recovered.stdout).to.contain('the machine addr-killed')
      expect(await reserved(), point).to.deep.equal([])
    }
  })

  it('what no machine of the network can have is refused, and nothing is made', async () => {
    const wrong: [args: string[], code: number, says: RegExp][] = [
      [['--ip', '10.88.0.7'], 2, /10\.88\.0\.7 is not in the network addr-lan.*\n {2}try: an address in 10\.87\.0\.0\/24/],
      [['--ip', '10.87.0.1'], 2, /is the gateway of the network addr-lan/],
      [['--ip', '10.87.0.0'], 2, /is the subnet's own address/],
      [['--ip', '10.87.0.255'], 2, /is the broadcast address/],
      [['--ip', '10.87.0.7/16'], 2, /the prefix of the network addr-lan is 24.*\n {2}try: --ip 10\.87\.0\.7\/24/],
      [['--ip', '10.86.0.7', '--network', 'addr-plain'], 2, /addr-plain has no DHCP server.*\n {2}try: .*--image FILE --ip 10\.86\.0\.7\/24/],
      [['--ip', '10.87.0.7', '--network', 'user'], 2, /QEMU's own network/],
      [['--ip', '10.87.0.7', '--network', 'none'], 2, /--ip needs a network interface/],
      [['--ip', '10.87.0.7', '--network', 'bridge=virbr0'], 2, /no addresses on the bridge virbr0/],
      [['--ip', '10.87.0.7', '--gateway', '10.87.0.2'], 2, /--gateway: only a guest from an image/],
      [['--gateway', '10.87.0.2'], 2, /--ip/],
    ]
    const before = await rig.everything()
    for (const [args, code, says] of wrong) {
      const network = args.includes('--network') ? [] : lan
      const refused = await rig.bay(['vm', 'create', 'addr-wrong', ...rig.deaf, ...network, ...args])
      expect(refused, args.join(' ')).to.include({ code, stdout: '' })
      expect(refused.stderr, args.join(' ')).to.match(says)
    }
    expect(await reserved()).to.deep.equal([])
    expect(await rig.everything()).to.deep.equal(before)
  })

  it('an image\'s guest is told by cloud-init, where that is asked for: all that the network would say', async () => {
    const image = join(state, 'image.raw')
    writeFileSync(image, randomBytes(1 << 20))
    const told = async (name: string, ...args: string[]) => {
      const made = await rig.bay(['vm', 'create', name, '--virt', 'qemu', '--memory', '32M', '--graphics', 'none', '--image', image, '--no-start', ...args])
      expect(made.code, made.stderr).to.equal(0)
      const out = join(state, name)
      const read = await run('xorriso', ['-no_rc', '-osirrox', 'on', '-indev', join(rig.folder, `${name}-seed.iso`), '-extract', '/', out])
      expect(read.code, read.stderr).to.equal(0)
      const file = join(out, 'network-config')
      return { said: made.stderr, config: existsSync(file) ? parse(readFileSync(file, 'utf8')) as { ethernets: { nic0: object } } : null }
    }
    const ofLan = await told('addr-told', ...lan, '--ip', '10.87.0.40/24')
    expect(ofLan.said).to.contain('takes no lease')
    expect(ofLan.config?.ethernets.nic0).to.deep.include({
      dhcp4: false, addresses: ['10.87.0.40/24'], routes: [{ to: '0.0.0.0/0', via: '10.87.0.1' }],
      nameservers: { addresses: ['10.87.0.1'], search: ['lan.test'] },
    })
    expect(await reserved()).to.have.nested.property('[0].ip', '10.87.0.40')
    const asks = await told('addr-asks', ...lan, '--ip', '10.87.0.41', '--hostname', 'db')
    expect(asks.config).to.equal(null)
    expect((await reserved()).map(({ ip, name }) => [ip, name])).to.deep.equal([['10.87.0.40', 'addr-told'], ['10.87.0.41', 'db']])
    const plain = await told('addr-plain-1', '--network', 'addr-plain', '--ip', '10.86.0.7/24', '--dns', '9.9.9.9')
    expect(plain.config?.ethernets.nic0).to.deep.include({ addresses: ['10.86.0.7/24'], nameservers: { addresses: ['9.9.9.9'] } })
    const twice = await rig.bay(['vm', 'create', 'addr-plain-2', '--image', image, '--no-start', '--network', 'addr-plain', '--ip', '10.86.0.7/24'])
    expect(twice).to.include({ code: 5 })
    expect(twice.stderr).to.contain('the machine addr-plain-1 has the address 10.86.0.7 on the network addr-plain')
    await rig.does('vm', 'delete', '--yes', 'addr-told', 'addr-asks', 'addr-plain-1')
    expect(await reserved()).to.deep.equal([])
  })

  it('of machines that are made at the same time one gets it', async () => {
    const runs = await Promise.all(['addr-race-1', 'addr-race-2', 'addr-race-3'].map((name) => create(name, '--ip', '10.87.0.30', '--no-start')))
    expect(runs.map(({ code }) => code).sort()).to.deep.equal([0, 5, 5])
    expect(await reserved()).to.have.length(1)
    const names = (await rig.virsh('list', '--all', '--name')).split('\n').filter((name) => name.startsWith('addr-race'))
    expect(names).to.have.length(1)
    await rig.does('vm', 'delete', '--yes', ...names)
    expect(await reserved()).to.deep.equal([])
  })
})
