import { expect } from 'chai'
import { suiteRig, type Rig } from './rig.js'

const MiB = 2 ** 20

describe('bay vol resize', function () {
  this.timeout(120_000)
  let rig: Rig
  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
  })
  after(() => rig?.clean('rs-'))

  it('grows, says when there is nothing to do, and shrinks only when told to', async () => {
    for (const [format, name] of [['raw', 'default/rs-raw'], ['qcow2', 'default/rs-q']] as const) {
      await rig.does('vol', 'create', name, '--size', '16M', '--format', format)
      expect(await rig.json('vol', 'resize', name, '+16M')).to.include({ changed: true, capacity: 32 * MiB, previous: 16 * MiB, running: null })
      expect(await rig.json('vol', 'resize', name, '32M')).to.include({ changed: false })
      expect(await rig.bay(['vol', 'resize', name, '8M'])).to.include({ code: 2 })
      expect(await rig.json('vol', 'resize', name, '8M', '--shrink')).to.include({ changed: true })
      expect(await rig.json('vol', 'show', name)).to.include({ capacity: 8 * MiB })
    }
    await rig.does('vol', 'create', 'default/rs-layer', '--backing', 'default/rs-q')
    expect(await rig.bay(['vol', 'resize', 'default/rs-q', '64M'])).to.include({ code: 5 })
  })

  it('grows under a running machine, which is as it was but for that', async () => {
    await rig.does('vm', 'create', 'rs-vm', ...rig.deaf, '--network', 'none')
    const [disk] = (await rig.json<{ disks: { volume: string, target: string }[] }>('vm', 'show', 'rs-vm')).disks
    const before = await rig.virsh('dumpxml', '--security-info', 'rs-vm')
    const name = `default/${disk?.volume}`
    expect(await rig.json('vol', 'resize', name, '8M')).to.include({ changed: true, running: 'rs-vm' })
    expect(await rig.virsh('domblkinfo', 'rs-vm', disk?.target ?? '')).to.match(/Capacity: +8388608/)
    expect(await rig.json('vol', 'show', name)).to.include({ capacity: 8 * MiB })
    expect(await rig.virsh('dumpxml', '--security-info', 'rs-vm')).to.equal(before)
    const shrinks = await rig.bay(['vol', 'resize', name, '4M', '--shrink'])
    expect(shrinks, shrinks.stderr).to.include({ code: 5 })
    expect(await rig.state('rs-vm')).to.equal('running')
  })
})
