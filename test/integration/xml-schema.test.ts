import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, serialize } from '../../src/xml/node.js'
import { goldens, schemaKinds } from '../unit/xml/goldens.js'

const fixtures = fileURLToPath(new URL('../fixtures/xml/', import.meta.url))

describe('xml goldens against libvirt\'s schemas', () => {
  before(needs('virt-xml-validate'))

  for (const [name, element] of Object.entries(goldens())) {
    it(`${name} is valid`, () => {
      run('virt-xml-validate', join(fixtures, 'golden', `${name}.xml`), schemaKinds[element.name] ?? '')
    })
  }

  it('would see what is invalid', () => {
    inFolder((folder) => {
      const file = join(folder, 'network.xml')
      writeFileSync(file, '<network><name>n</name><description>d</description></network>')
      expect(() => run('virt-xml-validate', file, 'network')).to.throw()
    })
  })
})

describe('xml round trips as libxml2 reads them', () => {
  before(needs('xmllint'))

  const files = ['odd.xml', ...['golden', 'libvirt'].flatMap((folder) => readdirSync(join(fixtures, folder)).map((file) => join(folder, file)))]
  for (const file of files) {
    it(`${file} stays the same`, () => {
      inFolder((folder) => {
        const [before, after] = [join(folder, 'before.xml'), join(folder, 'after.xml')]
        const xml = readFileSync(join(fixtures, file), 'utf8')
        writeFileSync(before, xml)
        writeFileSync(after, serialize(parse(xml), { indent: 0 }))
        expect(canonical(after)).to.equal(canonical(before))
        writeFileSync(after, serialize(parse(xml)))
        expect(canonical(after)).to.equal(canonical(before))
      })
    })
  }
})

function canonical(file: string): string {
  return run('xmllint', '--nonet', '--noblanks', '--c14n', file)
}

function needs(program: string) {
  return function (this: Mocha.Context) {
    try {
      run('which', program)
    } catch {
      this.skip()
    }
  }
}

function inFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'bay-xml-'))
  try {
    work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
