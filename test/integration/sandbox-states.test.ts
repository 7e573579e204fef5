import { expect } from 'chai'
import { writeFileSync } from 'node:fs'
import type { Connection } from '../../src/virt/connection.js'
import type { Domain } from '../../src/virt/domain.js'
import { domainXml, undefine } from '../../src/virt/flags.js'
import { machine, SandboxHost } from './sandbox-host.js'

interface Seen {
  uuid: string
  state: string
  persistent: boolean
  saved: boolean
  autostart: boolean
  snapshots: number
  live: string
  stored: string
}

/** All that can be seen of the machines. */
function machinesOf(host: Connection): Record<string, Seen> {
  using domains = host.domains()
  return Object.fromEntries(domains.map((domain): [string, Seen] => [domain.name(), {
    uuid: domain.uuid(), state: domain.state().state, persistent: domain.isPersistent(), saved: domain.hasSavedState(),
    autostart: domain.isPersistent() && domain.autostart(), snapshots: domain.snapshotCount(),
    live: domain.xml(domainXml.secure).replace(/ id='\d+'/, ''), stored: domain.xml(domainXml.secure | domainXml.inactive),
  }]))
}

async function start(host: Connection, then: (domain: Domain) => void | Promise<void> = () => undefined, name = 'vm'): Promise<void> {
  using domain = host.defineDomain(machine(name))
  await domain.start()
  await then(domain)
}

describe('the embedded host keeps machines', () => {
  async function survives(make: (host: Connection) => void | Promise<void>): Promise<Record<string, Seen>> {
    using sandbox = new SandboxHost()
    const before = await sandbox.change(async (host) => {
      await make(host)
      return machinesOf(host)
    })
    const written = sandbox.text
    const after = await sandbox.look((host) => machinesOf(host))
    expect(after).to.deep.equal(before)
    await sandbox.change(() => undefined)
    expect(sandbox.text).to.equal(written)
    return after
  }

  it('that are off', async () => {
    const { vm } = await survives((host) => host.defineDomain(machine('vm'))[Symbol.dispose]())
    expect(vm).to.include({ state: 'off', persistent: true, autostart: false, saved: false })
  })

  it('that run', async () => {
    const { vm } = await survives((host) => start(host))
    expect(vm).to.include({ state: 'running', persistent: true })
  })

  it('that are paused', async () => {
    const { vm } = await survives((host) => start(host, (vm) => vm.suspend()))
    expect(vm).to.include({ state: 'paused' })
  })

  it('that are saved', async () => {
    const { vm } = await survives((host) => start(host, (vm) => vm.save()))
    expect(vm).to.include({ state: 'off', saved: true })
  })

  it('that run without a definition', async () => {
    const { vm } = await survives((host) => start(host, (vm) => vm.undefine(undefine.managedSave)))
    expect(vm).to.include({ state: 'running', persistent: false })
  })

  it('that start with the host', async () => {
    const { vm } = await survives((host) => start(host, (vm) => vm.setAutostart(true)))
    expect(vm).to.include({ autostart: true })
  })

  it('that are defined otherwise than they run', async () => {
    const { vm } = await survives(async (host) => {
      using first = host.defineDomain(machine('vm'))
      await first.start()
      host.defineDomain(machine('vm', `<uuid>${first.uuid()}</uuid><title>later</title>`))[Symbol.dispose]()
    })
    expect(vm?.live).to.not.contain('later')
    expect(vm?.stored).to.contain('<title>later</title>')
  })

  it('with snapshots', async () => {
    const { vm } = await survives(async (host) => {
      await start(host, async (vm) => {
        for (const name of ['one', 'two']) (await vm.createSnapshot(`<domainsnapshot><name>${name}</name></domainsnapshot>`))[Symbol.dispose]()
      })
    })
    expect(vm).to.include({ snapshots: 2 })
  })

  it('with UUID, MAC, password, odd names and what nobody knows', async () => {
    const metadata = '<metadata><x:thing xmlns:x="urn:x" a="&lt;&amp;&quot;"> some <x:b/> text </x:thing></metadata>'
    const devices = "<interface type='network'><mac address='52:54:00:01:02:03'/><source network='default'/></interface><graphics type='vnc' passwd='secret'/>"
    const uuid = '6695eb01-f6a4-4304-b9aa-97f2502e1931'
    const machines = await survives((host) => host.defineDomain(machine('a&amp;b &lt;"\'ä', `<uuid>${uuid}</uuid>${metadata}`, devices))[Symbol.dispose]())
    const vm = machines['a&b <"\'ä']
    expect(vm).to.include({ uuid })
    expect(vm?.stored).to.contain("mac address='52:54:00:01:02:03'").and.contain("passwd='secret'").and.contain(' some <x:b/> text ')
  })

  it('in the order in which they were started', async () => {
    using sandbox = new SandboxHost()
    await sandbox.change(async (host) => {
      for (const name of ['c', 'a', 'b']) await start(host, undefined, name)
    })
    const ids = await sandbox.look((host) => {
      using domains = host.domains()
      return Object.fromEntries(domains.map((each) => [each.name(), each.id()]))
    })
    expect(ids).to.deep.equal({ c: 1, a: 2, b: 3 })
  })
})

describe('the embedded host keeps networks and storage', () => {
  const network = (name: string, address: string) => `<network><name>${name}</name><forward mode='nat'/>`
    + `<bridge name='br-${name}'/><ip address='${address}' netmask='255.255.255.0'/></network>`

  it('networks that are stopped, and that start with the host', async () => {
    using sandbox = new SandboxHost()
    await sandbox.change((host) => {
      using stopped = host.defineNetwork(network('stopped', '10.1.0.1'))
      using active = host.defineNetwork(network('active', '10.2.0.1'))
      stopped.setAutostart(true)
      active.start()
    })
    await sandbox.look((host) => {
      using stopped = host.network('stopped')
      using active = host.network('active')
      expect([stopped.isActive(), stopped.autostart()]).to.deep.equal([false, true])
      expect([active.isActive(), active.autostart()]).to.deep.equal([true, false])
      expect(stopped.xml()).to.contain('10.1.0.1')
    })
  })

  it('the new definition of a running network, which the test driver itself forgets', async () => {
    using sandbox = new SandboxHost()
    const uuid = await sandbox.change((host) => {
      using net = host.defineNetwork(network('net', '10.1.0.1'))
      net.start()
      return net.uuid()
    })
    await sandbox.change((host) => host.defineNetwork(network('net', '10.9.0.1').replace('<forward', `<uuid>${uuid}</uuid><forward`))[Symbol.dispose]())
    await sandbox.look((host) => {
      using net = host.network('net')
      expect(net.xml()).to.contain('10.9.0.1')
      expect(net.isActive()).to.equal(true)
      expect(net.uuid()).to.equal(uuid)
    })
  })

  it('pools and their volumes, also while a pool is stopped', async () => {
    using sandbox = new SandboxHost()
    await sandbox.change(async (host) => {
      using pool = host.definePool("<pool type='dir'><name>p</name><target><path>/nowhere</path></target></pool>")
      await pool.start()
      using volume = await pool.createVolume("<volume><name>disk</name><capacity unit='GiB'>7</capacity><allocation>0</allocation><target><format type='qcow2'/></target></volume>")
      expect(volume.name()).to.equal('disk')
      pool.setAutostart(true)
      pool.stop()
    })
    await sandbox.change(async (host) => {
      using pool = host.pool('p')
      expect([pool.isActive(), pool.autostart()]).to.deep.equal([false, true])
      await pool.start()
    })
    await sandbox.look((host) => {
      using pool = host.pool('p')
      using volume = pool.volume('disk')
      expect(volume.info().capacity).to.equal(7 * 2 ** 30)
      expect(volume.xml()).to.contain("<format type='qcow2'/>")
      expect(volume.path()).to.equal('/nowhere/disk')
    })
  })

  it('what else the document holds', async () => {
    using sandbox = new SandboxHost()
    writeFileSync(sandbox.file, '<node><!-- mine --><cpu><mhz>3000</mhz></cpu><memory>1048576</memory><other/></node>', { mode: 0o600 })
    await sandbox.change((host) => host.defineDomain(machine('vm'))[Symbol.dispose]())
    expect(sandbox.text).to.contain('<!-- mine -->').and.contain('<other/>').and.contain('<mhz>3000</mhz>')
    expect(await sandbox.look((host) => host.nodeInfo().memory)).to.equal(2 ** 30)
  })
})
