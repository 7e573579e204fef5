import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { BayError, UsageError } from '../../../src/errors.js'
import { applyProfile } from '../../../src/provision/profile-apply.js'
import { profileDetails } from '../../../src/provision/profile-view.js'
import { findProfile, loadProfiles, profileFolders } from '../../../src/provision/profiles.js'
import { thrown } from '../thrown.js'

const GiB = 2 ** 30

describe('profiles', () => {
  let root: string
  let folders: string[]
  const put = (folder: number, name: string, text: string) => writeFileSync(join(folders[folder] ?? '', name), text)
  const find = (name: string) => findProfile(name, folders)
  const fault = async (text: string): Promise<string> => {
    put(0, 'bad.yaml', text)
    const error = await thrown(() => find('bad'))
    expect(error).to.be.instanceOf(UsageError)
    return error instanceof BayError ? [error.message, ...error.hints].join(' | ').replaceAll(`${root}/`, '') : ''
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bay-profiles-'))
    folders = ['built-in', 'etc', 'home'].map((name) => join(root, name))
    for (const folder of folders) mkdirSync(folder)
  })
  afterEach(() => rmSync(root, { recursive: true }))

  it('reads every key', async () => {
    put(0, 'all.yaml', `
description: all of it
os: windows
vcpus: 512
memory: 1.5GiB
disks:
  - {size: 20G, pool: fast, format: raw, bus: scsi}
  - size: 1000B
networks: [lan, bridge=br0, user]
filter: web
graphics: spice
video: qxl
firmware: uefi
secureBoot: true
tpm: false
cpu: host-model
virt: qemu
clock: localtime
hyperv: true
virtio: true
packages: [nginx, '@core', 'libstdc++6', python3=3.11.2-1]
run:
  - systemctl enable --now nginx
  - |
    echo one
    echo two
user: admin
timezone: Europe/Berlin
autostart: true
`)
    const { name, source, extends: parent, fields } = await find('all')
    expect([name, source, parent]).to.deep.equal(['all', join(root, 'built-in/all.yaml'), null])
    expect(fields).to.deep.equal({
      description: 'all of it', os: 'windows', vcpus: 512, memory: 1.5 * GiB,
      disks: [{ size: 20 * GiB, pool: 'fast', format: 'raw', bus: 'scsi' }, { size: 1024 }], networks: ['lan', 'bridge=br0', 'user'],
      filter: 'web', graphics: 'spice', video: 'qxl', firmware: 'uefi', secureBoot: true, tpm: false, cpu: 'host-model', virt: 'qemu',
      clock: 'localtime', hyperv: true, virtio: true, packages: ['nginx', '@core', 'libstdc++6', 'python3=3.11.2-1'],
      run: ['systemctl enable --now nginx', 'echo one\necho two\n'], user: 'admin', timezone: 'Europe/Berlin', autostart: true,
    })
    expect(Object.values(profileDetails(await find('all'))).filter((value) => value === null)).to.deep.equal([null])
  })

  const wrong: [text: string, says: string][] = [
    ['memroy: 2G', 'built-in/bad.yaml has the unknown key "memroy" | did you mean memory? | the keys of a profile: extends, description'],
    ['disks: [{size: 1G, sizw: 2}]', 'built-in/bad.yaml: disks[0] has the unknown key "sizw" | did you mean size? | the keys of a disk: size, pool, format, bus'],
    ['__proto__: {a: 1}', 'has the unknown key "__proto__"'],
    ['memory: 2048', 'built-in/bad.yaml: memory "2048" has no unit | write 2048M or 2G'],
    ['memory: 4 GB', 'built-in/bad.yaml: memory "4 GB" is not a size | write 4GB'],
    ['memory: 65T', 'built-in/bad.yaml: memory is between 1M and 64T, not 65T'],
    ['memory: 1K', 'built-in/bad.yaml: memory is between 1M and 64T, not 1K'],
    ['memory: [1G]', 'built-in/bad.yaml: memory is a size, such as 512M or 20G, not a list'],
    ['vcpus: 0', 'built-in/bad.yaml: vcpus is a whole number from 1 to 512, not 0'],
    ['vcpus: 513', 'from 1 to 512, not 513'],
    ['vcpus: 2.5', 'from 1 to 512, not 2.5'],
    ['vcpus: "2"', 'from 1 to 512, not "2"'],
    ['vcpus:', 'from 1 to 512, not empty'],
    ['vcpus: .inf', 'from 1 to 512, not Infinity'],
    ['os: widnows', 'built-in/bad.yaml: os is one of linux, debian, ubuntu'],
    ['os: widnows', 'not "widnows" | did you mean windows?'],
    ['disks: 20G', 'built-in/bad.yaml: disks must be a list: lines of - ENTRY, not "20G"'],
    ['disks: []', 'built-in/bad.yaml: disks is an empty list | leave the key out'],
    ['disks: [20G]', 'built-in/bad.yaml: disks[0] is a mapping, not "20G" | write - size: 20G'],
    ['disks: [{pool: a}]', 'built-in/bad.yaml: disks[0] has no size | add size: 20G'],
    ['disks: [{size: 3P}]', 'built-in/bad.yaml: disks[0].size is at most 2P, not 3P'],
    ['networks: [none, lan]', 'built-in/bad.yaml: networks: none excludes the others'],
    ['networks: [bridge=a-name-that-is-too-long]', 'built-in/bad.yaml: networks[0]: bridge name "a-name-that-is-too-long" is too long'],
    ['networks: [""]', 'built-in/bad.yaml: networks[0] is empty'],
    ['autostart: yes', 'built-in/bad.yaml: autostart is true or false, not "yes" | write true'],
    ['packages: ["nginx; rm -rf /"]', 'built-in/bad.yaml: packages[0] is the name of a package, not "nginx; rm -rf /" | such as nginx'],
    ['packages: [--force]', 'packages[0] is the name of a package'],
    [`run: ["${'x'.repeat(4097)}"]`, 'built-in/bad.yaml: run[0] has 4097 characters, more than 4096'],
    ['run: ["a\\0b"]', 'built-in/bad.yaml: run[0] has a control or invisible character'],
    ['run: [1]', 'built-in/bad.yaml: run[0] is a text, not 1 | put it in quotes'],
    ['description: "a\\u202eb"', 'built-in/bad.yaml: description has a control or invisible character'],
    ['user: "root:x"', 'built-in/bad.yaml: user is the name of a user'],
    ['timezone: Europe/Berln', 'built-in/bad.yaml: timezone: there is no time zone Europe/Berln'],
    ['timezone: "+01:00"', 'built-in/bad.yaml: timezone is the name of a time zone'],
    ['{firmware: bios, secureBoot: true}', 'built-in/bad.yaml: secure boot needs UEFI firmware'],
    ['- a', 'built-in/bad.yaml must be a profile: lines of KEY: VALUE, not a list'],
    ['', 'built-in/bad.yaml is empty'],
    ['a: [', 'built-in/bad.yaml:1: '],
    ['vcpus: 1\nvcpus: 2', 'built-in/bad.yaml:2: Map keys must be unique'],
    ['vcpus: *nothing', 'built-in/bad.yaml'],
    [`x: ${'y'.repeat(70_000)}`, 'built-in/bad.yaml is too large for a profile: more than 64K'],
    ['extends: nothing', 'built-in/bad.yaml: extends: there is no profile named nothing'],
    ['extends: bad', 'built-in/bad.yaml: extends: bad names the profile itself'],
    ['extends: ../../etc/passwd', 'built-in/bad.yaml: extends is the name of a profile'],
  ]
  for (const [text, says] of wrong) {
    it(`refuses ${JSON.stringify(text.slice(0, 50))}`, async () => expect(await fault(text)).to.include(says))
  }

  it('a later folder\'s file wins whole, and unknown files and folders do not matter', async () => {
    put(0, 'web.yaml', 'vcpus: 1\nmemory: 1G')
    put(2, 'web.yml', 'vcpus: 3')
    for (const name of ['notes.txt', '.web.yaml.swp', '.hidden.yaml', 'a b.yaml']) put(1, name, ': nothing that could be read [')
    expect((await find('web')).fields).to.deep.equal({ vcpus: 3 })
    const all = await loadProfiles([...folders, join(root, 'missing'), join(root, 'etc', 'notes.txt')])
    expect(all.map(({ name, source }) => [name, source])).to.deep.equal([['web', join(root, 'home/web.yml')]])
  })

  it('extends: scalars, disks and networks replace; packages and commands add up', async () => {
    put(0, 'base.yaml', 'vcpus: 1\nmemory: 1G\ndisks: [{size: 1G}, {size: 2G}]\nnetworks: [a]\npackages: [p, q]\nrun: [r]')
    put(0, 'mid.yaml', 'extends: base\ndescription: middle\nmemory: 2G\nnetworks: [b, c]\npackages: [q, s]\nrun: [r]')
    put(1, 'top.yaml', 'extends: mid\ndisks: [{size: 3G}]\npackages: [t]')
    expect(await find('top')).to.deep.include({ extends: 'mid', fields: {
      description: 'middle', vcpus: 1, memory: 2 * GiB, disks: [{ size: 3 * GiB }], networks: ['b', 'c'], packages: ['p', 'q', 's', 't'], run: ['r', 'r'],
    } })
  })

  it('extends: its own name means the file that it hides; those that extend it get the new one', async () => {
    put(0, 'small.yaml', 'vcpus: 1\nmemory: 1G')
    put(0, 'web.yaml', 'extends: small')
    put(1, 'small.yaml', 'extends: small\nnetworks: [lan]')
    put(2, 'small.yaml', 'extends: small\nmemory: 3G')
    expect((await find('web')).fields).to.deep.equal({ vcpus: 1, memory: 3 * GiB, networks: ['lan'] })
  })

  it('refuses circles and two spellings of one name', async () => {
    put(0, 'a.yaml', 'extends: b')
    put(0, 'b.yaml', 'extends: c')
    put(0, 'c.yaml', 'extends: a')
    expect(await thrown(() => find('a'))).to.be.instanceOf(UsageError).with.property('message').that.matches(/c\.yaml: extends: a leads in a circle$/)
    put(1, 'x.yaml', 'vcpus: 1')
    put(1, 'x.yml', 'vcpus: 1')
    expect(await thrown(() => find('b'))).to.be.instanceOf(UsageError).with.property('message', `${root}/etc has both x.yaml and x.yml`)
  })

  it('a mistake in one file does not stop another from being used', async () => {
    put(0, 'good.yaml', 'vcpus: 1')
    put(0, 'bad.yaml', 'vcpus: many')
    expect((await find('good')).fields).to.deep.equal({ vcpus: 1 })
    expect(await thrown(() => loadProfiles(folders))).to.be.instanceOf(UsageError)
    expect(await thrown(() => find('goood'))).to.deep.include({ code: 'not-found', message: 'there is no profile named goood', hints: ['did you mean good?', 'see what there is: bay profile list'] })
    for (const name of ['../built-in/good', 'good.yaml', '', '__proto__']) expect(await thrown(() => find(name)), name).to.have.property('code', 'not-found')
  })

  it('refuses what is no file', async () => {
    mkdirSync(join(root, 'etc/folder.yaml'))
    symlinkSync('/dev/zero', join(root, 'etc/zero.yaml'))
    for (const name of ['folder', 'zero']) expect(await thrown(() => find(name))).to.be.instanceOf(UsageError).with.property('message').that.includes('is no file')
  })
})

describe('profiles: what was given, the profile, the defaults', () => {
  const profile = { name: 'p', source: '/p.yaml', extends: null, fields: {
    description: 'a profile', vcpus: 4, memory: GiB, disks: [{ size: GiB }], networks: ['lan'], packages: ['a'], run: ['x'], graphics: 'none' as const,
  } }

  it('defaults alone', () => {
    expect(applyProfile(undefined, {})).to.deep.equal({
      os: 'linux', vcpus: 2, memory: 2 * GiB, networks: ['default'], packages: [], run: [], autostart: false, profile: null,
    })
  })

  it('the profile over the defaults, without its own description', () => {
    expect(applyProfile(profile, {})).to.deep.equal({
      os: 'linux', vcpus: 4, memory: GiB, disks: [{ size: GiB }], networks: ['lan'], packages: ['a'], run: ['x'], graphics: 'none', autostart: false, profile: 'p',
    })
  })

  it('what was given over all; undefined is not given', () => {
    const given = { vcpus: 1, memory: undefined, disks: [{ size: 2 * GiB, pool: 'fast' }], networks: ['user'], packages: ['a', 'b'], run: ['y'], autostart: true }
    expect(applyProfile(profile, given)).to.deep.equal({
      os: 'linux', vcpus: 1, memory: GiB, disks: [{ size: 2 * GiB, pool: 'fast' }], networks: ['user'], packages: ['a', 'b'], run: ['x', 'y'],
      graphics: 'none', autostart: true, profile: 'p',
    })
    expect(profile.fields.packages).to.deep.equal(['a'])
  })

  it('refuses what contradicts the profile', () => {
    const secure = { ...profile, fields: { secureBoot: true } }
    expect(() => applyProfile(secure, { firmware: 'bios' })).to.throw(UsageError, 'the profile p: secure boot needs UEFI firmware')
    expect(applyProfile(secure, { firmware: 'bios', secureBoot: false })).to.include({ firmware: 'bios', secureBoot: false })
  })
})

describe('profiles: those that come with bay', () => {
  const [builtIn = ''] = profileFolders()

  it('are all right, described, and have nothing that depends on a host', async () => {
    const all = await loadProfiles([builtIn])
    expect(all.map(({ name }) => `${name}.yaml`).sort()).to.deep.equal(readdirSync(builtIn).sort())
    for (const { name, fields } of all) {
      expect(fields.description, name).to.match(/^.{10,80}$/)
      expect(fields, name).to.include.keys('vcpus', 'memory', 'disks')
      expect(fields, name).to.not.have.any.keys('networks', 'filter', 'virt', 'cpu', 'firmware', 'secureBoot')
      expect(fields.disks?.some(({ pool }) => pool !== undefined), name).to.equal(false)
    }
  })
})
