import { expect } from 'chai'
import fc from 'fast-check'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format, inspect } from 'node:util'
import { UsageError } from '../../../src/errors.js'
import { hashPassword, readPasswordFile, Secret } from '../../../src/provision/password.js'
import { sha512Crypt } from '../../../src/provision/sha512-crypt.js'

describe('a secret', () => {
  const secret = new Secret('hunter2')

  it('is never printed', () => {
    const nested = { user: { secret }, list: [secret] }
    const shown = [
      String(secret), ''.concat(secret as unknown as string), secret.toString(), JSON.stringify(nested), inspect(nested, { depth: 9, showHidden: true }), format('%s %o %O %j', secret, secret, nested, nested),
      Object.values(secret).join(), JSON.stringify({ ...secret }), inspect(new Error('x', { cause: secret })),
    ]
    for (const text of shown) expect(text).to.not.contain('hunter2')
    expect(String(secret)).to.equal('***')
    expect(JSON.stringify(secret)).to.equal('"***"')
    expect(inspect(secret)).to.equal('***')
  })

  it('is revealed when asked', () => expect(secret.reveal()).to.equal('hunter2'))
})

describe('SHA-512 crypt', () => {
  // Of glibc's crypt(3); 64 and 128 bytes are where blocks end, and others go wrong.
  const known: [text: string, hash: string][] = [
    ['Hello world!', 'svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1'],
    ['x', 'nk7Qohr7tOmwY2mX639VRP.Lyvj3uhcgpatqHuLC867qfSHKq1LDuKa/h7Es9Nv0aL08pbF.cnQlRqhaoKT/D.'],
    ['x'.repeat(63), 'GqYQzkALZb2XssQ4JYO6h8OrGdbnVbVYuv8o5IjS4NL5PdNZa6jJUI7Mtn5dACTZNWwg0cVBqpsM2a3EPYUg1/'],
    ['x'.repeat(64), 'SSoAqlzjEXraQ.dDguxosFViX0Mfw4O.kEQXNqWn2FWfLIsQUWxK3xUguKKWh/yPYlb6YCK5MTl1eAQTuZtVf.'],
    ['x'.repeat(65), '6SQS3GtHC3TPYB.63O/KZyn5uBDlYfe1PvIq4EkYEmAojXOtfokMtH82Tj4wQ/EsRh3FgIyhJUtiFulxq4Yel/'],
    ['x'.repeat(128), 'm6IcLtj9EyZQeJLXbgoyST6hdH3ylydKE5FqtwsOCSu9E.tIYNmX14sk5Hwhew7XNULkZo4Y9qD6V1Qb0BbBg.'],
  ]
  for (const [text, hash] of known) {
    it(`of ${text.length} bytes is the C library's`, () => expect(sha512Crypt(text, 'saltstring')).to.equal(`$6$saltstring$${hash}`))
  }

  it('is equal to openssl\'s at every length', function () {
    // openssl reads at most 256 bytes of a line.
    const texts = Array.from({ length: 66 }, (_, index) => 'pä€😀'.repeat(20).slice(0, index + 1).replace(/\p{Cs}/u, 'x'))
      .concat([127, 128, 129, 192, 255, 256].map((length) => 'x'.repeat(length)))
    let theirs: string[]
    try {
      theirs = execFileSync('openssl', ['passwd', '-6', '-salt', 'abcDEF./0189', '-stdin'], { input: texts.join('\n'), encoding: 'utf8' }).trim().split('\n')
    } catch {
      return this.skip()
    }
    expect(texts.map((text) => sha512Crypt(text, 'abcDEF./0189'))).to.deep.equal(theirs)
  }).timeout(60_000)

  it('has another salt each time, of 16 signs', () => {
    const salts = Array.from({ length: 20 }, () => /^\$6\$([./0-9A-Za-z]{16})\$[./0-9A-Za-z]{86}$/.exec(sha512Crypt('x'))?.[1])
    expect(new Set(salts).size).to.equal(20)
    expect(salts).to.not.include(undefined)
  })
})

describe('the hash of a password', () => {
  const hash = sha512Crypt('x', 'salt')
  const yescrypt = '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7'

  it('is made of any text', () => fc.assert(fc.property(fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }), (text) => {
    fc.pre(!/[\0\r\n]|^\$/.test(text))
    const made = hashPassword(new Secret(text)).reveal()
    expect(sha512Crypt(text, made.split('$')[2])).to.equal(made)
  }), { numRuns: 20 }))

  for (const whole of [hash, hash.replace('$6$', '$6$rounds=10000$'), yescrypt]) {
    it(`is what was given when that is a hash: ${whole.slice(0, 20)}…`, () => expect(hashPassword(new Secret(whole)).reveal()).to.equal(whole))
  }

  for (const text of ['', 'a\nb', 'a\n', 'a\rb', 'a\0b', 'x'.repeat(513), hash.slice(0, -1), `${hash}:`, `${hash}x`, '$6$', '$y$', yescrypt.slice(0, -1)]) {
    it(`refuses ${JSON.stringify(text.slice(0, 12))} of ${text.length}, and does not repeat it`, () => {
      expect(() => hashPassword(new Secret(text))).to.throw(UsageError).with.property('message').that.does.not.contain(text.slice(0, 12) || 'xyz')
    })
  }

  it('takes what is only near a hash for a password', () => {
    for (const text of ['$5$x', '$', '$6', '6$']) expect(hashPassword(new Secret(text)).reveal()).to.match(/^\$6\$.{16}\$/)
  })
})

describe('a password file', () => {
  let folder: string
  let path: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bay-test-password-'))
    path = join(folder, 'password')
  })
  after(() => rmSync(folder, { recursive: true }))

  function written(content: string | Buffer, mode = 0o600): string {
    rmSync(path, { force: true, recursive: true })
    writeFileSync(path, content, { mode })
    chmodSync(path, mode)
    return path
  }

  for (const [content, password] of [['secret', 'secret'], ['secret\n', 'secret'], ['one\ntwo\n', 'one'], [' a b ', ' a b '], ['pä€😀\n', 'pä€😀'], ['a\tb', 'a\tb']] as const) {
    it(`gives its first line: ${JSON.stringify(content)}`, async () => expect((await readPasswordFile(written(content))).reveal()).to.equal(password))
  }

  for (const [what, content] of [
    ['is empty', ''], ['is empty', '\n'], ['is empty', '\nsecret'], ['a NUL byte', 'sec\0ret'], ['a line\'s end', 'secret\r\n'], ['a line\'s end', 'sec\rret'],
    ['not UTF-8', Buffer.from([0x73, 0xff])], ['too long', 'secret'.repeat(100)], ['too long', 'secret\n'.repeat(1000)], ['a whole one', '$6$secret'],
  ] as const) {
    it(`is refused (${what}): ${JSON.stringify(content.toString().slice(0, 10))}`, async () => {
      const error = await refusal(written(content))
      expect(error.message).to.contain(what).and.contain(path)
      expect([error.message, ...error.hints].join().replaceAll(path, '')).to.not.contain('secret')
    })
  }

  for (const mode of [0o604, 0o640, 0o660, 0o644, 0o601, 0o610, 0o620, 0o777]) {
    it(`is refused with mode ${mode.toString(8)}`, async () => {
      const error = await refusal(written('secret', mode))
      expect(error.hints).to.deep.equal([`chmod 600 ${path}`])
      expect(error.message).to.contain('others may read')
    })
  }

  for (const mode of [0o600, 0o400]) it(`is read with mode ${mode.toString(8)}`, async () => expect((await readPasswordFile(written('secret', mode))).reveal()).to.equal('secret'))

  it('is judged by what a link leads to', async () => {
    written('secret', 0o644)
    symlinkSync(path, join(folder, 'link'))
    expect((await refusal(join(folder, 'link'))).message).to.contain('others may read')
  })

  it('must be there, and no folder', async () => {
    expect((await refusal(join(folder, 'none'))).message).to.contain('there is no such file')
    chmodSync(folder, 0o700)
    expect((await refusal(folder)).message).to.contain('it is a folder')
  })

  it('must not be another user\'s', async function () {
    if (process.geteuid?.() !== 0) return this.skip()
    const { chownSync } = await import('node:fs')
    written('secret')
    chownSync(path, 12345, 12345)
    const before = process.env['SUDO_UID']
    try {
      delete process.env['SUDO_UID']
      expect((await refusal(path)).message).to.contain('belongs to another user')
      process.env['SUDO_UID'] = '12345'
      expect((await readPasswordFile(path)).reveal()).to.equal('secret')
    } finally {
      if (before === undefined) delete process.env['SUDO_UID']
      else process.env['SUDO_UID'] = before
    }
  })

  const module = new URL('../../../src/provision/password.ts', import.meta.url).href
  const script = `const { readPasswordFile } = await import(${JSON.stringify(module)}); console.log((await readPasswordFile(process.argv[1])).reveal())`
  const node = `"${process.execPath}" --import tsx --input-type=module -e '${script}'`

  it('may be standard input, or a pipe', () => {
    const read = (line: string) => execFileSync('bash', ['-c', line], { input: 'piped\nmore\n', encoding: 'utf8' })
    expect(read(`${node} -- -`)).to.equal('piped\n')
    expect(read(`${node} -- <(echo substituted)`)).to.equal('substituted\n')
  })
})

async function refusal(path: string): Promise<UsageError> {
  const error: unknown = await readPasswordFile(path).then(() => undefined, (thrown: unknown) => thrown)
  if (error instanceof UsageError) return error
  throw new Error(`it was not refused: ${String(error)}`)
}
