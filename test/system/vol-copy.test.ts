import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { run } from '../lab/script.js'
import { suiteRig, type Rig } from './rig.js'

const MiB = 2 ** 20

describe('bay vol clone, convert, wipe', function () {
  this.timeout(120_000)
  let rig: Rig
  const file = (name: string) => join(rig.folder, name)
  const same = async (a: string, b: string) => {
    const { code, stdout, stderr } = await run('qemu-img', ['compare', file(a), file(b)])
    expect(code, stdout + stderr).to.equal(0)
  }

  before('a qcow2 volume with a layer over it, each with bytes of its own', async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    await rig.does('vol', 'create', 'default/cp-base', '--size', '8M')
    await run('qemu-io', ['-c', 'write -P 7 1M 1M', file('cp-base')])
    await rig.does('vol', 'create', 'default/cp-top', '--backing', 'default/cp-base')
    await run('qemu-io', ['-c', 'write -P 9 3M 1M', file('cp-top')])
  })
  after(() => rig?.clean('cp-'))

  it('clone: the copy has all that the layers below have, and stands alone', async () => {
    expect(await rig.json('vol', 'clone', 'default/cp-top', 'cp-full')).to.include({ changed: true, volume: 'cp-full', format: 'qcow2', capacity: 8 * MiB })
    await same('cp-top', 'cp-full')
    expect(await rig.json('vol', 'show', 'default/cp-full')).to.include({ backing: null })
    expect(await rig.bay(['vol', 'clone', 'default/cp-top', 'cp-full'])).to.include({ code: 5 })
    expect(await rig.bay(['vol', 'clone', 'default/cp-none', 'cp-other'])).to.include({ code: 4 })
    expect(await rig.bay(['vol', 'clone', 'default/cp-top', '--', '-rf'])).to.include({ code: 2 })
  })

  it('clone --linked: a layer; convert: the same bytes in another format', async () => {
    expect(await rig.does('vol', 'clone', 'default/cp-full', 'default/cp-linked', '--linked')).to.equal('vol default/cp-full: has the layer default/cp-linked')
    expect(await rig.json('vol', 'show', 'default/cp-linked')).to.have.nested.property('backing.path', file('cp-full'))
    expect(await rig.json('vol', 'convert', 'default/cp-top', 'cp-raw', '--format', 'raw')).to.include({ format: 'raw' })
    await same('cp-top', 'cp-raw')
    expect(await rig.does('vol', 'convert', 'default/cp-raw', 'cp-back', '--format', 'qcow2')).to.equal('vol default/cp-raw: copied as default/cp-back (8M, qcow2)')
    await same('cp-top', 'cp-back')
  })

  it('a dry run makes nothing, and what runs is not copied', async () => {
    const before = await rig.everything()
    expect(await rig.does('vol', 'clone', 'default/cp-full', 'cp-dry', '--dry-run'))
      .to.equal('vol default/cp-full (dry run): would be copied as default/cp-dry (8M, qcow2)')
    expect(await rig.everything()).to.deep.equal(before)
    await rig.does('vm', 'create', 'cp-vm', ...rig.deaf, '--network', 'none')
    const [disk] = (await rig.json<{ disks: { volume: string }[] }>('vm', 'show', 'cp-vm')).disks
    const refused = await rig.bay(['vol', 'clone', `default/${disk?.volume}`, 'cp-running'])
    expect(refused).to.include({ code: 5, stdout: '' })
    expect(refused.stderr).to.contain('cp-vm runs with')
    expect(await rig.bay(['vol', 'wipe', '--yes', `default/${disk?.volume}`])).to.include({ code: 5 })
  })

  it('wipe: zeros, never of what a layer or a machine needs', async () => {
    expect(await rig.bay(['vol', 'wipe', '--yes', 'default/cp-base'])).to.include({ code: 5 })
    writeFileSync(join(rig.files, 'zero'), Buffer.alloc(8 * MiB))
    expect(await rig.json('vol', 'wipe', '--yes', 'default/cp-raw')).to.include({ changed: true, algorithm: 'zero' })
    const { code, stdout } = await run('cmp', [file('cp-raw'), join(rig.files, 'zero')])
    expect(code, stdout).to.equal(0)
  })
})
