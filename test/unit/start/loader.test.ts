import { expect } from 'chai'
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keep, readKept } from '../../../src/start/code-cache.js'
import { Loader } from '../../../src/start/loader.js'

const require = createRequire(import.meta.url)

describe('the bundle\'s loader', () => {
  let folder: string
  let cache: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bay-start-'))
    cache = join(folder, 'cache', 'vm-list')
    mkdirSync(join(folder, 'commands'))
    writeFileSync(join(folder, 'shared.js'), 'exports.count = (exports.count ?? 0) + 1; exports.add = (a, b) => a + b')
    writeFileSync(join(folder, 'commands/list.js'), `
      const shared = require('../shared.js'), { basename } = require('node:path')
      exports.said = [shared.add(1, 2), shared.count, basename(__filename), basename(__dirname), require('../shared.js') === shared]`)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const said = [3, 1, 'list.js', 'commands', true]
  function run(): Loader {
    const loader = new Loader(folder, readKept(cache), require)
    expect(loader.load('commands/list.js')).to.deep.equal({ said })
    return loader
  }
  function runAndKeep(): void {
    const news = run().kept()
    if (news === null) throw new Error('nothing is new')
    keep(cache, news)
  }

  it('loads files as require does; keeps their text, then what is compiled of it, then nothing more', () => {
    runAndKeep()
    expect(readKept(cache)).to.deep.include({ names: ['commands/list.js', 'shared.js'], code: Buffer.alloc(0) })
    runAndKeep()
    expect(readKept(cache)?.names).to.deep.equal(['commands/list.js', 'shared.js'])
    expect(readKept(cache)?.code).not.to.have.length(0)
    expect(run().kept()).to.equal(null)
    expect(readdirSync(join(folder, 'cache'))).to.deep.equal(['vm-list'])
  })

  it('runs what is kept, without a look at the files', () => {
    runAndKeep()
    rmSync(join(folder, 'commands'), { recursive: true })
    run()
    const loader = new Loader(folder, readKept(cache), require)
    loader.loadKept()
    expect(loader.load('commands/list.js')).to.deep.equal({ said })
  })

  it('keeps what one run did not need for another that does', () => {
    runAndKeep()
    writeFileSync(join(folder, 'other.js'), 'exports.x = 1')
    const loader = new Loader(folder, readKept(cache), require)
    expect(loader.load('other.js')).to.deep.equal({ x: 1 })
    const news = loader.kept()
    if (news === null) throw new Error('nothing is new')
    keep(cache, news)
    expect(readKept(cache)?.names).to.deep.equal(['commands/list.js', 'shared.js', 'other.js'])
    run()
  })

  it('goes on when the program goes away, once it holds it', async () => {
    writeFileSync(join(folder, 'commands/later.js'), "exports.sum = require('../shared.js').add(2, 3)")
    const [holding, other] = [run(), run()]
    await holding.hold()
    rmSync(join(folder, 'commands'), { recursive: true })
    rmSync(join(folder, 'shared.js'))
    expect(holding.load('commands/later.js')).to.deep.equal({ sum: 5 })
    expect(() => other.load('commands/later.js')).to.throw('ENOENT')
  })

  it('does without a text that is none, and compiles anew what was made of another text', () => {
    keep(cache, () => ({ names: ['commands/list.js'], text: 'not even (', code: Buffer.alloc(0) }))
    expect(run().kept()?.().names).to.deep.equal(['commands/list.js', 'shared.js'])
    runAndKeep()
    runAndKeep()
    const { names = [], text = '' } = readKept(cache) ?? {}
    // V8 would know the same text again from the runs above.
    keep(cache, () => ({ names, text: `${text} `, code: Buffer.from('nonsense') }))
    expect(run().kept()?.().code).not.to.have.length(0)
  })

  for (const [how, spoil] of Object.entries<(file: string) => void>({
    'is cut': (file) => writeFileSync(file, readFileSync(file).subarray(0, -1)),
    'is empty': (file) => writeFileSync(file, ''),
    'is all zeros': (file) => writeFileSync(file, Buffer.alloc(4096)),
    'others may write': (file) => chmodSync(file, 0o666),
    'has another name too': (file) => linkSync(file, `${file}.too`),
  })) {
    it(`does not use a file that ${how}`, () => {
      runAndKeep()
      spoil(cache)
      expect(readKept(cache)).to.equal(null)
      run()
    })
  }

  it('keeps nothing in a folder that others may write, and asks for nothing then', () => {
    mkdirSync(join(folder, 'cache'))
    chmodSync(join(folder, 'cache'), 0o777)
    keep(cache, () => { throw new Error('was asked') })
    expect(readdirSync(join(folder, 'cache'))).to.deep.equal([])
  })

  it('says nothing where it cannot write', () => {
    writeFileSync(join(folder, 'cache'), '')
    keep(cache, () => ({ names: [], text: '', code: Buffer.alloc(0) }))
    run()
  })
})
