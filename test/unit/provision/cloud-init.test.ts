import { expect } from 'chai'
import fc from 'fast-check'
import { parse } from 'yaml'
import { UsageError } from '../../../src/errors.js'
import { cloudInitFiles, hostnameFor } from '../../../src/provision/cloud-init/files.js'
import type { CloudInitSpec, GuestUser } from '../../../src/provision/cloud-init/spec.js'
import { Secret } from '../../../src/provision/password.js'
import { sha512Crypt } from '../../../src/provision/sha512-crypt.js'

const bare: CloudInitSpec = { instanceId: 'i-1', hostname: 'web-1', users: [], packages: [], runCommands: [] }
const hash = sha512Crypt('hunter2', 'salt')
const passwordHash = new Secret(hash)

type Config = Record<string, unknown>

function configOf(spec: Partial<CloudInitSpec>): Config {
  const { userData } = cloudInitFiles({ ...bare, ...spec })
  expect(userData.startsWith('#cloud-config\n')).to.equal(true)
  return parse(userData, { version: '1.1' }) as Config
}

describe('user-data', () => {
  const user = (more: Partial<GuestUser>) => configOf({ users: [{ name: 'ops', sshKeys: [], ...more }] })

  it('of nothing sets the name and closes the doors', () => {
    expect(configOf({})).to.deep.equal({ hostname: 'web-1', manage_etc_hosts: 'localhost', disable_root: true, ssh_pwauth: false })
  })

  it('locks a user without a password', () => {
    expect(user({ sshKeys: ['ssh-ed25519 AAAA a'] })).to.deep.include({
      users: [{ name: 'ops', lock_passwd: true, ssh_authorized_keys: ['ssh-ed25519 AAAA a'] }], ssh_pwauth: false,
    })
  })

  it('opens password logins, also by SSH, when there is a password', () => {
    expect(user({ passwordHash })).to.deep.include({ users: [{ name: 'ops', lock_passwd: false, hashed_passwd: hash }], ssh_pwauth: true })
  })

  it('gives sudo, groups and a shell', () => {
    expect(user({ sudo: true, groups: ['adm', 'no'], shell: '/bin/zsh' })).to.deep.include({
      users: [{ name: 'ops', lock_passwd: true, sudo: 'ALL=(ALL) NOPASSWD:ALL', groups: ['adm', 'no'], shell: '/bin/zsh' }],
    })
    expect(user({ sudo: false })['users']).to.deep.equal([{ name: 'ops', lock_passwd: true }])
  })

  it('gives keys to the image\'s own user when there is no other', () => {
    expect(configOf({ sshKeys: ['ssh-ed25519 AAAA a'] })).to.deep.include({ ssh_authorized_keys: ['ssh-ed25519 AAAA a'] })
    expect(() => configOf({ sshKeys: ['k'], users: [{ name: 'ops', sshKeys: [] }] })).to.throw(UsageError, 'image\'s own user')
  })

  it('runs each command in a shell of its own, after the packages', () => {
    expect(configOf({ packages: ['nginx', 'no'], runCommands: ['echo "a\'b"', 'exit 3'] })).to.deep.include({
      package_update: true, packages: ['nginx', 'no'], runcmd: [['sh', '-c', 'echo "a\'b"'], ['sh', '-c', 'exit 3']],
    })
  })

  it('installs the agent only when asked, and starts it first', () => {
    const config = configOf({ agent: true, packages: ['vim'], runCommands: ['true'] })
    expect(config['packages']).to.deep.equal(['vim', 'qemu-guest-agent'])
    expect(config['runcmd']).to.have.nested.property('[0][2]').that.contains('start qemu-guest-agent')
    expect(cloudInitFiles({ ...bare, packages: ['vim'] }).userData).to.not.contain('agent')
  })

  it('sets place and size', () => {
    expect(configOf({ fqdn: 'web-1.example.org', timezone: 'Europe/Berlin', locale: 'de_DE.UTF-8', keyboard: 'no', growRoot: true })).to.deep.include({
      fqdn: 'web-1.example.org', timezone: 'Europe/Berlin', locale: 'de_DE.UTF-8', keyboard: { layout: 'no' }, growpart: { mode: 'auto', devices: ['/'] }, resize_rootfs: true,
    })
    expect(configOf({ growRoot: false })).to.deep.include({ growpart: { mode: 'off', devices: ['/'] }, resize_rootfs: false })
  })

  it('is the same for the same spec', () => {
    const spec = { ...bare, packages: ['a1'], extraUserData: '#!/bin/sh\n' }
    expect(cloudInitFiles(spec)).to.deep.equal(cloudInitFiles(structuredClone(spec)))
  })

  const bad: [what: string, spec: Partial<CloudInitSpec>][] = [
    ['instance id', { instanceId: '../x' }], ['instance id', { instanceId: '' }], ['instance id', { instanceId: '..' }],
    ['hostname', { hostname: '' }], ['hostname', { hostname: 'a.b' }], ['hostname', { hostname: 'a_b' }], ['hostname', { hostname: '-a' }], ['hostname', { hostname: 'a\n' }],
    ['hostname', { hostname: 'x'.repeat(64) }], ['hostname', { hostname: 'wäb' }],
    ['full name', { fqdn: 'web-2.example.org' }], ['full name', { fqdn: 'web-1' }], ['full name', { fqdn: 'web-1..org' }], ['full name', { fqdn: `web-1${'.abc'.repeat(63)}` }],
    ...['', 'Bob', '1a', '-a', 'a b', 'a:b', 'a\nroot ALL=(ALL) ALL', 'x'.repeat(33), 'a,b'].map((name): [string, Partial<CloudInitSpec>] => ['user', { users: [{ name, sshKeys: [] }] }]),
    ['root stays locked', { users: [{ name: 'root', sshKeys: [], passwordHash }] }], ['default', { users: [{ name: 'default', sshKeys: [] }] }],
    ['given twice', { users: [{ name: 'a', sshKeys: [] }, { name: 'a', sshKeys: [] }] }],
    ['not hashed', { users: [{ name: 'a', sshKeys: [], passwordHash: new Secret('hunter2') }] }],
    ['not hashed', { users: [{ name: 'a', sshKeys: [], passwordHash: new Secret(`${hash}\nroot:x`) }] }],
    ['SSH key', { users: [{ name: 'a', sshKeys: ['ssh-rsa A\nssh-rsa B'] }] }], ['SSH key', { sshKeys: [''] }],
    ['group', { users: [{ name: 'a', sshKeys: [], groups: ['a,b'] }] }], ['group', { users: [{ name: 'a', sshKeys: [], groups: ['-G'] }] }],
    ['shell', { users: [{ name: 'a', sshKeys: [], shell: 'bash' }] }], ['shell', { users: [{ name: 'a', sshKeys: [], shell: '/bin/sh\nx' }] }],
    ...['', '-o=x', '--force', 'a b', 'a\nb', 'x'.repeat(201)].map((name): [string, Partial<CloudInitSpec>] => ['package', { packages: [name] }]),
    ...['', '  ', 'a\0b', 'a\rb', '\u001b'].map((line): [string, Partial<CloudInitSpec>] => ['command', { runCommands: [line] }]),
    ['time zone', { timezone: '../../etc/passwd' }], ['time zone', { timezone: '' }], ['locale', { locale: 'de DE' }], ['keyboard', { keyboard: 'de"' }],
  ]
  for (const [what, spec] of bad) {
    it(`refuses ${JSON.stringify(spec).slice(0, 70)}`, () => {
      expect(() => configOf(spec)).to.throw(UsageError, what).with.property('message').that.matches(/^[^\p{Cc}]{1,120}$/u).and.does.not.match(/hunter2/)
    })
  }

  it('is refused, or means what was asked and nothing else, whatever the texts', () => {
    const signs = fc.constantFrom(...'no:-# \n\'"{}[]&*!|>%@`aZ0.\u0085\u2028é😀')
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ unit: signs }), fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/))
    const texts = fc.array(text, { maxLength: 3 })
    const spec = fc.record({ hostname: text, name: text, packages: texts, runCommands: texts, comment: text })
    let kept = 0
    fc.assert(fc.property(spec, ({ hostname, name, packages, runCommands, comment }) => {
      let config: Config
      try {
        config = configOf({ hostname, users: [{ name, sshKeys: [`ssh-ed25519 AAAA ${comment}`] }], packages, runCommands })
      } catch (error) {
        expect(error).to.be.instanceOf(UsageError)
        return
      }
      kept += 1
      expect(config).to.deep.equal({
        hostname, manage_etc_hosts: 'localhost', disable_root: true, ssh_pwauth: false,
        users: [{ name, lock_passwd: true, ssh_authorized_keys: [`ssh-ed25519 AAAA ${comment}`] }],
        ...packages.length > 0 ? { package_update: true, packages } : {},
        ...runCommands.length > 0 ? { runcmd: runCommands.map((line) => ['sh', '-c', line]) } : {},
      })
    }), { numRuns: 2000 })
    expect(kept).to.be.above(20)
  })
})

describe('meta-data', () => {
  it('names the instance and the host', () => {
    const { metaData } = cloudInitFiles({ ...bare, instanceId: '0123', hostname: 'no' })
    expect(parse(metaData, { version: '1.1' })).to.deep.equal({ 'instance-id': '0123', 'local-hostname': 'no' })
  })
})

describe('a hostname', () => {
  for (const [name, hostname] of [['web-1', 'web-1'], ['Web_1.test', 'web-1-test'], ['_x_', 'x'], ['a__+b', 'a-b'], ['___', 'vm'], [`${'x'.repeat(62)}_y`, 'x'.repeat(62)]] as const) {
    it(`of the machine ${name.slice(-12)} is ${hostname.slice(-12)}`, () => {
      expect(hostnameFor(name)).to.equal(hostname)
      expect(() => cloudInitFiles({ ...bare, hostname })).to.not.throw()
    })
  }
})
