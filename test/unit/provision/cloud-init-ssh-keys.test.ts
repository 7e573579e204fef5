import { expect } from 'chai'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../../../src/errors.js'
import { readSshKeys } from '../../../src/provision/cloud-init/ssh-keys.js'

const field = (content: string | Buffer) => {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 255]), bytes])
}
const body = (type: string, ...fields: (string | Buffer)[]) => `${type} ${Buffer.concat([type, ...fields].map(field)).toString('base64')}`
const ed25519 = body('ssh-ed25519', Buffer.alloc(32, 7))
const rsa = body('ssh-rsa', Buffer.from([1, 0, 1]), Buffer.alloc(257, 9))
const ecdsa = body('ecdsa-sha2-nistp256', 'nistp256', Buffer.alloc(65, 4))
const sk = body('sk-ssh-ed25519@openssh.com', Buffer.alloc(32, 1), 'ssh:')

describe('SSH keys', () => {
  let folder: string
  before(() => { folder = mkdtempSync(join(tmpdir(), 'bay-test-keys-')) })
  after(() => rmSync(folder, { recursive: true }))

  function file(name: string, content: string): string {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }

  for (const key of [ed25519, rsa, ecdsa, sk]) {
    it(`are taken as they are: ${key.slice(0, 20)}`, async () => {
      expect(await readSshKeys([key, `${key} me@here with words`])).to.deep.equal([key])
      expect(await readSshKeys([`${key} me@here with words`])).to.deep.equal([`${key} me@here with words`])
    })
  }

  it('are read from files, with comments and options, each once', async () => {
    const options = `restrict,command="echo \\"a b\\"",from="10.0.0.*" ${rsa} r`
    const path = file('authorized_keys', `# mine\n\n${ed25519} a\r\n  ${options}  \n${ed25519} again\nenvironment="A=b",no-pty ${ecdsa}`)
    expect(await readSshKeys([path, `${rsa} other`, path])).to.deep.equal([`${ed25519} a`, options, `environment="A=b",no-pty ${ecdsa}`])
  })

  it('are never private ones, nor repeated in the message', async () => {
    const pem = generateKeyPairSync('ed25519', { privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } })
    const openssh = `-----BEGIN OPENSSH PRIVATE KEY-----\nsecretsecret\n-----END OPENSSH PRIVATE KEY-----\n`
    for (const text of [pem.privateKey, openssh, `${ed25519}\n${openssh}`]) {
      const path = file('id', text)
      const error = await refusal(path)
      expect(error.message).to.equal(`${path} is a private key`)
      expect(error.hints).to.deep.equal([`give its public half: ${path}.pub`])
      const literal = await refusal(text)
      expect(literal.message).to.equal('the SSH key is a private key')
      expect(literal.hints.join()).to.not.contain('secret')
    }
    expect((await refusal(file('id.ppk', 'PuTTY-User-Key-File-3: ssh-ed25519\nsecret\n'))).message).to.contain('is a private key')
  })

  const damaged: [what: string, text: string, message: string][] = [
    ['cut short', ed25519.slice(0, -8), 'damaged'], ['one sign short', ed25519.slice(0, -1), 'damaged'], ['too long', `${ed25519}AAAA`, 'damaged'],
    ['of two types', ed25519.replace('ssh-ed25519', 'ssh-rsa'), 'damaged'], ['without a body', 'ssh-ed25519 ', 'damaged'],
    ['a sign that is none', ed25519.replace('AAAA', 'AAA*'), 'damaged'], ['the type alone', body('ssh-ed25519'), 'damaged'],
    ['DSA', body('ssh-dss', 'x'), 'no public SSH key'], ['a certificate', body('ssh-ed25519-cert-v01@openssh.com', 'x'), 'certificate'],
    ['options without a key', 'restrict,command="x AAAA"', 'no public SSH key'], ['an open quote', `command="x ${ed25519}`, 'no public SSH key'],
    ['a control character', `${ed25519} a\u001b[31m`, 'control character'],
  ]
  for (const [what, text, message] of damaged) {
    it(`are refused: ${what}`, async () => {
      expect((await refusal(text)).message).to.contain(message)
      const path = file('bad.pub', `# x\n${text}\n`)
      expect((await refusal(path)).message).to.contain(message).and.contain(`${path} line 2`)
    })
  }

  it('are refused in another program\'s format', async () => {
    expect((await refusal(file('ssh2.pub', '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n'))).hints).to.deep.equal(['ssh-keygen -i -f FILE'])
  })

  it('must be there', async () => {
    expect((await refusal(join(folder, 'none.pub'))).message).to.contain('there is no such file')
    expect((await refusal(folder)).message).to.contain('is a folder')
    expect((await refusal(file('empty.pub', '# nothing\n\n'))).message).to.contain('holds no SSH key')
    expect((await refusal('')).message).to.contain('cannot be read')
    expect((await refusal('a\0b')).message).to.contain('cannot be read')
  })
})

async function refusal(given: string): Promise<UsageError> {
  const error: unknown = await readSshKeys([given]).then(() => undefined, (thrown: unknown) => thrown)
  if (error instanceof UsageError) return error
  throw new Error(`it was not refused: ${String(error)}`)
}
