import { expect } from 'chai'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { tinyGuest } from '../lab/guest.js'
import { run } from '../lab/script.js'
import { program } from '../lab/bay.js'
import { suiteRig, until, type Rig } from './rig.js'

interface Ran { stdout: string, [more: string]: unknown }

// A real qemu-guest-agent in the tiny guest: one boot for all of it, and the agent is taken away at the end.
describe('bay vm exec', function () {
  this.timeout(60_000)
  let rig: Rig
  /** the folder of a pool that its disk does not fit into */
  let full: string
  const exec = (...args: string[]) => rig.bay(['vm', 'exec', 'guest', ...args])
  const json = async (...args: string[]) => (await rig.bay(['vm', 'exec', 'guest', '-o', 'json', ...args])).json() as Ran

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    const { kernel, initrd, cmdline } = await tinyGuest('agent')
    full = join(rig.host.dir, 'pools', 'full')
    mkdirSync(full)
    await rig.host.does(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', full])
    await rig.does('pool', 'create', 'full', '--path', full, '--no-autostart')
    await rig.does('vm', 'create', 'guest', '--virt', 'qemu', '--vcpus', '1', '--memory', '192M', '--graphics', 'none',
      '--kernel', kernel, '--initrd', initrd, '--cmdline', cmdline, '--network', 'user', '--disk', '8M,pool=full,format=raw', '--no-start')
    expect(await exec('--', 'true')).to.include({ code: 5, stdout: '' }).with.property('stderr').that.matches(/^bay: guest is off, .*\n {2}try: bay vm start guest\n/)
    await rig.does('vm', 'start', 'guest')
    const early = await exec('--', 'true')
    expect(early.stderr).to.match(/^bay: no guest agent is connected in guest .*\n {2}try: if it still boots: bay vm wait --for agent guest\n/)
    expect(early.code).to.equal(5)
    await rig.does('vm', 'wait', 'guest', '--for', 'agent')
  })
  after(async () => {
    await rig?.clean('guest')
    await rig?.bay(['pool', 'delete', 'full', '--yes'])
    await rig?.host.exec(['umount', full])
  })

  it('gives what the command printed, each stream for itself, and its exit code', async () => {
    expect(await exec('--', 'uname', '-s')).to.include({ code: 0, stdout: 'Linux\n', stderr: '' })
    expect(await exec('--', 'sh', '-c', 'echo out; echo err >&2; exit 3')).to.include({ code: 3, stdout: 'out\n', stderr: 'err\n' })
    expect(await exec('--', 'sh', '-c', 'kill -9 $$')).to.include({ code: 137, stdout: '', stderr: '' })
    expect(await exec('--quiet', '--', 'sh', '-c', 'echo out; exit 4')).to.include({ code: 4, stdout: '', stderr: '' })
  })

  it('its agent tells the address that no lease and no table of the host\'s has', async () => {
    interface Row { name: string, addresses: string[], addressDetails: object[] }
    const listed = async () => (await rig.json<Row[]>('vm', 'list')).find(({ name }) => name === 'guest')
    // There may be one of IPv6, too.
    await until(async () => (await listed())?.addresses.includes('10.0.2.15') ?? false, 500)
    for (const row of [await listed(), await rig.json<Row>('vm', 'show', 'guest')]) {
      const told = row?.addressDetails.filter((each) => 'address' in each && each.address === '10.0.2.15')
      expect(told).to.have.length(1).with.nested.property('[0]').that.includes({ source: 'agent', state: 'current', prefix: 24 })
    }
    expect(await rig.does('vm', 'show', 'guest')).to.contain('10.0.2.15/24 (agent)')
  })

  it('passes every word as it is: no shell, no flag of its own', async () => {
    const words = ['', '*', '$(id)', 'it\'s', '--', '--help', '-o', 'json', '-c', 'x', 'é\n😀', '-i']
    expect((await json('--', 'printf', '%s\\n', ...words)).stdout).to.equal(words.map((word) => `${word}\n`).join(''))
  })

  it('answers in JSON, with the exit code of the command', async () => {
    const result = await rig.bay(['vm', 'exec', 'guest', '-o', 'json', '--', 'sh', '-c', 'printf "a\\377"; exit 7'])
    expect(result.code).to.equal(7)
    expect(result.json()).to.have.property('pid').above(1)
    expect(result.json()).to.deep.include({
      action: 'exec', kind: 'vm', name: 'guest', changed: true, exitCode: 7, signal: null, stdout: 'Yf8=', stderr: '', encoding: 'base64',
      stdoutTruncated: false, stderrTruncated: false,
    })
  })

  it('gives bytes as they are to a pipe, and to a terminal only what does not control it', async () => {
    const command = ['--', 'printf', '\\033[31mred\\n']
    expect((await exec(...command)).stdout).to.equal('\u001b[31mred\n')
    const typed = (flags: string[]) => ['env', `LIBVIRT_DEFAULT_URI=${rig.host.uri}`, process.execPath, program, 'vm', 'exec', 'guest', ...flags, ...command]
    const onTerminal = async (...flags: string[]) =>
      (await run('script', ['-qec', typed(flags).map((word) => `'${word}'`).join(' '), '/dev/null'])).stdout
    expect(await onTerminal()).to.equal('\\x1b[31mred\r\n')
    expect(await onTerminal('--raw')).to.equal('\u001b[31mred\r\n')
  })

  it('gives it input and variables', async () => {
    const input = 'line\n'.repeat(4000)
    expect(await rig.bay(['vm', 'exec', 'guest', '--stdin', '--', 'cat'], { stdin: input })).to.include({ code: 0, stdout: input })
    expect((await exec('--env', 'A=1', '--env', 'B=x y', '--', 'sh', '-c', 'echo "$A/$B/$PATH"')).stdout).to.match(/^1\/x y\/\/usr\/local\/sbin:/)
  })

  it('says what the guest cannot run', async () => {
    const { code, stderr } = await exec('--', 'no-such-program')
    expect(code).to.equal(1)
    expect(stderr).to.match(/^bay: the guest's agent refused guest-exec: Failed to execute child process .*no-such-program.* \(No such file or directory\)/)
  })

  it('gives up in time, and on Ctrl-C, and says which process goes on', async () => {
    const late = await exec('--timeout', '1s', '--', 'sleep', '300')
    const pid = /it goes on in the guest as process (\d+)/.exec(late.stderr)?.[1] ?? ''
    expect(late).to.include({ code: 124, stdout: '' })
    expect(late.stderr).to.contain(`  try: to end it: bay vm exec guest -- kill ${pid}\n`)
    expect((await exec('--', 'cat', `/proc/${pid}/comm`)).stdout).to.equal('sleep\n')
    await rig.does('vm', 'exec', 'guest', '--', 'kill', pid)

    const running = rig.start(['vm', 'exec', 'guest', '--', 'sleep', '299'])
    await until(async () => (await exec('--', 'pidof', 'sleep')).code === 0)
    running.kill('SIGINT')
    const stopped = await running.done
    expect(stopped.stderr).to.match(/^bay: interrupted; it goes on in the guest as process \d+ /)
    expect(stopped.code).to.equal(130)
  })

  it('says that more was printed than libvirt passes on', async () => {
    const { code, stderr, stdout } = await exec('--', 'head', '-c', '3500000', '/dev/zero')
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' })
    expect(stderr).to.match(/^bay: process \d+ has ended, and what it printed is lost, for it is more than the 3 MB that libvirt passes on/)
    expect((await exec('--', 'true')).code).to.equal(0)
  })

  it('tells whoever waits for cloud-init that the guest has none', async () => {
    const { code, stderr } = await rig.bay(['vm', 'wait', 'guest', '--for', 'agent', '--for', 'cloud-init', '--timeout', '50s'])
    expect(stderr).to.contain('cloud-init will never be done in guest: the guest has no such program')
    expect(code).to.equal(5)
  })

  it('runs nothing in a dry run', async () => {
    expect(await exec('--dry-run', '--', 'touch', '/run/made')).to.include({ code: 0, stdout: 'vm guest (dry run): would run touch /run/made\n' })
    expect((await exec('--', 'test', '-e', '/run/made')).code).to.equal(1)
  })

  it('writes on a disk whose pool is full: events tells why it is paused, and when the disk is taken away', async () => {
    const events = rig.start(['events', 'guest', '-o', 'json', '--for', 'device-removed', '--timeout', '50s'])
    await events.says('listening')
    const paused = await exec('--', 'sh', '-c', 'dd if=/dev/zero of=/dev/vda bs=1M count=6 && sync && touch /run/written')
    expect(paused.stderr).to.match(/^bay: guest is paused, so no agent answers in it/)
    expect(await rig.json('vm', 'show', 'guest')).to.include({ state: 'paused', reason: 'io-error' })
    await rig.host.does(['mount', '-o', 'remount,size=16m', full])
    await rig.does('vm', 'resume', 'guest')
    await until(async () => (await exec('--', 'test', '-e', '/run/written')).code === 0)
    await rig.does('vm', 'detach', 'guest', 'vda')
    const { code, stdout, stderr } = await events.done
    expect(code, stderr).to.equal(0)
    const told = stdout.trim().split('\n').map((line) => JSON.parse(line) as { event: string, state: string | null, reason: string | null, details: object })
    const [error] = told.filter(({ event }) => event === 'io-error')
    expect(error).to.deep.include({ state: 'pause', reason: 'enospc', details: { path: join(full, 'guest.img'), device: 'virtio-disk0' } })
    expect(told.map(({ event, state, reason }) => [event, state, reason].filter(Boolean).join(' '))).to.include.members([
      'lifecycle suspended io-error', 'lifecycle resumed unpaused', 'device-removed',
    ])
    await rig.does('vol', 'delete', 'full/guest.img', '--yes')
    // libvirt takes off what the file had grown to, and would tell 16 EiB by now.
    const { capacity, allocation, available } = await rig.json<Record<'capacity' | 'allocation' | 'available', number>>('pool', 'show', 'full')
    expect(capacity).to.be.at.most(16 * 2 ** 20).and.at.least(Math.max(allocation, available))
  })

  it('says what the agent has switched off, and that it hangs', async () => {
    const agents = rig.start(['events', 'guest', '--event', 'agent', '--count', '2', '--timeout', '50s'])
    await agents.says('listening')
    const inGuest = (script: string) => rig.does('vm', 'exec', 'guest', '--', 'sh', '-c', `(sleep 1; ${script}) >/dev/null 2>&1 &`)
    // The channel opens for one at a time: an agent that comes before the other has gone gives up, and nobody would ever answer.
    await inGuest('all=$(pidof qemu-ga); kill $all; for p in $all; do while grep -q "State:.[^Z]" /proc/$p/status; do sleep 0.1; done; done; '
      + 'rm -f /run/qemu-ga.pid; qemu-ga -d -b guest-exec-status')
    await until(async () => (await exec('--', 'true')).stderr.includes('switched off'))
    const off = await exec('--', 'sh', '-c', '(sleep 1; kill -STOP $(pidof qemu-ga); while echo STOPPED > /dev/ttyS0; do sleep 1; done) &')
    expect(off.stderr).to.match(/^bay: the guest's agent has guest-exec-status switched off; .*\n {2}try: in the guest: take guest-exec-status out of block-rpcs/)
    expect(off.code).to.equal(1)
    expect((await agents.done).stdout).to.match(/ vm guest agent disconnected \(channel\)\n.* vm guest agent connected \(channel\)\n$/)
    // A command that it had begun before would be waited for, for a minute.
    await rig.does('vm', 'console', 'guest', '--until', 'STOPPED', '--timeout', '30s')
    const last = await exec('--', 'true')
    expect(last).to.include({ code: 124, stdout: '' })
    expect(last.stderr).to.match(/^bay: the guest agent in guest does not answer/)
  })
})
