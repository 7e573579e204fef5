import { expect } from 'chai'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Cookbook } from '../lab/recipes.js'
import { newRig, until, type Rig } from './rig.js'

const silent = { code: 0, stdout: '', stderr: '' }

// What the embedded host has is in test/integration/cookbook.test.ts.
describe('the cookbook on a real host', function () {
  this.timeout(180_000)
  let rig: Rig
  before(async function () {
    this.timeout(180_000)
    rig = await newRig({ network: true })
  })
  after(() => rig?.host.down())

  it('opens one port of a machine, and makes a hosts file of leases', async () => {
    using book = new Cookbook(rig.host.uri)
    await rig.does('vm', 'create', 'web-1', ...rig.tiny, '--network', rig.network, '--wait', 'running')
    const file = join(book.folder, 'hosts')
    const address = async () => (await rig.json<{ address: string, machine: string | null }[]>('net', 'leases', rig.network, '--filter', 'state=current'))
      .find(({ machine }) => machine === 'web-1')?.address
    await until(async () => await address() !== undefined, 300)
    expect(await book.run('Leases as a hosts file', [rig.network, file])).to.deep.equal(silent)
    expect(readFileSync(file, 'utf8').split('\n')).to.include(`${await address()}\tweb-1`)
    expect(statSync(file).mode & 0o777).to.equal(0o644)

    for (const _ of [1, 2]) expect(await book.run('Open a port for one machine')).to.deep.equal(silent)
    const verdict = async (port: string) => (await rig.json<{ verdict: string }>(
      'filter', 'test', 'web-1', '--in', '--from', '10.88.0.9', '--proto', 'tcp', '--port', port, '--expect', port === '443' ? 'accept' : 'drop')).verdict
    expect([await verdict('443'), await verdict('22')]).to.deep.equal(['accept', 'drop'])
  })
})
