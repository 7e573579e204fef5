import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect } from 'chai'
import { UsageError } from '../../src/errors.js'
import { PasswordHashes } from '../../src/guest-flags.js'
import { installFrom } from '../../src/install-flags.js'
import type { System } from '../../src/provision/profile-systems.js'
import { thrown } from './thrown.js'

type InstallFlags = Parameters<typeof installFrom>[0]
type Settings = Parameters<typeof installFrom>[1]['settings']

const field = (content: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, content.length]), content])
const key = `ssh-ed25519 ${Buffer.concat([Buffer.from('ssh-ed25519'), Buffer.alloc(32, 7)].map(field)).toString('base64')} anna`

describe('--unattended', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bay-test-'))
    for (const [name, text, mode] of [['pw', 'pass word\n', 0o600], ['key', 'AAAAA-BBBBB-CCCCC-DDDDD-EEEEE\n', 0o600], ['open', 'x\n', 0o644]] as const) {
      writeFileSync(join(folder, name), text, { mode })
    }
  })
  after(() => rmSync(folder, { recursive: true }))

  const from = (os: System, flags: Partial<InstallFlags> = {}, settings: Partial<Settings> = {}) => installFrom(
    { 'unattended': true, 'no-start': false, ...flags },
    { source: { kind: 'iso', iso: '/x.iso' }, settings: { os, user: 'anna', packages: [], run: [], ...settings }, hashes: new PasswordHashes() },
  )

  it('says nothing unless it is given', async () => {
    expect(await from('debian', { unattended: false })).to.equal(undefined)
  })

  it('tells a Linux installer who may log in, with the password as a hash', async () => {
    const told = await from('debian', { 'password-file': join(folder, 'pw'), 'ssh-key': [key] }, { packages: ['nginx'], run: ['true'], timezone: 'Europe/Berlin' })
    expect(told?.answers).to.deep.include({
      os: 'debian', user: 'anna', sshKeys: [key], packages: ['nginx'], runCommands: ['true'],
      locale: 'en_US.UTF-8', keyboard: 'us', timezone: 'Europe/Berlin',
    })
    const hash = told && 'passwordHash' in told.answers ? told.answers.passwordHash : undefined
    expect(hash?.reveal()).to.match(/^\$6\$/)
    expect((await from('rhel', { 'ssh-key': [key] }))?.answers).to.deep.include({ os: 'rhel', passwordHash: undefined, timezone: 'UTC' })
  })

  it('tells Windows the password and the key, which are never shown', async () => {
    const told = await from('windows-11', { 'password-file': join(folder, 'pw'), 'product-key-file': join(folder, 'key'), 'edition': '6', 'drivers': '/v.iso' })
    expect(told?.drivers).to.equal('/v.iso')
    expect(told?.answers).to.deep.include({ os: 'windows-11', image: { index: 6 } })
    expect(inspect(told, { depth: null }) + JSON.stringify(told)).to.not.match(/pass word|AAAAA/)
    const named = await from('windows-server', { 'password-file': join(folder, 'pw'), 'edition': 'Windows Server 2022 SERVERSTANDARD', 'hostname': 'dc' })
    expect(named?.hostname).to.equal('dc')
    expect(named?.answers).to.deep.include({ image: { name: 'Windows Server 2022 SERVERSTANDARD' } })
  })

  const refused: Record<string, [Parameters<typeof from>, RegExp]> = {
    'without a system': [['linux', {}], /what is on the disc\?/],
    'for a Windows of no kind': [['windows', {}], /which Windows is on the disc\?/],
    'for a system without answers': [['alpine', {}], /how alpine is installed without questions is not known/],
    'without a user': [['debian', {}, { user: undefined }], /who shall be able to log in\?/],
    'without password and key': [['debian', {}], /how shall anna log in\?/],
    'for Windows without a password': [['windows-10', {}], /Windows needs a password for anna/],
    'with an SSH key for Windows': [['windows-10', { 'ssh-key': [key] }], /takes no SSH keys/],
    'with a package for Windows': [['windows-10', {}, { packages: ['nginx'] }], /no packages/],
    'without a start': [['debian', { 'no-start': true }], /not started is not installed/],
    'with user-data': [['ubuntu', { 'user-data': '/x' }], /--user-data is for images/],
    'with a product key for Linux': [['debian', { 'product-key-file': '/x', 'ssh-key': [key] }], /--product-key-file is for Windows, not for debian/],
    'with two secrets on one input': [['windows-10', { 'product-key-file': '-', 'password-file': '-' }], /cannot both be on standard input/],
  }
  for (const [what, [args, message]] of Object.entries(refused)) {
    it(`is refused ${what}`, async () => {
      expect(await thrown(() => from(...args))).to.be.instanceOf(UsageError).with.property('message').that.matches(message)
    })
  }

  it('is refused for anything but a disc, and for a key that others may read', async () => {
    const settings: Settings = { os: 'debian', packages: [], run: [] }
    const flags = { 'unattended': true, 'no-start': false }
    const image = installFrom(flags, { source: { kind: 'empty' }, settings, hashes: new PasswordHashes() })
    expect(await thrown(() => image)).to.be.instanceOf(UsageError).with.property('message').that.matches(/what is there to be installed\?/)
    const open = from('windows-10', { 'password-file': join(folder, 'pw'), 'product-key-file': join(folder, 'open') })
    expect(await thrown(() => open)).to.be.instanceOf(UsageError).with.property('message').that.matches(/^others may read the product key file/)
  })
})
