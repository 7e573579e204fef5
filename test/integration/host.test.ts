import { expect } from 'chai'
import { bay } from '../lab/bay.js'
import { checkDevice, emulatorUser } from '../../src/virt/ops/check-host-kvm.js'
import { SandboxHost } from './sandbox-host.js'

const unreachable = 'qemu+unix:///system?socket=/nowhere/libvirt-sock'

function parsed(text: string): unknown {
  return JSON.parse(text)
}

describe('bay host show', () => {
  it('tells what the host is', async () => {
    const { code, stdout } = await bay(['host', 'show', '-c', 'test:///default', '-o', 'json'])
    expect(code).to.equal(0)
    expect(parsed(stdout)).to.include({ uri: 'test:///default', type: 'TEST', arch: 'i686', cpus: 16, sockets: 2, memory: 3 * 2 ** 30, kvm: null })
    expect(parsed(stdout)).to.have.property('guests').that.deep.equals(['i686'])
  })

  it('shows it to people, and its capabilities as XML', async () => {
    expect((await bay(['host', 'show', '-c', 'test:///default'])).stdout).to.match(/^Driver: +TEST$/m).and.match(/^Memory: +3G$/m)
    expect((await bay(['host', 'show', '-c', 'test:///default', '-o', 'xml'])).stdout).to.match(/^<capabilities>/)
  })

  it('prints nothing of libvirt\'s own log, unless somebody asks libvirt for it', async () => {
    const show = (level: string) => bay(['host', 'show', '-c', 'test:///default', '-q'], { env: { LIBVIRT_DEBUG: level } })
    expect((await bay(['host', 'show', '-c', 'test:///default', '-q'])).stderr).to.equal('')
    expect((await show('info')).stderr).to.match(/: info : libvirt version: /)
    expect((await show('error')).stderr).to.equal('')
  })

  it('calls the embedded host by its name, and does not make it', async () => {
    using sandbox = new SandboxHost()
    const { stdout } = await bay(['host', 'show', '-c', sandbox.uri, '--json'])
    expect(parsed(stdout)).to.include({ uri: sandbox.uri })
    expect(sandbox.exists).to.equal(false)
  })

  it('ends with 6 when it cannot be reached', async () => {
    const { code, stderr } = await bay(['host', 'show', '-c', unreachable])
    expect(code).to.equal(6)
    expect(stderr).to.match(/^bay: /).and.contain('try: ')
  })
})

describe('bay host check', () => {
  function levels(value: unknown): Record<string, string> {
    return Object.fromEntries((value as { check: string, level: string }[]).map(({ check, level }) => [check, level]))
  }

  it('finds nothing wrong with the embedded host', async () => {
    using sandbox = new SandboxHost()
    const { code, stdout, stderr } = await bay(['host', 'check', '-c', sandbox.uri, '-o', 'json'])
    expect(code).to.equal(0)
    expect(levels(parsed(stdout))).to.deep.equal({ library: 'ok', connection: 'ok', versions: 'ok', network: 'ok', pools: 'ok' })
    expect(stderr).to.contain('were not looked for')
    expect(sandbox.exists).to.equal(false)
  })

  it('warns, and ends with 0', async () => {
    const { code, stdout } = await bay(['host', 'check', '-c', 'test:///default', '-o', 'json'])
    expect(code).to.equal(0)
    expect(levels(parsed(stdout))).to.include({ rights: 'ok', network: 'warning' })
    expect(parsed(stdout)).to.deep.include({
      check: 'network', level: 'warning', message: 'the network default does not start with the host', hint: 'bay net autostart default',
    })
  })

  it('ends with 3 when there is a problem', async () => {
    using sandbox = new SandboxHost()
    await sandbox.change((host) => {
      using pool = host.pool('default')
      pool.stop()
    })
    const { code, stdout } = await bay(['host', 'check', '-c', sandbox.uri, '-o', 'json'])
    expect(code).to.equal(3)
    expect(parsed(stdout)).to.deep.include({ check: 'pools', level: 'problem', message: 'no storage pool is active', hint: 'bay pool start default' })
  })

  it('reports a host that cannot be reached, and ends with 6', async () => {
    const { code, stdout } = await bay(['host', 'check', '-c', unreachable, '-o', 'json'])
    expect(code).to.equal(6)
    expect(levels(parsed(stdout))).to.deep.equal({ library: 'ok', connection: 'problem' })
    expect(parsed(stdout)).to.have.nested.property('[1].hint').that.is.a('string')
  })

  it('reports a library that is missing, and ends with 6', async () => {
    const { code, stdout } = await bay(['host', 'check'], { env: { BAY_LIBVIRT_LIBRARY: '/nowhere.so' } })
    expect(code).to.equal(6)
    expect(stdout).to.match(/library +problem/).and.contain('apt install libvirt0')
  })
})

describe('the check of /dev/kvm', () => {
  const files = { passwd: 'root:x:0:0::/:/bin/sh\nlibvirt-qemu:x:64055:994::/:/bin/false', group: 'root:x:0:\nkvm:x:105:libvirt-qemu' }
  const qemu = { uid: 64055, gid: 994 }
  const device = { uid: 0, gid: 0, mode: 0o600, fault: null }

  it('reads as whom QEMU runs', () => {
    const capabilities = (label: string) => '<capabilities><host><secmodel><model>dac</model><doi>0</doi>'
      + `<baselabel type='kvm'>${label}</baselabel></secmodel></host></capabilities>`
    expect(emulatorUser(capabilities('+64055:+994'))).to.deep.equal(qemu)
    expect(emulatorUser(capabilities('nonsense'))).to.equal(null)
    expect(emulatorUser('<capabilities/>')).to.equal(null)
  })

  it('finds that QEMU may not open it', () => {
    expect(checkDevice(device, qemu, files)).to.include({ level: 'problem' }).and.have.property('message').that.contains('libvirt-qemu')
    expect(checkDevice({ ...device, gid: 7, mode: 0o660 }, qemu, files)).to.include({ level: 'problem' })
  })

  it('is content when QEMU may, by its group, by the others or as root', () => {
    for (const [kvm, user] of [
      [{ ...device, gid: 105, mode: 0o660 }, qemu], [{ ...device, gid: 994, mode: 0o660 }, qemu],
      [{ ...device, mode: 0o666 }, qemu], [device, { uid: 0, gid: 0 }],
    ] as const) expect(checkDevice(kvm, user, files)).to.include({ level: 'ok' })
  })

  it('tells a device that is missing from one that does not work', () => {
    expect(checkDevice(null, qemu, files)).to.include({ level: 'warning' })
    expect(checkDevice({ ...device, mode: 0o666, fault: 'no such device' }, qemu, files)).to.include({ level: 'problem' })
  })
})
