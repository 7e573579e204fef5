import { expect } from 'chai'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BayError, UsageError } from '../../../src/errors.js'
import { makeIso, seedIso } from '../../../src/provision/iso.js'

describe('an ISO file', () => {
  let folder: string
  let to: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bay-test-iso-'))
    to = join(folder, 'to.iso')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** A program that makes no ISO, but tells how it was called, and leaves that in the file that it was to make. */
  function program(name: string, script = ''): void {
    const file = join(folder, name)
    const tell = 'for last; do :; done; { pwd; printf "%s\\n" "$0" "$@"; /usr/bin/env; /usr/bin/stat -c "%a %n" . iso "$last" "$last"/*; } > iso'
    writeFileSync(file, `#!/bin/sh\n${script === '' ? tell : script}\n`)
    chmodSync(file, 0o755)
  }

  const make = (label = 'cidata', files = new Map<string, string | Buffer>([['user-data', 'x']])) => makeIso(label, files, to, { path: folder })

  it('is made by the best program that is there', async () => {
    for (const name of ['mkisofs', 'genisoimage', 'xorrisofs']) {
      program(name)
      await make()
      expect(readFileSync(to, 'utf8').split('\n')[1]).to.equal(join(folder, name))
      rmSync(to)
    }
  })

  it('gets its content through a private folder that is gone afterwards', async () => {
    program('genisoimage')
    await make('cidata', new Map<string, string | Buffer>([['user-data', 'secret'], ['meta-data', Buffer.from('m')]]))
    const told = readFileSync(to, 'utf8').split('\n')
    const work = told[0] ?? ''
    expect(told).to.include.members(['700 .', '600 iso', `700 ${work}/content`, `600 ${work}/content/user-data`, `600 ${work}/content/meta-data`])
    expect(told).to.include.members(['-volid', 'cidata', '-joliet', '-rock'])
    expect(existsSync(work)).to.equal(false)
    expect(statSync(to).mode & 0o777).to.equal(0o600)
  })

  it('is private even when the umask and the program are not', async () => {
    program('xorrisofs', '/bin/rm iso; umask 0; echo made > iso')
    await make()
    expect(statSync(to).mode & 0o777).to.equal(0o600)
  })

  it('shows the program neither our home nor our environment', async () => {
    program('xorrisofs')
    process.env['BAY_TEST_SECRET'] = 'secret'
    await make().finally(() => { delete process.env['BAY_TEST_SECRET'] })
    expect(readFileSync(to, 'utf8')).to.contain('SOURCE_DATE_EPOCH=').and.not.match(/secret|^HOME=/m)
  })

  it('tells which packages have a program', async () => {
    const error = await refusal(make())
    expect(error).to.be.instanceOf(UsageError)
    expect(error.message).to.contain('xorrisofs, genisoimage, mkisofs')
    expect(error.hints).to.deep.equal(['apt install xorriso', 'dnf install xorriso'])
    expect(existsSync(to)).to.equal(false)
  })

  it('says what the program said when it fails, and leaves nothing', async () => {
    program('xorrisofs', 'pwd > "${0%/*}/where"; echo something else >&2; echo no space left >&2; exit 5')
    program('genisoimage')
    const error = await refusal(make())
    expect(error.message).to.equal('xorrisofs could not make the ISO file: no space left')
    expect(existsSync(to)).to.equal(false)
    expect(existsSync(readFileSync(join(folder, 'where'), 'utf8').trim())).to.equal(false)
  })

  it('is given up when the signal says so, with its reason, and leaves nothing', async () => {
    program('xorrisofs', 'pwd > "${0%/*}/where"; exec /bin/sleep 30')
    const controller = new AbortController()
    const reason = new BayError('interrupted', 'stop')
    const made = makeIso('cidata', new Map([['a', 'b']]), to, { path: folder, signal: controller.signal })
    while (!existsSync(join(folder, 'where'))) await new Promise((resolve) => setTimeout(resolve, 10))
    controller.abort(reason)
    expect(await refusal(made)).to.equal(reason)
    expect(readdirSync(folder).sort()).to.deep.equal(['where', 'xorrisofs'])
    expect(existsSync(readFileSync(join(folder, 'where'), 'utf8').trim())).to.equal(false)
  })

  it('never takes the place of a file', async () => {
    program('xorrisofs')
    writeFileSync(to, 'mine')
    expect((await refusal(make())).message).to.contain('it exists already')
    expect(readFileSync(to, 'utf8')).to.equal('mine')
  })

  it('refuses a folder that is not there', async () => {
    program('xorrisofs')
    to = join(folder, 'no', 'to.iso')
    expect((await refusal(make())).message).to.contain('there is no such folder')
  })

  for (const name of ['', '.', '..', '../x', 'a/b', '-o', 'a b', 'a\n', 'a\0']) {
    it(`refuses a file named ${JSON.stringify(name)}`, async () => {
      program('xorrisofs')
      expect((await refusal(make('cidata', new Map([[name, 'x']])))).message).to.contain('no name for a file')
    })
  }

  for (const label of ['', '-x', 'a b', 'x'.repeat(17), 'ä']) {
    it(`refuses the label ${JSON.stringify(label)}`, async () => {
      program('xorrisofs')
      expect((await refusal(make(label))).message).to.contain('no label')
    })
  }

  it('has a network-config only when there is one', async () => {
    program('xorrisofs')
    await seedIso({ userData: 'u', metaData: 'm', networkConfig: null }, to, { path: folder })
    expect(readFileSync(to, 'utf8')).to.contain('/meta-data').and.not.contain('network-config')
    rmSync(to)
    await seedIso({ userData: 'u', metaData: 'm', networkConfig: 'n' }, to, { path: folder })
    expect(readFileSync(to, 'utf8')).to.contain('/network-config')
  })
})

async function refusal(made: Promise<unknown>): Promise<BayError> {
  const error: unknown = await made.then(() => undefined, (thrown: unknown) => thrown)
  if (error instanceof BayError) return error
  throw new Error(`it was not refused: ${String(error)}`)
}
