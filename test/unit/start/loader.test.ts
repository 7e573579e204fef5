import { expect } from 'chai'
import { chmodSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keepCompiled, readCompiled } from '../../../src/start/code-cache.js'
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
    const loader = new Loader(folder, readCompiled(cache), require)
    expect(loader.load('commands/list.js')).to.deep.equal({ said })
    return loader
  }
  function runAndKeep(): void {
    const compile = run().compiled()
    if (compile === null) throw new Error('nothing is new')
    keepCompiled(cache, compile)
  }

  it('loads files as require does, and what is compiled serves the next run', () => {
    runAndKeep()
    expect([...readCompiled(cache).keys()]).to.deep.equal(['commands/list.js', 'shared.js'])
    expect(run().compiled()).to.equal(null)
    expect(readdirSync(join(folder, 'cache'))).to.deep.equal(['vm-list'])
  })

  it('keeps what one run did not need for another that does', () => {
    runAndKeep()
    writeFileSync(join(folder, 'other.js'), 'exports.x = 1')
    const loader = new Loader(folder, readCompiled(cache), require)
    loader.load('other.js')
    keepCompiled(cache, loader.compiled() ?? (() => new Map()))
    expect([...readCompiled(cache).keys()].sort()).to.deep.equal(['commands/list.js', 'other.js', 'shared.js'])
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

  it('compiles anew what is of another file, or is nonsense', () => {
    keepCompiled(cache, () => new Map([['commands/list.js', Buffer.from('nonsense')], ['shared.js', Buffer.alloc(0)]]))
    expect(run().compiled()).not.to.equal(null)
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
      expect(readCompiled(cache).size).to.equal(0)
      run()
    })
  }

  it('keeps nothing in a folder that others may write, and asks for nothing then', () => {
    mkdirSync(join(folder, 'cache'))
    chmodSync(join(folder, 'cache'), 0o777)
    keepCompiled(cache, () => { throw new Error('was asked') })
    expect(readdirSync(join(folder, 'cache'))).to.deep.equal([])
  })

  it('says nothing where it cannot write', () => {
    writeFileSync(join(folder, 'cache'), '')
    keepCompiled(cache, () => new Map())
    run()
  })
})
