import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { digest } from '../../src/virt/ops/history.js'
import type { BayResult, RunningBay } from '../lab/bay.js'
import { RpcProxy } from '../lab/rpc-proxy.js'
import { newRig, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'
const title = 'is as it was or as it was to be, whole, once bay recover has run, and the same command goes on'

interface Verb {
  what: string
  forth: string[]
  back: string[]
  env?: { forth: Record<string, string>, back: Record<string, string> }
}

const verbs: Verb[] = [
  {
    what: 'vm set of one that runs', forth: ['vm', 'set', 'killed', 'vcpus=2', 'description=two', 'autostart=on'],
    back: ['vm', 'set', 'killed', 'vcpus=1', 'description=one', 'autostart=off'],
  },
  {
    what: 'vm edit', forth: ['vm', 'edit', '--yes', 'killed'], back: ['vm', 'edit', '--yes', 'killed'],
    env: { forth: { EDITOR: 'sed -i s,>one<,>two<,' }, back: { EDITOR: 'sed -i s,>two<,>one<,' } },
  },
  { what: 'vm rename', forth: ['vm', 'rename', 'off', 'off-2'], back: ['vm', 'rename', 'off-2', 'off'] },
]

interface State { names: string[], stored: string[], autostart: string[] }

// A run that is ended at one of its requests to the daemon, before it gets there or once it is answered. See test/lab/rpc-proxy.ts.
describe('a machine whose change is killed or terminated', function () {
  if (!long) return void it(`${title} (skipped: takes minutes; BAY_TEST_LONG=1 runs it)`)
  this.timeout(3_600_000)
  let rig: Rig
  let proxy: RpcProxy
  let state: string

  before('a machine that runs, and one that is off and has UEFI variables, behind a proxy', async function () {
    this.timeout(300_000)
    rig = await newRig({ network: false })
    await rig.does('vm', 'create', 'killed', ...rig.deaf, '--network', 'none')
    await rig.does('vm', 'create', 'off', ...rig.deaf, '--network', 'none', '--firmware', 'uefi', '--autostart', '--no-start')
    proxy = await RpcProxy.listen(join(rig.host.dir, 'proxy'), join(rig.host.dir, 'run/libvirt-sock'))
    state = mkdtempSync(join(tmpdir(), 'bay-state-'))
    await succeeds(verbs[0]?.back ?? [])
  })
  after(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await rig?.host.down()
    if (state) rmSync(state, { recursive: true })
  })

  const start = (args: readonly string[], env: Record<string, string> = {}): RunningBay =>
    rig.start(args, { uri: `qemu+unix:///system?socket=${proxy.path}`, env: { XDG_STATE_HOME: state, ...env } })

  async function succeeds(args: readonly string[], env: Record<string, string> = {}): Promise<BayResult> {
    proxy.arm(undefined)
    const ended = await start(args, env).done
    expect(ended.code, `${args.join(' ')}: ${ended.stderr}`).to.equal(0)
    return ended
  }

  async function stateNow(): Promise<State> {
    const names = (await rig.virsh('list', '--all', '--name')).split('\n').filter(Boolean).sort()
    const [stored, infos] = [[] as string[], [] as string[]]
    for (const name of names) {
      stored.push(`${await rig.virsh('domuuid', name)} ${digest(await rig.virsh('dumpxml', '--inactive', '--security-info', name))}`)
      infos.push(/^Autostart: *(\w+)/m.exec(await rig.virsh('dominfo', name))?.[1] ?? '')
    }
    return { names, stored, autostart: infos }
  }

  for (const { what, forth, back, env } of verbs) {
    it(`${what}: ${title}`, async () => {
      const guests = rig.host.guestPids()
      // The most vcpus stay what they once were.
      await succeeds(forth, env?.forth)
      await succeeds(back, env?.back)
      const was = await stateNow()
      await succeeds(forth, env?.forth)
      const most = proxy.requests
      const willBe = await stateNow()
      expect(willBe).to.not.deep.equal(was)
      await succeeds(back, env?.back)
      expect(await stateNow()).to.deep.equal(was)
      const seen = { was: 0, willBe: 0, recovered: 0 }
      for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
        for (let at = 1; at <= most; at += 1) {
          // Who is terminated is still to be answered.
          for (const when of signal === 'SIGKILL' ? ['before', 'after'] as const : ['before'] as const) {
            const point = `${signal} ${when} ${at} of ${most}`
            const ended = await endedAt(at, when, signal)
            const left = await stateNow()
            const { stderr } = await succeeds(['recover'])
            const now = await stateNow()
            const recovered = !same(left, now)
            expect([was, willBe].some((each) => same(each, now)), `${point}: ${JSON.stringify(now)} ${ended.stderr}`).to.equal(true)
            // Who is terminated has tidied up by itself; and what is recovered is said.
            if (signal === 'SIGTERM') expect(stderr, point).to.equal('nothing was left behind\n')
            if (recovered) expect(stderr, point).to.equal('')
            if (signal === 'SIGTERM' && ended.code === 143) expect(now, `${point}: ${ended.stderr}`).to.deep.equal(was)
            if (ended.code === 0) expect(now, point).to.deep.equal(willBe)
            seen[recovered ? 'recovered' : same(was, now) ? 'was' : 'willBe'] += 1
            expect(rig.host.guestPids(), point).to.deep.equal(guests)
            expect((await succeeds(['recover'])).stderr, point).to.equal('nothing was left behind\n')
            for (const name of now.names) await succeeds(['history', name])
            if (now.names.join() === was.names.join()) await succeeds(forth, env?.forth)
            expect(await stateNow(), point).to.deep.equal(willBe)
            await succeeds(back, env?.back)
            expect(await stateNow(), point).to.deep.equal(was)
          }
        }
      }
      process.stdout.write(`      ${what}: ${most} requests; as it was ${seen.was}, as it was to be ${seen.willBe}, as it was once recovered ${seen.recovered}\n`)
      expect(seen.was).to.be.above(0)
      expect(seen.willBe).to.be.above(0)
      // Two calls of libvirt's make a change of autostart with other settings; a definition is one.
      expect(seen.recovered > 0, 'recovered').to.equal(what.startsWith('vm set'))

      async function endedAt(at: number, when: 'before' | 'after', signal: 'SIGKILL' | 'SIGTERM'): Promise<BayResult> {
        const running: { bay?: RunningBay } = {}
        const kills = signal === 'SIGKILL'
        // Who is to tidy up still needs its host.
        proxy.arm({ at, when, strike: () => running.bay?.kill(signal), cuts: kills, passes: !kills })
        running.bay = start(forth, env?.forth)
        return running.bay.done
      }
    })
  }
})

function same(one: State, other: State): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
