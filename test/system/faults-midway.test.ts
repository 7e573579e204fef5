import { randomBytes } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import type { BayResult, RunningBay } from '../lab/bay.js'
import { reviveDaemon } from './revive-daemon.js'
import { newRig, until, type Rig } from './rig.js'

/** Seconds after which a silent daemon is given up, and then some. */
const limit = 4 + 5

// The daemon dies, or falls silent, when a command is in the middle of its work.
describe('faults: the daemon fails midway', function () {
  this.timeout(90_000)
  let rig: Rig
  let big: string
  let guests: number[]
  let daemonStopped = false

  before('one guest that runs and is deaf, and an image of 300M', async function () {
    this.timeout(300_000)
    rig = await newRig({ network: false })
    big = join(rig.files, 'big.raw')
    const file = await open(big, 'w')
    const piece = randomBytes(2 ** 20)
    for (let each = 0; each < 300; each += 1) await file.write(piece)
    await file.close()
    await rig.does('vm', 'create', 'steady', ...rig.deaf, '--network', 'none')
    guests = rig.host.guestPids()
  })
  after(() => rig?.host.down())

  /** Does it to the daemon, and brings it back once the command has ended. */
  async function faulted(running: RunningBay, fault: 'SIGSTOP' | 'SIGKILL'): Promise<BayResult & { after: number }> {
    const began = performance.now()
    rig.host.kill(fault)
    daemonStopped = fault === 'SIGSTOP'
    const ended = await running.done
    const after = (performance.now() - began) / 1000
    await bringBack()
    return { ...ended, after }
  }

  async function bringBack(): Promise<void> {
    if (daemonStopped) return rig.host.kill('SIGCONT')
    await reviveDaemon(rig.host, 'half')
  }

  let byHand = false

  /** Runs what an error says to run, by turns `bay recover` or the command for each thing; nothing must be left then. */
  async function cleanUpAsToldBy({ stderr }: BayResult): Promise<void> {
    byHand = !byHand
    const lines = [...stderr.matchAll(/^ {2}try: bay (.*)$/gm)].map(([, line = '']) => line)
    expect(lines.shift(), stderr).to.equal('recover')
    for (const line of byHand ? [...lines, 'recover'] : ['recover']) {
      const { code, stderr: said } = await rig.bay(line.split(' '))
      // What was perhaps made may not be there.
      expect(code, `${line}: ${said}`).to.be.oneOf([0, 4])
    }
  }

  afterEach('the guest has survived, and bay works again', async () => {
    expect(rig.host.guestPids()).to.deep.equal(guests)
    expect(await rig.json('vm', 'show', 'steady')).to.include({ name: 'steady', state: 'running' })
    expect((await rig.everything()).filter((entry) => entry.includes('half'))).to.be.empty
  })

  for (const fault of ['SIGSTOP', 'SIGKILL'] as const) {
    for (const line of ['wait steady --for off', 'stop steady', 'reboot steady', 'wait steady --for agent']) {
      it(`${fault} during vm ${line}`, async () => {
        const running = rig.start(['vm', ...line.split(' '), '--timeout', '60s'])
        await sleep(1500)
        const ended = await faulted(running, fault)
        expect(ended, ended.stderr).to.include({ code: 6, stdout: '' })
        expect(ended.after).to.be.below(fault === 'SIGKILL' ? 3 : limit)
        expect(ended.stderr).to.match(/^bay: (the host stopped answering|the connection to the host was lost).*\n( {2}try: .+\n)+$/)
      })
    }

    it(`${fault} while an image is copied: what is left is named, and the commands that remove it do`, async () => {
      const running = rig.start(['vm', 'create', 'half', ...plain, '--image', big, '--no-start'])
      await until(() => sizeOf(join(rig.folder, 'half.img')) > 2 ** 20, 5)
      const ended = await faulted(running, fault)
      expect(ended, ended.stderr).to.include({ code: 9, stdout: '' })
      expect(ended.after).to.be.below(limit)
      expect(ended.stderr).to.match(/^bay: .*; left behind: the volume default\/half\.img .*\n {2}try: bay recover\n {2}try: bay vol delete --yes default\/half\.img\n$/m)
      await cleanUpAsToldBy(ended)
    })

    it(`${fault} while a machine starts: the same for the machine and its volumes`, async () => {
      const running = rig.start(['vm', 'create', 'half', ...plain, '--empty', '--disk', '1M', '--disk', '1M'])
      await running.says('starting it')
      const ended = await faulted(running, fault)
      // What the daemon was asked before it fell silent it does when it runs again.
      if (fault === 'SIGSTOP') await sleep(1500)
      expect(ended, ended.stderr).to.include({ code: 9, stdout: '' })
      expect(ended.after).to.be.below(limit)
      const left = /left behind: perhaps the running machine half, the machine half, the volume default\/half-2\.qcow2, the volume default\/half\.qcow2 \(/
      expect(ended.stderr).to.match(left)
      await cleanUpAsToldBy(ended)
    })
  }

  it('at any moment of a create, whatever is left is named: no more, no less', async function () {
    this.timeout(900_000)
    const moments = process.env['BAY_TEST_LONG'] === '1' ? 60 : 6
    const codes: (number | null)[] = []
    for (let each = 0; each < moments; each += 1) {
      // A daemon that has just come back spends the first second on asking its emulators what they can do.
      await rig.does('vm', 'create', 'half', ...plain, '--empty', '--disk', '1M', '--dry-run')
      const running = rig.start(['vm', 'create', 'half', ...plain, '--empty', '--disk', '1M', '--disk', '1M'], { env: { BAY_CONNECT_TIMEOUT: '3' } })
      await sleep(250 + 400 * each / moments)
      const ended = await faulted(running, 'SIGKILL')
      const there = (await rig.everything()).filter((entry) => entry.includes('half'))
      expect(ended.code, `moment ${each}: ${ended.stderr}`).to.be.oneOf([0, 6, 9])
      codes.push(ended.code)
      if (ended.code === 6) expect(there, ended.stderr).to.be.empty
      if (ended.code === 9) await cleanUpAsToldBy(ended)
      if (ended.code === 0) await rig.does('vm', 'delete', '--yes', '--force', 'half')
      expect((await rig.everything()).filter((entry) => entry.includes('half')), ended.stderr).to.be.empty
    }
    if (moments > 6) expect(codes).to.include.members([6, 9])
  })
})

const plain = ['--virt', 'qemu', '--vcpus', '1', '--memory', '32M', '--network', 'none', '--graphics', 'none']

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).blocks * 512 : 0
}
