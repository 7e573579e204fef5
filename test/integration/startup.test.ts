import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { bay, bayEnvironment, program } from '../lab/bay.js'

describe('the start of the program', () => {
  let home: string
  before(() => { home = mkdtempSync(join(tmpdir(), 'bay-start-')) })
  after(() => rmSync(home, { recursive: true }))

  function kept(): Record<string, number> {
    const files = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(join(home, file)).isFile())
    return Object.fromEntries(files.map((file) => [file.replace(/^bay\/code\/[0-9a-f]{16}-v[0-9.]+-[a-z0-9]+\//, ''), statSync(join(home, file)).mtimeMs]))
  }

  async function list(...flags: string[]): Promise<number | null> {
    return (await bay([...flags, 'vm', 'list'], { uri: 'test:///default', env: { XDG_CACHE_HOME: home } })).code
  }

  it('keeps code for each command, once it has worked, and what is compiled of it at the next run; then nothing more', async () => {
    expect(await list('-c', 'nonsense:///')).to.equal(6)
    expect(kept()).to.deep.equal({})
    expect(await list('-q')).to.equal(0)
    const first = kept()
    expect(Object.keys(first)).to.deep.equal(['vm-list'])
    expect(await list('-q')).to.equal(0)
    const second = kept()
    expect(await list('-q')).to.equal(0)
    expect(kept()).to.deep.equal(second)
  })

  it('is plain ASCII, as its loader reads it, whatever texts and patterns have', async () => {
    const folder = join(dirname(program), '../dist')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
    expect(files.length).to.be.above(100)
    const others = files.filter((file) => readFileSync(join(folder, file)).some((byte) => byte > 127))
    expect(others).to.be.empty
    // A tagged template, of which esbuild escapes nothing.
    const { stderr } = await bay(['vm', 'edit', 'test'], { uri: 'test:///default' })
    expect(stderr).to.contain("EDITOR='sed -i \u2026' bay vm edit --yes test")
  })

  it('does without where nothing can be kept', async () => {
    const { code, stdout, stderr } = await bay(['vm', 'list', '-q'], { uri: 'test:///default', env: { XDG_CACHE_HOME: '/proc/nowhere', HOME: '/proc' } })
    expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: 'test\n', stderr: '' })
  })
})

describe('bay --version', () => {
  it('says the same in its quick way and with flags', async () => {
    const quick = await bay(['--version'])
    expect(quick).to.include({ code: 0, stderr: '' })
    expect(quick.stdout).to.match(/^bay\/\d+\.\d+\.\d+ linux-\w+ node-v[\d.]+\n$/)
    expect((await bay(['--version', '-q'])).stdout).to.equal(quick.stdout)
  })

  it('fails when it cannot be written', () => {
    const run = spawnSync('bash', ['-c', '"$0" "$1" --version > /dev/full', process.execPath, program], { encoding: 'utf8', env: bayEnvironment({}) })
    expect(run).to.include({ status: 1 })
    expect(run.stderr).to.match(/^bay: cannot write the result: No space left on device/)
  })
})
