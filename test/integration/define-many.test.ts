import { expect } from 'chai'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bay } from '../lab/bay.js'
import { machine, SandboxHost } from './sandbox-host.js'

describe('bay vm define, of several files', () => {
  let sandbox: SandboxHost
  const file = (name: string, xml = machine(name)) => {
    const path = join(sandbox.folder, 'given', `${name}.xml`)
    writeFileSync(path, xml)
    return path
  }
  const define = (...args: string[]) => bay(['vm', 'define', ...args], { uri: sandbox.uri })
  const names = async () => (await bay(['vm', 'list', '-q'], { uri: sandbox.uri })).stdout

  beforeEach(() => {
    sandbox = new SandboxHost()
    mkdirSync(join(sandbox.folder, 'given'))
  })
  afterEach(() => { sandbox[Symbol.dispose]() })

  it('defines all, each with its line; a second time none changes', async () => {
    const files = ['web-1', 'web-2'].map((name) => file(name))
    expect(await define(...files, '--dry-run')).to.include({
      code: 0, stdout: 'vm web-1 (dry run): would be defined\nvm web-2 (dry run): would be defined\n',
    })
    expect(await names()).to.equal('')
    expect(await define(...files)).to.include({ code: 0, stdout: 'vm web-1: defined\nvm web-2: defined\n' })
    const again = (await define(...files, '-o', 'json')).json() as { name: string, changed: boolean }[]
    expect(again.map(({ name, changed }) => [name, changed])).to.deep.equal([['web-1', false], ['web-2', false]])
    expect(await names()).to.equal('web-1\nweb-2\n')
  })

  it('one that libvirt refuses does not stop the rest, and its file is named', async () => {
    const wrong = file('wrong', machine('wrong').replace('<memory', '<nonsense/><memory'))
    const result = await define(wrong, file('web-1'))
    expect(result).to.include({ code: 7, stdout: 'vm web-1: defined\n' })
    expect(result.stderr).to.include(`bay: vm wrong: ${wrong}: libvirt refuses it`)
    expect(await names()).to.equal('web-1\n')
  })

  it('reads all before it defines any: a file that is missing, is no XML, or defines what another one does', async () => {
    const [good, broken] = [file('web-1'), file('broken', '<domain>')]
    for (const [other, says] of [
      [join(sandbox.folder, 'nope.xml'), /nope\.xml cannot be read: there is no such file/], [broken, /broken\.xml: /],
      [file('copy', machine('web-1')), /given\/web-1\.xml and .*given\/copy\.xml both define web-1/],
    ] as const) {
      const result = await define(good, other)
      expect(result).to.include({ code: 2, stdout: '' })
      expect(result.stderr).to.match(says)
      expect(await names()).to.equal('')
    }
  })
})
