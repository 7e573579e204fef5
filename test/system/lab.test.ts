import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { bay } from '../lab/bay.js'
import { leftovers, processesOf } from '../lab/check.js'
import { tinyGuest } from '../lab/guest.js'
import { LabHost } from '../lab/host.js'
import { lab, run } from '../lab/script.js'
import { suiteHost } from './host-of-the-suite.js'

// The lab itself: what the other system tests stand on. Only here virsh is asked, as the second opinion.
describe('the lab', function () {
  this.timeout(60_000)
  let one: LabHost
  let two: LabHost

  before('two hosts go up, and the guest is built', async function () {
    this.timeout(300_000);
    [one, two] = await Promise.all([LabHost.up(), LabHost.up(), tinyGuest()])
  })
  after(async () => {
    await Promise.all([one?.down(), two?.down()])
  })

  it('runs two hosts side by side, each with its own name', async () => {
    expect(await virsh(one, 'hostname')).to.equal(one.name)
    expect(await virsh(two, 'hostname')).to.equal(two.name)
    expect(one.libvirtdPid).not.to.equal(two.libvirtdPid)
  })

  it('has the stock packet filters, and none of the machine\'s guests and networks', async () => {
    expect(await virsh(one, 'nwfilter-list')).to.contain('clean-traffic')
    expect(await virsh(one, 'list', '--all', '--name')).to.equal('')
    expect(await virsh(one, 'net-list', '--all', '--name')).to.equal('')
  })

  it('boots a guest that takes a lease', async () => {
    await virsh(one, 'net-create', await file(one, 'net.xml', network))
    await virsh(one, 'create', await file(one, 'tiny.xml', await guest()))
    await until(async () => (await virsh(one, 'net-dhcp-leases', 'lab')).includes('10.77.0.'))
    expect(one.guestPids()).to.have.length(1)
    expect(two.guestPids()).to.be.empty
  })

  it('keeps its bridge and its firewall to itself', async () => {
    expect((await one.exec(['ip', '-brief', 'link'])).stdout).to.contain('labbr0')
    expect((await two.exec(['ip', '-brief', 'link'])).stdout).not.to.contain('labbr0')
    expect((await run('ip', ['-brief', 'link'])).stdout).not.to.contain('labbr0')
    expect((await one.exec(['iptables', '-S'])).stdout).to.contain('LIBVIRT_')
    expect((await two.exec(['iptables', '-S'])).stdout).not.to.contain('labbr0')
  })

  it('loses its daemon to SIGKILL and gets it back; the guest lives on', async () => {
    const guests = one.guestPids()
    one.kill('SIGKILL')
    await one.restartDaemon()
    expect(await virsh(one, 'list', '--name')).to.equal('tiny')
    expect(one.guestPids()).to.deep.equal(guests)
  })

  it('stops its daemon and lets it go on', async () => {
    one.kill('SIGSTOP')
    const stopped = await run('virsh', ['-c', one.uri, 'uri'], { timeout: 1000 })
    one.kill('SIGCONT')
    expect(stopped.code).to.equal(null)
    expect(await virsh(one, 'list', '--name')).to.equal('tiny')
  })

  it('powers the guest off by ACPI', async () => {
    await virsh(one, 'shutdown', 'tiny', '--mode', 'acpi')
    await until(async () => await virsh(one, 'list', '--name') === '')
    expect(one.guestPids()).to.be.empty
  })

  it('is joined to another host by a wire', async () => {
    await lab('host.sh', ['link', one.name, two.name])
    const there = await one.exec(['virsh', '-q', '-c', `qemu+tcp://${two.name}/system`, 'hostname'])
    expect(there.stdout.trim()).to.equal(two.name)
  })

  it('runs the program against a host', async () => {
    const version = await bay(['--version'], { uri: (await suiteHost()).uri })
    expect(version).to.include({ code: 0, signal: null })
    expect(version.stdout).to.match(/^bay\//)
    expect(await suiteHost()).to.equal(await suiteHost())
  })

  it('leaves nothing when it goes down, not even with a guest and a stopped daemon', async () => {
    const host = await LabHost.up()
    await virsh(host, 'net-create', await file(host, 'net.xml', network))
    await virsh(host, 'create', await file(host, 'tiny.xml', await guest()))
    expect(leftovers(host.name)).not.to.be.empty
    host.kill('SIGSTOP')
    await host.down()
    expect(leftovers(host.name)).to.be.empty
    await host.down()
  })

  it('sweeps a host whose owner was killed, and no other', async () => {
    const owner = spawn('sleep', ['600'], { stdio: 'ignore' })
    const name = `bay-lab-${process.pid}-orphan`
    await lab('host.sh', ['up', name], { env: { BAY_LAB_OWNER: `${owner.pid}` } })
    await lab('host.sh', ['sweep'])
    expect(processesOf(name)).not.to.be.empty
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    await lab('host.sh', ['sweep'])
    expect(leftovers(name)).to.be.empty
    expect(await virsh(one, 'hostname')).to.equal(one.name)
  })
})

const network = `<network><name>lab</name><forward mode='nat'/><bridge name='labbr0' stp='off'/>
  <ip address='10.77.0.1' netmask='255.255.255.0'><dhcp><range start='10.77.0.10' end='10.77.0.99'/></dhcp></ip></network>`

async function guest(): Promise<string> {
  const { kernel, initrd, cmdline } = await tinyGuest()
  return `<domain type='qemu'><name>tiny</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
    <os><type arch='x86_64' machine='q35'>hvm</type><kernel>${kernel}</kernel><initrd>${initrd}</initrd><cmdline>${cmdline}</cmdline></os>
    <features><acpi/></features>
    <devices><serial type='pty'/><interface type='network'><source network='lab'/><model type='virtio'/></interface></devices></domain>`
}

async function virsh(host: LabHost, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run('virsh', ['-q', '-c', host.uri, ...args])
  if (code !== 0) throw new Error(`virsh ${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

async function file(host: LabHost, name: string, content: string): Promise<string> {
  const path = join(host.dir, name)
  await writeFile(path, content)
  return path
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!await done()) await sleep(200)
}
