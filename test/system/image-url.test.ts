import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileServer } from '../lab/file-server.js'
import { run } from '../lab/script.js'
import { suiteRig, type Rig } from './rig.js'

describe('bay vm create --image URL', function () {
  this.timeout(60_000)
  let rig: Rig
  let server: FileServer
  const images = () => rig.json<{ name: string, pool: string }[]>('image', 'list')

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    server = await FileServer.start()
  })
  after(async () => {
    await server?.[Symbol.asyncDispose]()
    await rig?.clean('iu-')
    await rig?.clean('image-iu-')
  })

  it('adds the image once, and not for a machine that cannot be made', async () => {
    const file = join(rig.files, 'iu-url.qcow2')
    expect(await run('qemu-img', ['create', '-q', '-f', 'qcow2', file, '8M'])).to.include({ code: 0 })
    const content = readFileSync(file)
    const url = server.at('/iu-url.qcow2', { content })
    const create = (name: string, ...more: string[]) =>
      rig.bay(['vm', 'create', name, '--image', url, '--no-start', '--virt', 'qemu', ...more], { env: { XDG_CACHE_HOME: join(rig.files, 'iu-cache') } })
    const before = await images()
    expect(await create('iu-0', '--network', 'nowhere')).to.include({ code: 4 })
    const dry = (await create('iu-0', '--network', 'none', '--dry-run', '-o', 'json')).json()
    expect(dry).to.include({ changed: true, dryRun: true, xml: null })
    expect(server.served).to.equal(0)
    expect(await images()).to.deep.equal(before)
    const first = await create('iu-1', '--network', 'none')
    expect(first, first.stderr).to.include({ code: 0 })
    expect(first.stderr).to.contain('downloading iu-url.qcow2')
    const second = await create('iu-2', '--network', 'none', '--linked')
    expect(second, second.stderr).to.include({ code: 0 })
    expect(server.served).to.equal(content.length)
    const added = (await images()).filter(({ name }) => name.startsWith('iu-url'))
    expect(added.map(({ name }) => name).join()).to.match(/^iu-url-[0-9a-f]{8}$/)
  })
})
