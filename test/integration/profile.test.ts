import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { bay } from '../lab/bay.js'

// A host that nobody answers for: profiles must not ask for one.
const uri = 'qemu+unix:///system?socket=/nowhere'

describe('bay profile', () => {
  let config: string
  const run = (...args: string[]) => bay(['profile', ...args], { uri, env: { XDG_CONFIG_HOME: config } })

  before(() => {
    config = mkdtempSync(join(tmpdir(), 'bay-config-'))
    mkdirSync(join(config, 'bay', 'profiles'), { recursive: true })
    writeFileSync(join(config, 'bay', 'profiles', 'web.yaml'), 'extends: debian-12\nmemory: 3G\npackages: [nginx]\n')
  })
  after(() => rmSync(config, { recursive: true }))

  it('list shows those that come with bay and one\'s own', async () => {
    const list = await run('list', '-o', 'json')
    const rows = list.json() as { name: string }[]
    expect(list.code).to.equal(0)
    expect(rows.map(({ name }) => name)).to.include.members(['small', 'medium', 'large', 'debian-12', 'windows-11', 'web'])
    expect(rows.find(({ name }) => name === 'web')).to.deep.equal({
      name: 'web', description: 'Debian 12, with the user debian and the guest agent', os: 'debian', vcpus: 1, memory: 3 * 2 ** 30,
      source: join(config, 'bay/profiles/web.yaml'),
    })
    const table = await run('list', '--filter', 'name=web')
    expect(table.stdout).to.match(/^NAME +OS +VCPUS +MEMORY +DESCRIPTION\nweb +debian +1 +3G +Debian 12, .*\n$/)
    expect((await run('list', '-q', '--filter', 'os~=^windows')).stdout).to.equal('windows-11\nwindows-server\n')
  })

  it('show gives what it says, to people only that', async () => {
    const text = await run('show', 'web')
    expect(text.stdout.replaceAll(/ +/g, ' ')).to.equal([
      'Name: web', 'Description: Debian 12, with the user debian and the guest agent', `Source: ${join(config, 'bay/profiles/web.yaml')}`,
      'Extends: debian-12', 'System: debian', 'vCPUs: 1', 'Memory: 3G', 'Disks: 10G', 'User: debian', 'Packages: qemu-guest-agent,nginx', '',
    ].join('\n'))
    expect((await run('show', 'web', '-o', 'json')).json()).to.include({ memory: 3 * 2 ** 30, firmware: null, autostart: null })
      .and.deep.include({ disks: [{ size: 10 * 2 ** 30, pool: null, format: null, bus: null }], networks: [], run: [] })
    expect((await run('show', 'web', '-o', 'yaml')).stdout).to.match(/^name: web\n/)
    expect((await run('show', 'web', '-o', 'name')).stdout).to.equal('web\n')
    expect(await run('show', 'web', '-o', 'xml')).to.include({ code: 2, stdout: '' })
  })

  it('show names what is near', async () => {
    expect(await run('show', 'debain-12')).to.include({
      code: 4, stdout: '', stderr: 'bay: there is no profile named debain-12\n  try: did you mean debian-12?\n  try: see what there is: bay profile list\n',
    })
  })

  it('a wrong file is named with its key; the others can still be shown', async () => {
    const file = join(config, 'bay', 'profiles', 'broken.yaml')
    writeFileSync(file, 'memroy: 2G\n')
    const failed = await run('list')
    rmSync(file)
    expect(failed).to.include({ code: 2, stdout: '' })
    expect(failed.stderr).to.match(/^bay: .*broken\.yaml has the unknown key "memroy"\n {2}try: did you mean memory\?\n/)
  })
})
