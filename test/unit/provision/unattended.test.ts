import { expect } from 'chai'
import fc from 'fast-check'
import { parse as parseYaml } from 'yaml'
import { UsageError } from '../../../src/errors.js'
import { Secret } from '../../../src/provision/password.js'
import { answerFor } from '../../../src/provision/unattended/answer.js'
import type { LinuxInstall, LinuxInstaller } from '../../../src/provision/unattended/spec.js'
import { awkward, fixed, hash, key, linux } from './unattended-specs.js'

const families: LinuxInstaller[] = ['ubuntu', 'debian', 'fedora', 'rhel']
const main = { ubuntu: 'user-data', debian: 'preseed.cfg', fedora: 'ks.cfg', rhel: 'ks.cfg' }
const file = (spec: LinuxInstall, name = main[spec.os]) => answerFor(spec).files.get(name) ?? ''

describe('answers for Linux installers', () => {
  it('reach the installer in the family\'s way', () => {
    const ways = families.map((os) => answerFor({ ...linux, os }))
    expect(ways.map(({ how }) => how)).to.deep.equal([{ kind: 'cd', label: 'cidata' }, { kind: 'initrd' }, { kind: 'initrd' }, { kind: 'initrd' }])
    expect(ways.map(({ kernel }) => kernel?.args)).to.deep.equal([
      'autoinstall', 'auto=true priority=critical', 'inst.ks=file:/ks.cfg inst.text', 'inst.ks=file:/ks.cfg inst.text',
    ])
    expect(answerFor({ ...linux, os: 'rhel', answersOn: 'cd' })).to.deep.include({ how: { kind: 'cd', label: 'OEMDRV' }, kernel: undefined })
    expect(answerFor({ ...linux, arch: 'aarch64', serial: true }).kernel).to.deep.equal({
      paths: [{ kernel: '/install.a64/vmlinuz', initrd: '/install.a64/initrd.gz' }], args: 'auto=true priority=critical console=tty0 console=ttyAMA0',
    })
  })

  it('say how the machine is run meanwhile', () => {
    expect(answerFor({ ...linux, os: 'ubuntu' }).during).to.deep.equal({ restarts: false, pressKey: false, discs: ['answers'] })
    expect(answerFor({ ...linux, os: 'debian' }).during).to.deep.equal({ restarts: false, pressKey: false, discs: [] })
  })

  it('say all to Ubuntu', () => {
    const text = file({ ...linux, os: 'ubuntu', storage: 'lvm', agent: true, mirror: 'http://mirror.example/ubuntu', network: fixed })
    const { autoinstall } = parseYaml(text) as { autoinstall: Record<string, unknown> }
    expect(text).to.match(/^#cloud-config\n/)
    expect(autoinstall).to.deep.equal({
      'version': 1, 'locale': 'de_DE.UTF-8', 'keyboard': { layout: 'de' }, 'timezone': 'Europe/Berlin',
      'network': { version: 2, ethernets: { nic0: {
        match: { macaddress: fixed.mac }, dhcp4: false, addresses: ['10.0.0.5/24'], routes: [{ to: '0.0.0.0/0', via: '10.0.0.1' }],
        nameservers: { addresses: ['10.0.0.1', '9.9.9.9'] },
      } } },
      'apt': { primary: [{ arches: ['default'], uri: 'http://mirror.example/ubuntu' }] },
      'storage': { layout: { 'name': 'lvm', 'sizing-policy': 'all', 'match': { path: '/dev/vda' } } },
      'identity': { hostname: 'web-1', username: 'anna', password: hash },
      'ssh': { 'install-server': true, 'authorized-keys': [key], 'allow-pw': true },
      'packages': ['nginx', 'qemu-guest-agent'],
      'user-data': { runcmd: [['sh', '-c', 'systemctl enable --now nginx']] },
      'shutdown': 'poweroff',
    })
  })

  it('say all to Debian, on the right disk', () => {
    const lines = file({ ...linux, network: fixed, mirror: 'https://mirror.example:8443/debian' }).split('\n')
    expect(lines).to.include.members([
      'd-i partman-auto/disk string /dev/vda', 'd-i grub-installer/bootdev string /dev/vda', 'd-i passwd/root-login boolean false',
      `d-i passwd/user-password-crypted password ${hash}`, 'd-i netcfg/get_netmask string 255.255.255.0', 'd-i partman/default_label string gpt',
      'd-i mirror/https/hostname string mirror.example:8443', 'd-i mirror/https/directory string /debian', 'd-i debian-installer/exit/poweroff boolean true',
    ])
    const bios = file({ ...linux, firmware: 'bios', disk: 'largest' })
    expect(bios).to.contain('list-devices disk').and.not.contain('/dev/vda').and.not.contain('partman-efi')
  })

  it('say all to Fedora and RHEL', () => {
    const lines = file({ ...linux, os: 'rhel', network: fixed, storage: 'lvm' }).split('\n')
    expect(lines).to.include.members([
      'cdrom', 'ignoredisk --only-use=vda', 'autopart --type=lvm', 'rootpw --lock', 'eula --agreed', 'poweroff', `sshkey --username='anna' '${key}'`,
      `user --name='anna' --groups=wheel --iscrypted --password='${hash}'`,
      `network --device=${fixed.mac} --bootproto=static --ip=10.0.0.5 --netmask=255.255.255.0 --gateway=10.0.0.1 --nameserver=10.0.0.1,9.9.9.9 --hostname='web-1' --activate`,
    ])
    expect(file({ ...linux, os: 'fedora', disk: 'largest', mirror: 'https://m.example/os/' })).to.contain('%include /tmp/bay-disk.ks')
      .and.contain(`url --url='https://m.example/os/'`).and.not.contain('eula')
  })

  for (const os of families) {
    it(`lock the password on ${os} when there is none, and let the key's owner use sudo`, () => {
      const spec = { ...linux, os, passwordHash: undefined }
      const all = [...answerFor(spec).files.values()].map((text) => text.replaceAll(/^[A-Za-z0-9+/=]{20,76}$/gm, decoded)).join('\n')
      expect(all).to.contain('anna ALL=(ALL) NOPASSWD:ALL').and.not.contain(hash)
      expect(() => answerFor({ ...spec, sshKeys: [] })).to.throw(UsageError, 'nobody could log in as anna')
    })

    it(`refuse on ${os} what a format could take for more than a value`, () => {
      const keys = ['hostname', 'user', 'locale', 'keyboard', 'timezone', 'disk', 'mirror'] as const
      for (const text of awkward) {
        for (const name of keys) expect(() => answerFor({ ...linux, os, [name]: text }), `${name} ${JSON.stringify(text)}`).to.throw(UsageError)
        expect(() => answerFor({ ...linux, os, packages: [text] }), `package ${JSON.stringify(text)}`).to.throw(UsageError)
        expect(() => answerFor({ ...linux, os, passwordHash: new Secret(`${hash}${text}`) }), `hash ${JSON.stringify(text)}`)[text === '' ? 'not' : 'to'].throw(UsageError)
      }
    })

    it(`have on ${os} the same lines whatever the text of a value, a command or a key is`, () => {
      const shape = shapeOf({ ...linux, os })
      const anything = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom(...awkward),
        fc.tuple(fc.constantFrom(...awkward), fc.string(), fc.constantFrom(...awkward)).map((parts) => parts.join('')))
      fc.assert(fc.property(fc.constantFrom('hostname', 'user', 'timezone', 'package', 'command', 'key', 'dns'), anything, (what, text) => {
        const spec: LinuxInstall = { ...linux, os, ...{
          hostname: { hostname: text }, user: { user: text }, timezone: { timezone: text }, package: { packages: [text] },
          command: { runCommands: [text] }, key: { sshKeys: [text] }, dns: { network: { ...fixed, dns: [text] } },
        }[what] }
        const found = accepted(() => shapeOf(spec))
        if (found !== undefined && what !== 'dns') expect(found).to.deep.equal(shape)
      }), { numRuns: 400 })
    })
  }

  const bad: [what: string, spec: Partial<LinuxInstall>, says: string][] = [
    ['a user of the system', { user: 'root' }, `the user root is the system's own`],
    ['a user that Debian\'s installer would ask about', { user: 'admin' }, `the user admin is the system's own`],
    ['a password that is not hashed', { passwordHash: new Secret('secret') }, 'the password of anna is not hashed'],
    ['an unknown time zone', { timezone: 'Europe/Atlantis' }, 'there is no time zone Europe/Atlantis'],
    ['a gateway elsewhere', { network: { ...fixed, gateway: '10.0.1.1' } }, 'is not in the network of 10.0.0.5/24'],
    ['a gateway that is the machine', { network: { ...fixed, gateway: '10.0.0.5' } }, `the machine's own address`],
    ['the network\'s address', { network: { ...fixed, address: '10.0.0.0' } }, `cannot be a machine's`],
    ['a short spelling of an address', { network: { ...fixed, address: '10.5' } }, 'is no IPv4 address'],
    ['a prefix out of range', { network: { ...fixed, prefix: 33 } }, 'is no prefix'],
    ['commands too long for one script', { runCommands: ['x'.repeat(70_000)] }, 'the commands to run are too long'],
    ['a second key behind the first', { sshKeys: [`${key}\n${key}`] }, 'has a control character'],
    ['a key behind a separator of lines', { sshKeys: [`${key}\u2028${key}`] }, 'has a control character'],
    ['an empty key', { sshKeys: [' '] }, 'an SSH key is empty'],
    ['a command with NUL', { runCommands: ['echo \0'] }, 'has a control character'],
    ['an empty command', { runCommands: ['\n'] }, 'a command to run is empty'],
    ['a group of dnf for apt', { packages: ['@core'] }, 'the package "@core" is not valid'],
  ]
  for (const [what, change, says] of bad) {
    it(`refuse ${what}`, () => expect(() => answerFor({ ...linux, ...change })).to.throw(UsageError, says))
  }
})

/** What an installer would take the answers for: questions, directives, keys; their number and order, without their values. */
function shapeOf(spec: LinuxInstall): unknown {
  const { files } = answerFor(spec)
  const text = file(spec)
  if (spec.os === 'ubuntu') return keysOf(parseYaml(text))
  if (spec.os === 'debian') return [[...files.keys()], text.split(/[\n\r\u2028\u2029\v\f]/).map((line) => line.split(/\s+/).slice(0, 3).join(' '))]
  // Base64 is as long as what it holds; a package is a line of its own.
  return text.split(/[\n\r\u2028\u2029\v\f]/).filter((line) => !/^[A-Za-z0-9+/=]{1,76}$/.test(line) || directives.has(line))
    .map((line) => line.split(/[\s=]/)[0]).filter((word) => !isPackage(spec, word))
}

const directives = new Set(['text', 'cdrom', 'zerombr', 'poweroff'])

function isPackage(spec: LinuxInstall, word: string | undefined): boolean {
  return word !== undefined && spec.packages.includes(word) && !directives.has(word)
}

function keysOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(keysOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, keysOf(inside)]))
}

/** Undefined when it is refused, as it should be: with an error that a user is meant to read. */
function accepted<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof UsageError) return undefined
    throw error
  }
}

function decoded(line: string): string {
  return Buffer.from(line, 'base64').toString()
}
