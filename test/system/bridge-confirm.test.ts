import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { bayEnvironment, program } from '../lab/bay.js'
import { run } from '../lab/script.js'
import { BridgeRig } from './bridge-rig.js'
import { until } from './rig.js'

interface Changed { changed: boolean, until: string | null }

const long = process.env['BAY_TEST_LONG'] === '1'

// Changes that wait for a yes, as after an ssh session was cut.
describe('bay bridge with --confirm-within', function () {
  this.timeout(120_000)
  let rig: BridgeRig
  let start: unknown
  const attach = ['bridge', 'attach', 'br0', 'eth0']
  const isAsBefore = async () => JSON.stringify(await rig.state()) === JSON.stringify(start)

  /** What was kept, taken back; the rest is what a detach leaves as other words for the same. */
  const putBack = async () => {
    await rig.json('bridge', 'detach', 'br0', 'eth0')
    await rig.ip('address', 'delete', '2001:db8:1::2/64', 'dev', 'eth0')
    await rig.ip('address', 'add', '2001:db8:1::2/64', 'dev', 'eth0')
    await rig.ip('-6', 'route', 'replace', 'default', 'via', '2001:db8:1::1', 'dev', 'eth0', 'metric', '50')
    await until(isAsBefore)
  }

  before(async () => {
    rig = await BridgeRig.up()
    await rig.json('bridge', 'create', 'br0')
    await rig.ip('link', 'set', 'eth1', 'master', 'br0')
    await rig.ip('link', 'set', 'eth1', 'nomaster')
    start = await rig.state()
  })
  after(() => rig[Symbol.asyncDispose]())

  it('undoes it all when nobody confirms, and nothing else changes meanwhile', async () => {
    const { until: time } = await rig.json<Changed>(...attach, '--confirm-within', '10s')
    expect(Date.parse(time ?? '') - Date.now()).to.be.within(0, 10_000)
    expect(await rig.ip('address', 'show', 'dev', 'br0')).to.contain('10.1.0.2/24')
    const busy = await rig.bay(['bridge', 'create', 'br1'], { env: { BAY_LOCK_TIMEOUT: '0' } })
    expect(busy).to.include({ code: 75 })
    expect(busy.stderr).to.contain('try: keep it: bay bridge attach br0 eth0 --confirm')
    await until(isAsBefore)
    expect(Date.now()).to.be.greaterThan(Date.parse(time ?? ''))
    expect(await rig.bay([...attach, '--confirm'])).to.include({ code: 5 })
  })

  it('is told of and undone, or kept, by the next run when the guard was killed, too', async () => {
    const killGuard = async () => {
      const pids = (await run('ip', ['netns', 'pids', rig.name])).stdout.split('\n').filter((pid) => pid !== '')
      const guards = pids.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('bridge-guard.js'))
      expect(guards).to.have.length(1)
      process.kill(Number(guards[0]), 'SIGKILL')
      await until(() => !existsSync(`/proc/${guards[0]}`) || readFileSync(`/proc/${guards[0]}/stat`, 'utf8').includes(') Z '))
    }
    await rig.json(...attach, '--confirm-within', '60s')
    await killGuard()
    expect((await rig.bay(['bridge', 'list'])).stderr).to.match(/br0 was neither kept nor undone.*bay recover undoes it, or bay bridge attach br0 eth0 --confirm keeps it/)
    const refused = await rig.bay(['bridge', 'create', 'br1'])
    expect(refused).to.include({ code: 5 })
    expect(refused.stderr).to.contain('try: bay recover undoes it')
    expect((await rig.bay(['recover', '--dry-run', '-o', 'json'])).json()).to.have.nested.property('[0].name', 'br0')
    const recovered = await rig.bay(['recover', '-o', 'json'])
    expect(recovered.code, recovered.stderr).to.equal(0)
    expect(recovered.json()).to.have.nested.property('[0]').that.includes({ command: 'bridge', name: 'br0', result: 'recovered' })
    await until(isAsBefore)
    expect((await rig.bay(['recover'])).stderr).to.contain('nothing was left behind')
    await rig.json(...attach, '--confirm-within', '60s')
    await killGuard()
    expect(await rig.json(...attach, '--confirm')).to.include({ changed: true })
    expect((await rig.bay(['bridge', 'list'])).stderr).not.to.contain('neither kept')
    await putBack()
  })

  it('keeps it when it is confirmed in time', async () => {
    const ssh = { env: { SSH_CONNECTION: '10.1.0.1 40000 10.1.0.2 22' } }
    const made = await rig.bay([...attach, '--confirm-within', '60s'], ssh)
    expect(made).to.include({ code: 0 })
    expect(made.stderr).to.match(/unless it is kept: bay bridge attach br0 eth0 --confirm/)
    expect(await rig.json(...attach, '--confirm')).to.include({ changed: true })
    expect(await rig.json(...attach, '--confirm')).to.include({ changed: false })
    await putBack()
  })

  it(`asks on a terminal: yes, Ctrl-C${long ? ', no, and no answer' : ''}`, async () => {
    const cases: [string, string, number][] = [['\u0003', '60s', 130], ...long ? [['n\r', '20s', 1], ['', '4s', 124]] satisfies [string, string, number][] : []]
    for (const [keys, time, code] of cases) {
      expect(await onTerminal(rig, [...attach, '--confirm-within', time], keys), JSON.stringify(keys)).to.equal(code)
      expect(await isAsBefore()).to.equal(true)
    }
    expect(await onTerminal(rig, [...attach, '--confirm-within', '60s'], 'y\r')).to.equal(0)
    expect(await rig.json(...attach)).to.include({ changed: false })
    await rig.json('bridge', 'detach', 'br0', 'eth0')
    // Somebody else may answer, from another session.
    const { child, screen } = terminal(rig, [...attach, '--confirm-within', '60s'])
    const ended = once(child, 'close')
    await screen('keep the change of br0?')
    expect(await rig.json(...attach, '--confirm')).to.include({ changed: true })
    expect((await ended)[0]).to.equal(0)
    await rig.json('bridge', 'detach', 'br0', 'eth0')
  })

  it('undoes it when its time is over though bay and its terminal are gone', async () => {
    const now = await rig.state()
    const { screen, end } = terminal(rig, [...attach, '--confirm-within', '8s'])
    await screen('keep the change of br0?')
    await end()
    await sleep(1000)
    // Whoever was cut off may still come back.
    expect(await rig.ip('address', 'show', 'dev', 'br0')).to.contain('10.1.0.2/24')
    await until(async () => JSON.stringify(await rig.state()) === JSON.stringify(now))
  })
})

/** Bay on a terminal of its own in the rig's namespace; what it ends with once these keys were typed at its question. */
async function onTerminal(rig: BridgeRig, args: readonly string[], keys: string): Promise<number | null> {
  const { child, screen } = terminal(rig, args)
  const ended = once(child, 'close')
  await screen('keep the change of br0?')
  if (keys !== '') child.stdin.write(keys)
  const [code] = await ended as [number | null]
  return code
}

function terminal(rig: BridgeRig, args: readonly string[]) {
  const [file = '', ...words] = [...rig.inside, 'script', '-qec', [process.execPath, program, ...args].join(' '), '/dev/null']
  const child = spawn(file, words, { env: { ...bayEnvironment({}), TERM: 'xterm' }, stdio: ['pipe', 'pipe', 'inherit'] })
  let shown = ''
  child.stdout.on('data', (chunk: Buffer) => { shown += chunk.toString() })
  return {
    child,
    screen: (text: string) => until(() => {
      if (child.exitCode !== null && !shown.includes(text)) throw new Error(`it ended without asking: ${shown}`)
      return shown.includes(text)
    }),
    /** The terminal goes away. */
    end: async () => {
      const ended = once(child, 'close')
      child.kill('SIGKILL')
      await ended
    },
  }
}
