import { expect } from 'chai'
import { readFile, rm, stat } from 'node:fs/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { EventStream, type HostEvent } from '../../src/virt/events.js'
import { bay } from '../lab/bay.js'
import { failureOf, onTestMachine } from './test-driver.js'
import { onTest } from './vm-host.js'

const rounds = 5000

describe('events', function () {
  this.timeout(60_000)

  it('10,000 of them come through, in their order, and leave nothing in memory', () => onTestMachine(async (machine, host) => {
    const heard: HostEvent[] = []
    const failures: unknown[] = []
    let count = 0
    using _stream = new EventStream(host, (event) => {
      count += 1
      heard[count % 4] = event
    }, (error) => failures.push(error))
    const half = async (from: number) => {
      for (let round = from; round < from + rounds / 2; round += 1) {
        machine.suspend()
        machine.resume()
        while (count < (round + 1) * 2) await turn()
      }
      return process.memoryUsage().rss / 2 ** 20
    }
    const first = await half(0)
    const second = await half(rounds / 2)
    expect([count, failures]).to.deep.equal([2 * rounds, []])
    expect(second - first, `${first} MB, then ${second} MB`).to.be.below(8)
    expect(heard.map(({ state }) => state).sort()).to.deep.equal(['resumed', 'resumed', 'suspended', 'suspended'])
    expect(heard[0]).to.deep.include({ kind: 'vm', name: 'test', event: 'lifecycle' })
  }))

  it('come while calls are under way that wait for the same thread, and after one that could not be told', () => onTestMachine(async (machine, host) => {
    const failures: unknown[] = []
    const states: (string | null)[] = []
    using _stream = new EventStream(host, ({ state }) => {
      states.push(state)
      if (state === 'suspended') throw new Error('not today')
    }, (error) => failures.push(error))
    for (let round = 0; round < 50; round += 1) {
      machine.suspend()
      await Promise.all([machine.start().catch(() => undefined), Promise.resolve(host.domainStats(1))])
      machine.resume()
    }
    while (states.length < 100) await turn()
    expect(failures).to.have.length(50)
    expect(states.filter((state) => state === 'resumed')).to.have.length(50)
  }))

  it('of networks and pools come, too, and none after the end', () => onTestMachine(async (machine, host) => {
    const heard: string[] = []
    const stream = new EventStream(host, ({ kind, name, state }) => {
      heard.push(`${kind} ${name} ${state}`)
    }, (error) => heard.push(String(error)))
    using network = host.network('default')
    using pool = host.pool('default-pool')
    network.stop()
    pool.stop()
    while (heard.length < 2) await turn()
    stream[Symbol.dispose]()
    network.start()
    await pool.start()
    machine.suspend()
    for (let turns = 0; turns < 200; turns += 1) await turn()
    expect(heard).to.deep.equal(['net default stopped', 'pool default-pool stopped'])
    expect(await failureOf(() => stream[Symbol.dispose]())).to.have.property('message', 'nothing was thrown')
  }))

  it('bay events ends at its time: with 0, or with 124 when something was waited for', async () => {
    const [none, missed, form, wrong] = await Promise.all([
      onTest('events --timeout 300ms -o json'), onTest('events --for stopped --timeout 300ms'), onTest('events -o yaml'), onTest('events --for nope'),
    ])
    expect(none).to.include({ code: 0, stdout: '', stderr: 'listening\n' })
    expect(missed).to.include({ code: 124, stdout: '' })
    expect(missed.stderr).to.include('no stopped came in time')
    expect([form.code, wrong.code]).to.deep.equal([2, 2])
  })
})

describe('bay vm stats and bay metrics', function () {
  this.timeout(30_000)

  it('show what the test driver tells, and null for the rest', async () => {
    const [table, rates, all, missing] = await Promise.all([
      onTest('vm stats'), onTest('vm stats test --interval 200ms -o json'), onTest('vm stats * -q'), onTest('vm stats tset'),
    ])
    expect(table.stdout).to.match(/^NAME {3}STATE +CPU-TIME {3}MEMORY {3}USED {3}READ {3}WRITTEN {3}RECEIVED {3}SENT\ntest {3}running .* 2G +- +- /)
    const [row] = rates.json() as { rates: { interval: number, cpu: number } }[]
    expect(row).to.include({ name: 'test', memory: 2 ** 31, memoryUsed: null }).and.deep.include({ disks: [], nics: [] })
    expect(row?.rates.interval).to.be.within(0.2, 10)
    // The driver's machine is as busy as the clock.
    expect(row?.rates.cpu).to.be.within(0.5, 1.5)
    expect(all.stdout).to.equal('test\n')
    expect(missing).to.include({ code: 4 })
    expect(missing.stderr).to.include('did you mean test?')
  })

  it('a host that does not answer is bay_up 0 in the file, and exit code 6', async () => {
    const file = `${process.env['TMPDIR'] ?? '/tmp'}/bay-metrics-${process.pid}.prom`
    const { code, stderr } = await bay(['metrics', '-c', 'qemu:///system?socket=/nope/sock', '--write', file])
    const [text, { mode }] = await Promise.all([readFile(file, 'utf8'), stat(file)]).finally(() => rm(file, { force: true }))
    expect({ code, text, mode: mode & 0o777 }).to.deep.equal({
      code: 6, mode: 0o644, text: '# HELP bay_up Whether libvirt answered\n# TYPE bay_up gauge\nbay_up 0\n',
    })
    expect(stderr).to.include('/nope/sock')
    expect(await onTest('metrics --listen nowhere')).to.include({ code: 2 })
    expect(await onTest('metrics --listen 1 --write x')).to.include({ code: 2 })
  })
})
