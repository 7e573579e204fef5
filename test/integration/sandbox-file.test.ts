import { expect } from 'chai'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bay, program } from '../lab/bay.js'
import { machine, SandboxHost } from './sandbox-host.js'

const define = (sandbox: SandboxHost, name: string) => sandbox.change((host) => host.defineDomain(machine(name))[Symbol.dispose]())
const names = (sandbox: SandboxHost) => sandbox.look((host) => {
  using domains = host.domains()
  return domains.map((each) => each.name()).sort()
})

async function failure(work: Promise<unknown>): Promise<{ code?: string, message: string }> {
  try {
    await work
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('it did not fail')
}

describe('the first use of the embedded host', () => {
  it('has a network and a pool, and no machine', async () => {
    using sandbox = new SandboxHost()
    await sandbox.look((host) => {
      using network = host.network('default')
      using pool = host.pool('default')
      using domains = host.domains()
      expect([network.isActive(), network.autostart(), pool.isActive(), pool.autostart()]).to.deep.equal([true, true, true, true])
      expect(domains.length).to.equal(0)
    })
  })

  it('writes nothing when it only looks', async () => {
    using sandbox = new SandboxHost()
    await names(sandbox)
    expect(readdirSync(sandbox.folder)).to.deep.equal([])
  })

  it('makes a file and a folder that nobody else can read', async () => {
    using sandbox = new SandboxHost()
    const { code } = await bay(['-c', 'sandbox', 'net', 'stop', 'default', '--yes'], { env: { XDG_STATE_HOME: sandbox.folder } })
    expect(code).to.equal(0)
    expect(statSync(join(sandbox.folder, 'bay')).mode & 0o777).to.equal(0o700)
    expect(statSync(join(sandbox.folder, 'bay/sandbox.xml')).mode & 0o777).to.equal(0o600)
  })
})

describe('the state file of the embedded host', () => {
  it('agrees from one call to the next', async () => {
    using sandbox = new SandboxHost()
    await define(sandbox, 'vm')
    expect((await bay(['-c', sandbox.uri, 'vm', 'start', 'vm'])).code).to.equal(0)
    expect((await bay(['-c', sandbox.uri, 'vm', 'list', '-o', 'json'])).json()).to.have.nested.property('[0].state', 'running')
  })

  it('is written only when something has changed', async () => {
    using sandbox = new SandboxHost()
    await define(sandbox, 'vm')
    const before = sandbox.inode
    await sandbox.change(() => undefined)
    expect(sandbox.inode).to.equal(before)
    await define(sandbox, 'vm2')
    expect(sandbox.inode).to.not.equal(before)
  })

  it('is not written by a run that only looks, nor by a dry run', async () => {
    using sandbox = new SandboxHost()
    await define(sandbox, 'vm')
    const before = sandbox.inode
    await sandbox.look(async (host) => {
      using vm = host.domain('vm')
      await vm.start()
    })
    expect((await bay(['-c', sandbox.uri, 'vm', 'start', 'vm', '--dry-run'])).code).to.equal(0)
    expect(sandbox.inode).to.equal(before)
  })

  it('is written even when nobody reads the result', async () => {
    using sandbox = new SandboxHost()
    await define(sandbox, 'vm')
    execFileSync('bash', ['-c', `"${process.execPath}" "${program}" -c "${sandbox.uri}" vm start vm | true`])
    expect((await bay(['-c', sandbox.uri, 'vm', 'list', '-o', 'json'])).json()).to.have.nested.property('[0].state', 'running')
  })

  for (const name of ['a b.xml', 'a#b', 'a?b=c', 'a%20b', "a'b", 'a"b', 'ä;&$(x)', 'a:b', 'a\\b']) {
    it(`may be called ${name}`, async () => {
      using sandbox = new SandboxHost(name)
      await define(sandbox, 'vm')
      expect(await names(sandbox)).to.deep.equal(['vm'])
      expect(readdirSync(sandbox.folder).sort()).to.deep.equal([name, `${name}.lock`].sort())
    })
  }

  it('may be behind a link, which stays', async () => {
    using sandbox = new SandboxHost()
    await define(sandbox, 'vm')
    const real = `${sandbox.file}.real`
    renameSync(sandbox.file, real)
    symlinkSync(real, sandbox.file)
    await define(sandbox, 'vm2')
    expect(lstatSync(sandbox.file).isSymbolicLink()).to.equal(true)
    expect(await names(sandbox)).to.deep.equal(['vm', 'vm2'])
    expect(existsSync(`${real}.lock`)).to.equal(true)
  })

  const broken = {
    'nothing': '',
    'half of it': '<node><domain',
    'two roots': '<node/><node/>',
    'another document': '<network/>',
    'no XML': 'hello',
    'a later version': '<node xmlns:bay="urn:bay:1" bay:version="99"/>',
    'a machine that libvirt refuses': "<node><domain type='test'><name>x</name></domain></node>",
    'a stored definition that libvirt refuses': "<node xmlns:bay='urn:bay:1'><domain type='test'><name>x</name><memory>1</memory><os><type>hvm</type></os><bay:stored><domain/></bay:stored></domain></node>",
  }
  for (const [what, text] of Object.entries(broken)) {
    it(`is refused, and kept, when it holds ${what}`, async () => {
      using sandbox = new SandboxHost()
      writeFileSync(sandbox.file, text, { mode: 0o600 })
      for (const args of [['vm', 'list'], ['net', 'stop', 'default', '--yes']]) {
        const { code, stderr } = await bay(['-c', sandbox.uri, ...args])
        expect(code).to.equal(2)
        expect(stderr).to.contain(sandbox.file).and.contain('try: ')
      }
      expect(sandbox.text).to.equal(text)
    })
  }

  it('is refused when others can write it', async () => {
    using sandbox = new SandboxHost()
    await define(sandbox, 'vm')
    chmodSync(sandbox.file, 0o620)
    expect(await failure(names(sandbox))).to.include({ code: 'usage', message: `others can write the state file ${sandbox.file}` })
  })

  it('must be a file in a folder that is there', async () => {
    using sandbox = new SandboxHost()
    expect((await bay(['-c', `sandbox:${sandbox.folder}`, 'vm', 'list'])).code).to.equal(2)
    const missing = await bay(['-c', `sandbox:${sandbox.folder}/no/file`, 'net', 'stop', 'default', '--yes'])
    expect(missing.code).to.equal(2)
    expect(missing.stderr).to.contain('there is no such folder')
    expect((await bay(['-c', 'sandbox:', 'vm', 'list'])).code).to.equal(2)
  })

  it('stays as it is when it cannot be written', async () => {
    using sandbox = new SandboxHost()
    await define(sandbox, 'vm')
    const before = sandbox.text
    mkdirSync(`${sandbox.file}.new`)
    expect((await failure(define(sandbox, 'vm2'))).message).to.contain('the file is as it was')
    expect(sandbox.text).to.equal(before)
  })
})

describe('the lock of the embedded host', () => {
  it('lets a second run wait for the first', async () => {
    using sandbox = new SandboxHost()
    let looked: Promise<string[]> | undefined
    let started: ReturnType<typeof bay> | undefined
    await sandbox.change(async (host) => {
      looked = names(sandbox)
      started = bay(['-c', sandbox.uri, 'vm', 'start', 'vm'])
      await pause(600)
      host.defineDomain(machine('vm'))[Symbol.dispose]()
    })
    expect(await looked).to.deep.equal(['vm'])
    expect((await started)?.code).to.equal(0)
  })

  it('loses nothing of many runs at once', async () => {
    using sandbox = new SandboxHost()
    const wanted = Array.from({ length: 6 }, (_, index) => `vm${index}`)
    await Promise.all(wanted.map((name) => define(sandbox, name)))
    expect(await names(sandbox)).to.deep.equal(wanted)
  })

  it('gives up after a while: busy', async () => {
    using sandbox = new SandboxHost()
    await define(sandbox, 'vm')
    await sandbox.change(async () => {
      for (const args of [['vm', 'list'], ['vm', 'start', 'vm']]) {
        const { code, stderr } = await bay(['-c', sandbox.uri, ...args], { env: { BAY_LOCK_TIMEOUT: '0.2' } })
        expect(code).to.equal(75)
        expect(stderr).to.contain('in use by another run').and.contain('BAY_LOCK_TIMEOUT')
      }
    })
  })

  it('is the same as that of flock(1)', async () => {
    using sandbox = new SandboxHost()
    await define(sandbox, 'vm')
    expect(() => execFileSync('flock', ['-n', `${sandbox.file}.lock`, 'true'])).to.not.throw()
    await sandbox.change(() => {
      expect(() => execFileSync('flock', ['-n', `${sandbox.file}.lock`, 'true'])).to.throw()
    })
  })

  it('is not held by who only looks', async () => {
    using sandbox = new SandboxHost()
    await define(sandbox, 'vm')
    await sandbox.look(() => define(sandbox, 'vm2'))
    expect(await names(sandbox)).to.deep.equal(['vm', 'vm2'])
  })

  it('ends with a run that is killed, which leaves the old state', async () => {
    using sandbox = new SandboxHost()
    await define(sandbox, 'vm')
    const before = readFileSync(sandbox.file, 'utf8')
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', writer(sandbox.uri)], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    expect(() => execFileSync('flock', ['-n', `${sandbox.file}.lock`, 'true'])).to.throw()
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(readFileSync(sandbox.file, 'utf8')).to.equal(before)
    await define(sandbox, 'vm2')
    expect(await names(sandbox)).to.deep.equal(['vm', 'vm2'])
  })
})

describe('what the embedded host lacks', () => {
  it('it says plainly', async () => {
    using sandbox = new SandboxHost()
    const { code, stderr } = await bay(['-c', sandbox.uri, 'filter', 'show', 'x'])
    expect(code).to.equal(1)
    expect(stderr).to.contain('the embedded host has no network filters')
  })
})

/** A program that has changed the host and not yet written it. */
function writer(uri: string): string {
  const module = fileURLToPath(new URL('../../src/virt/ops/sandbox.ts', import.meta.url))
  return `import { openSandbox } from ${JSON.stringify(module)}
    const host = await openSandbox(${JSON.stringify(uri)}, {})
    host.connection.domain('vm').undefine(0)
    console.log('changed')
    setTimeout(() => undefined, 60_000)`
}
