import { expect } from 'chai'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bay, startBay } from '../lab/bay.js'
import { SandboxHost } from './sandbox-host.js'

describe('--lock', () => {
  const set = () => {
    const sandbox = new SandboxHost()
    const options = { uri: sandbox.uri, env: { XDG_STATE_HOME: sandbox.folder } }
    const list = (...flags: string[]) => bay(['vm', 'list', ...flags], options)
    // It runs until it is ended, and has the lock once it listens.
    const held = async (...before: string[]) => {
      const run = startBay([...before, 'events', '--lock', 'nightly', '--timeout', '60s'], { ...options, uri: 'test:///default' })
      await run.says('listening')
      return run
    }
    const locks = () => readdirSync(join(sandbox.folder, 'bay/locks'))
    return { options, list, held, locks, folder: sandbox.folder, [Symbol.dispose]: () => sandbox[Symbol.dispose]() }
  }

  it('lets one run at a time through, of whatever command and host, and says who has it', async () => {
    using at = set()
    const first = await at.held()
    const second = await at.list('--lock', 'nightly')
    expect(second).to.deep.include({ code: 75, stdout: '' })
    expect(second.stderr).to.match(/^bay: another run has the lock nightly \(process \d+: bay events, since 20\S+Z\)/)
    const json = await at.list('--lock=nightly', '--json')
    expect(json).to.include({ code: 75, stderr: '' })
    expect(json.json()).to.have.property('error').that.include({ code: 'busy', retryable: true })
    expect(await at.list('--lock', 'weekly')).to.include({ code: 0 })
    expect(await at.list()).to.include({ code: 0 })
    first.kill('SIGTERM')
    expect(await first.done).to.include({ code: 143 })
    expect(await at.list('--lock', 'nightly')).to.include({ code: 0 })
    expect(at.locks()).to.deep.equal([])
  })

  it('is free again when the run that had it was killed, and bay recover sweeps what that left', async () => {
    using at = set()
    const killed = await at.held()
    killed.kill('SIGKILL')
    await killed.done
    expect(at.locks()).to.deep.equal(['run-nightly.lock'])
    expect(await bay(['recover', '--lock', 'nightly'], at.options)).to.include({ code: 0 })
    expect(at.locks()).to.deep.equal([])
  })

  it('is waited for as long as BAY_LOCK_TIMEOUT says', async () => {
    using at = set()
    const first = await at.held()
    const env = (seconds: string) => ({ ...at.options, env: { ...at.options.env, BAY_LOCK_TIMEOUT: seconds } })
    const late = await bay(['vm', 'list', '--lock', 'nightly'], env('0.3'))
    expect(late.code).to.equal(75)
    expect(late.seconds).to.be.above(0.3)
    const second = startBay(['vm', 'list', '--lock', 'nightly'], env('60'))
    first.kill('SIGTERM')
    expect((await second.done).code).to.equal(0)
    expect(await bay(['vm', 'list', '--lock', 'nightly'], env('soon'))).to.include({ code: 2 })
  })

  it('refuses names that are no file\'s', async () => {
    using at = set()
    for (const name of ['', '..', 'a/b', '-rf', 'two words', 'ä', 'x'.repeat(65), 'a\u202eb']) {
      const { code, stderr } = await at.list(`--lock=${name}`)
      expect({ name, code }).to.deep.equal({ name, code: 2 })
      expect(stderr).to.match(/^bay: (lock name|flag --lock)/)
    }
    expect(existsSync(join(at.folder, 'bay/locks'))).to.equal(false)
    expect(await bay(['--lock', '_2.night+ly-x', 'vm', 'list'], at.options)).to.include({ code: 0 })
  })

  it('is held by a batch for all its lines, which may name it again; a line can have one of its own', async () => {
    using at = set()
    const stdin = 'vm list --lock all\nvm list --lock nightly\nvm list\n'
    expect(await bay(['batch', '--lock', 'all'], { ...at.options, stdin })).to.include({ code: 0 })
    const other = await at.held()
    const some = await bay(['batch', '--lock', 'all', '--keep-going'], { ...at.options, stdin })
    expect(some.code).to.equal(7)
    expect(some.stdout.trimEnd().split('\n').map((line) => (JSON.parse(line) as { exitCode: number }).exitCode)).to.deep.equal([0, 75, 0])
    expect(await bay(['batch', '--lock', 'nightly'], { ...at.options, stdin })).to.include({ code: 75, stdout: '' })
    other.kill('SIGTERM')
    await other.done
  })
})
