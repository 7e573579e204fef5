import { expect } from 'chai'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bay } from '../lab/bay.js'
import { Cookbook, recipes } from '../lab/recipes.js'
import { SandboxHost } from './sandbox-host.js'

const titles = {
  nightly: 'A snapshot each night', order: 'Start in an order after boot', stop: 'Stop all before an upgrade', full: 'A pool is nearly full',
  leases: 'Leases as a hosts file', clone: 'Ten from a golden image', port: 'Open a port for one machine',
}
const silent = { code: 0, stdout: '', stderr: '' }

// Leases and filters, which the embedded host lacks, are in test/system/cookbook.test.ts.
describe('the cookbook on the embedded host', function () {
  this.timeout(120_000)

  it('has these recipes, which are all run', () => {
    expect([...recipes().keys()]).to.deep.equal(Object.values(titles))
  })

  it('takes snapshots, starts in order, and stops all and starts the same again', async () => {
    using sandbox = new SandboxHost()
    using book = new Cookbook(sandbox.uri)
    const { does, states } = machinesOf(sandbox)
    for (const name of ['web-1', 'db', 'other']) await does('vm', 'create', name, '--empty', '--network', 'none', '--no-start')
    expect(await book.run(titles.nightly)).to.deep.equal(silent)
    expect(JSON.parse(await does('snapshot', 'list', '-o', 'json'))).to.have.length(1).and.have.nested.property('[0].vm', 'web-1')
    // A run that nobody can recover costs nobody the snapshot, but is told.
    const state = join(sandbox.folder, 'state')
    mkdirSync(join(state, 'bay', 'journal'), { recursive: true })
    writeFileSync(join(state, 'bay', 'journal', 'odd.jsonl'), 'odd\n')
    const told = await book.run(titles.nightly, ['other'], { XDG_STATE_HOME: state })
    expect(told.code, told.stderr).to.equal(2)
    expect(told.stderr).to.contain('odd.jsonl is not understood')
    expect(JSON.parse(await does('snapshot', 'list', 'other', '-o', 'json'))).to.have.length(1)
    expect(await book.run(titles.order, [], { READY: 'running' })).to.deep.equal(silent)
    expect(await states()).to.deep.equal({ 'db': 'running', 'other': 'off', 'web-1': 'running' })

    const env = { LIST: join(sandbox.folder, 'was-running') }
    // The second finds them off, and must not forget them.
    for (const _ of [1, 2]) expect(await book.run(titles.stop, ['before'], env)).to.deep.equal(silent)
    expect(await states()).to.deep.equal({ 'db': 'off', 'other': 'off', 'web-1': 'off' })
    // One that runs by now is remembered beside those of a time that nobody ended.
    await does('vm', 'start', 'other')
    expect(await book.run(titles.stop, ['before'], env)).to.deep.equal(silent)
    expect(readFileSync(env.LIST, 'utf8').trim().split('\n').sort()).to.deep.equal(['db', 'other', 'web-1'])
    expect(await book.run(titles.stop, ['after'], env)).to.deep.equal(silent)
    expect(await states()).to.deep.equal({ 'db': 'running', 'other': 'running', 'web-1': 'running' })
    expect(await book.run(titles.stop)).to.deep.include({ code: 2 })
  })

  it('says which pool is nearly full', async () => {
    using sandbox = new SandboxHost()
    using book = new Cookbook(sandbox.uri)
    const { does } = machinesOf(sandbox)
    await does('pool', 'create', 'slow', '--path', '/pool')
    await does('vol', 'create', 'slow/big', '--size', '60G')
    expect(await book.run(titles.full)).to.deep.equal(silent)
    expect(await book.run(titles.full, ['50'])).to.deep.equal({ code: 1, stdout: 'the pool slow is 60 % full\n', stderr: '' })
  })

  it('clones ten, and again only those that are missing', async () => {
    using sandbox = new SandboxHost()
    using book = new Cookbook(sandbox.uri)
    const { does, states } = machinesOf(sandbox)
    await does('pool', 'create', 'default', '--path', '/pool', '--if-missing')
    await does('vm', 'create', 'golden', '--empty', '--disk', '1G', '--network', 'none', '--no-start')
    expect(await book.run(titles.clone)).to.deep.equal(silent)
    const ten = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`web-${at + 1}`, 'running']))
    expect(await states()).to.deep.equal({ golden: 'off', ...ten })
    await does('vm', 'delete', 'web-3', '--force', '--yes')
    expect(await book.run(titles.clone)).to.deep.equal(silent)
    expect(await states()).to.deep.equal({ golden: 'off', ...ten })
  })
})

function machinesOf({ uri }: SandboxHost) {
  const does = async (...args: string[]) => {
    const { code, stdout, stderr } = await bay(['-c', uri, ...args])
    expect(code, `${args.join(' ')}: ${stderr}`).to.equal(0)
    return stdout
  }
  const states = async () => Object.fromEntries((JSON.parse(await does('vm', 'list', '-o', 'json')) as { name: string, state: string }[])
    .map(({ name, state }) => [name, state]))
  return { does, states }
}
