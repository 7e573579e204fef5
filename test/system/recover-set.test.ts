import { expect } from 'chai'
import { join } from 'node:path'
import { suiteRig, type Rig } from './rig.js'

interface Recovery { undone: string[] }

// Two calls of libvirt's make it, so that it can die between them.
describe('bay recover: a vm set that dies between autostart and the rest', function () {
  this.timeout(60_000)
  let rig: Rig
  let env: Record<string, string>

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    env = { XDG_STATE_HOME: join(rig.files, 'set-state') }
    await rig.does('vm', 'create', 'half-set', ...rig.deaf, '--network', 'none', '--no-start')
  })
  after(() => rig?.clean('half-set'))

  async function autostart(): Promise<boolean> {
    return (await rig.json<{ autostart: boolean }>('vm', 'show', 'half-set')).autostart
  }

  for (const since of ['', 'vm autostart half-set', 'vm set half-set autostart=on']) {
    it(since === '' ? 'is undone' : `stays as it was decided since: ${since}`, async () => {
      await rig.does('vm', 'autostart', '--off', 'half-set')
      const killed = await rig.bay(['vm', 'set', 'half-set', 'autostart=on', 'description=new'], { env: { ...env, BAY_TEST_KILL_AT: '2-' } })
      expect(killed.signal).to.equal('SIGKILL')
      expect(await autostart()).to.equal(true)
      if (since !== '') expect(await rig.bay(since.split(' '), { env })).to.include({ code: 0 })
      const [recovery, ...others] = (await rig.bay(['recover', '-o', 'json'], { env })).json() as Recovery[]
      expect(recovery?.undone).to.deep.equal(since === '' ? ['the new autostart of half-set'] : [])
      expect(others).to.be.empty
      expect(await rig.json('vm', 'show', 'half-set')).to.include({ autostart: since !== '', description: null })
      expect((await rig.bay(['recover'], { env })).stderr).to.equal('nothing was left behind\n')
    })
  }
})
