import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { UsageError } from '../../src/errors.js'
import { randomPassword, SecretFile } from '../../src/secret-file.js'
import { thrown } from './thrown.js'

describe('a file for a secret', () => {
  let folder: string
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'bay-secret-')) })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('takes its place only when it is kept, readable by its owner alone', async () => {
    const path = join(folder, 'secret')
    writeFileSync(path, 'old', { mode: 0o644 })
    {
      await using file = await SecretFile.write(path, 'lost')
      expect(readFileSync(path, 'utf8')).to.equal('old')
      expect(file).to.be.instanceOf(SecretFile)
    }
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).to.deep.equal(['old', ['secret']])
    {
      await using file = await SecretFile.write(path, 'new')
      await file.keep()
    }
    expect([readFileSync(path, 'utf8'), readdirSync(folder)]).to.deep.equal(['new\n', ['secret']])
    expect(statSync(path).mode & 0o777).to.equal(0o600)
  })

  it('refuses standard output, devices, links, folders, missing folders and somebody else\'s file beside it', async () => {
    symlinkSync('/dev/null', join(folder, 'link'))
    writeFileSync(join(folder, 'taken.new'), '')
    for (const path of ['-', '/dev/null', join(folder, 'link'), folder, join(folder, 'no/such'), join(folder, 'taken')]) {
      expect(await thrown(() => SecretFile.write(path, 'x')), path).to.be.instanceOf(UsageError)
    }
    expect(readdirSync(folder).sort()).to.deep.equal(['link', 'taken.new'])
  })

  it('makes passwords that differ and can be typed', () => {
    const made = Array.from({ length: 1000 }, () => randomPassword(8))
    expect(new Set(made).size).to.equal(1000)
    for (const each of made) expect(each).to.match(/^[a-km-zA-HJ-NP-Z2-9]{8}$/)
  })
})
