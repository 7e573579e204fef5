import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { BayError } from '../../src/errors.js'
import type { Domain } from '../../src/virt/domain.js'
import { Watch } from '../../src/virt/watch.js'
import { failureOf, onTestMachine } from './test-driver.js'

describe('a watch', () => {
  it('looks at once, and gives what it found', () => onTestMachine(async (machine, host) => {
    using watch = new Watch(host)
    expect(await watch.until(() => machine.state().state)).to.equal('running')
    expect(await watch.until(() => false)).to.equal(false)
    expect(await watch.until(() => null)).to.equal(null)
  }))

  it('looks again after an event, long before it would have by itself', () => onTestMachine(async (machine, host) => {
    using watch = new Watch(host)
    const took: number[] = []
    for (let round = 0; round < 5; round += 1) {
      const off = watch.until(() => machine.isActive() ? undefined : performance.now(), { timeout: 2000 })
      await pause(5)
      const began = performance.now()
      await machine.destroy()
      took.push(await off - began)
      await machine.start()
    }
    expect(Math.min(...took), took.join()).to.be.below(200)
  }))

  it('hears of an event, also one that came before it was waited for; each once', () => onTestMachine(async (machine, host) => {
    using watch = new Watch(host, { domain: machine })
    machine.suspend()
    await pause(100)
    await watch.event({ timeout: 1000 })
    expect(await failureOf(() => watch.event({ timeout: 150 }))).to.include({ code: 'timeout' })
    machine.resume()
    await watch.event({ timeout: 1000 })
  }))

  it('hears of nothing but what it was told to', () => onTestMachine(async (machine, host) => {
    using reboots = new Watch(host, { domain: machine, only: 'reboot' })
    machine.suspend()
    machine.resume()
    expect(await failureOf(() => reboots.event({ timeout: 150 }))).to.be.instanceOf(BayError).and.include({ code: 'timeout' })
  }))

  it('gives up after its time, with exit code 124', () => onTestMachine(async (_, host) => {
    using watch = new Watch(host)
    const began = performance.now()
    const error = await failureOf(() => watch.until(() => undefined, { timeout: 120 }))
    expect(error).to.be.instanceOf(BayError).and.include({ code: 'timeout', exitCode: 124, message: 'it did not happen in time' })
    expect(performance.now() - began).to.be.within(115, 600)
    expect(await failureOf(() => watch.until(() => undefined, { timeout: 0 }))).to.include({ code: 'timeout' })
  }))

  it('ends with the reason that a signal was given, before it began or after', () => onTestMachine(async (_, host) => {
    using watch = new Watch(host)
    const reason = new BayError('interrupted', 'interrupted')
    let looks = 0
    expect(await failureOf(() => watch.until(() => { looks += 1 }, { signal: AbortSignal.abort(reason) }))).to.equal(reason)
    expect(looks).to.equal(0)
    const controller = new AbortController()
    const waiting = failureOf(() => watch.until(() => undefined, { signal: controller.signal, timeout: 5000 }))
    await pause(20)
    controller.abort(reason)
    expect(await waiting).to.equal(reason)
    const words = new AbortController()
    const other = failureOf(() => watch.until(() => undefined, { signal: words.signal }))
    words.abort('just so')
    expect(await other).to.be.instanceOf(Error).with.property('message', 'just so')
  }))

  it('passes on what the look throws, at once or later', () => onTestMachine(async (machine, host) => {
    using watch = new Watch(host)
    expect(await failureOf(() => watch.until(() => { throw new RangeError('first') }))).to.be.instanceOf(RangeError)
    const waiting = failureOf(() => watch.until(() => { if (!machine.isActive()) throw new RangeError('later') }, { timeout: 3000 }))
    await machine.destroy()
    expect(await waiting).to.be.instanceOf(RangeError)
  }))

  it('stops looking once it has settled', () => onTestMachine(async (machine, host) => {
    using watch = new Watch(host)
    let looks = 0
    await failureOf(() => watch.until(() => { looks += 1 }, { timeout: 30 }))
    const before = looks
    await machine.destroy()
    await machine.start()
    await pause(700)
    expect(looks).to.equal(before)
  }))

  it('serves several who wait on it', () => onTestMachine(async (machine, host) => {
    using watch = new Watch(host)
    const waiting = [1, 2, 3].map(async (each) => watch.until(() => machine.isActive() ? undefined : each, { timeout: 3000 }))
    await machine.destroy()
    expect(await Promise.all(waiting)).to.deep.equal([1, 2, 3])
  }))

  it('can be made and given up a hundred times, also after its connection', () => onTestMachine(async (machine, host) => {
    for (let round = 0; round < 100; round += 1) {
      using watch = new Watch(host, { domain: machine })
      if (round % 10 === 0) await changeState(machine, watch)
    }
    const late = new Watch(host)
    host[Symbol.dispose]()
    late[Symbol.dispose]()
    late[Symbol.dispose]()
  }))

  it('hears of 2,000 events while calls go on', () => onTestMachine(async (machine, host) => {
    using watch = new Watch(host, { domain: machine })
    for (let round = 0; round < 1000; round += 1) {
      machine.suspend()
      machine.resume()
      if (round % 50 === 0) await watch.event({ timeout: 2000 })
    }
    expect(machine.state().state).to.equal('running')
    expect(await failureOf(() => host.domain('nope'))).to.include({ code: 'not-found' })
  }))

  it('costs no processor time while nothing happens, also right after another one', () => onTestMachine(async (_, host) => {
    new Watch(host)[Symbol.dispose]()
    using watch = new Watch(host)
    const before = process.cpuUsage()
    await failureOf(() => watch.event({ timeout: 1000 }))
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000, 'ms of processor time in a second').to.be.below(300)
  }))
})

describe('a process that watched', () => {
  for (const [what, code] of Object.entries({
    'ends by itself once the watch is given up': 'using watch = new Watch(host); await watch.until(() => machine.state().state)',
    'ends by itself after an event': 'using watch = new Watch(host); machine.suspend(); await watch.event({ timeout: 2000 })',
    'ends by itself after a time-out': 'using watch = new Watch(host); await watch.event({ timeout: 100 }).catch(() => undefined)',
    'ends by itself when the watch did nothing at all': 'new Watch(host)[Symbol.dispose]()',
    'ends by itself when the connection goes before the watch': 'const watch = new Watch(host); host[Symbol.dispose](); watch[Symbol.dispose]()',
  })) {
    it(what, async () => {
      const { seconds, stderr, status } = await child(`
        import { Connection } from '${root}src/virt/connection.js'
        import { Watch } from '${root}src/virt/watch.js'
        const begin = async () => {
          using host = await Connection.open('test:///default')
          using machine = host.domain('test')
          ${code}
        }
        await begin()
        console.error('done')
      `)
      expect(stderr).to.equal('done\n')
      expect(status).to.equal(0)
      expect(seconds, 'seconds until it ended').to.be.below(2)
    })
  }
})

async function changeState(machine: Domain, watch: Watch): Promise<void> {
  machine.suspend()
  await watch.event({ timeout: 2000 })
  machine.resume()
}

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Runs a module in a process of its own; the seconds are those from its last word to its end. */
async function child(source: string): Promise<{ seconds: number, stderr: string, status: number | null }> {
  const folder = mkdtempSync(join(tmpdir(), 'bay-watch-'))
  const file = join(folder, 'child.mts')
  writeFileSync(file, source)
  const started = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: root, stdio: ['ignore', 'ignore', 'pipe'], timeout: 15_000, killSignal: 'SIGKILL',
  })
  let stderr = ''
  let said = performance.now()
  started.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    said = performance.now()
  })
  const [status] = await once(started, 'close') as [number | null]
  rmSync(folder, { recursive: true })
  return { seconds: (performance.now() - said) / 1000, stderr, status }
}
