import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bay, program } from '../lab/bay.js'
import { keys, onTerminal, type Terminal, type Typed } from './on-terminal.js'
import { SandboxHost } from './sandbox-host.js'

const { enter } = keys

/** All questions for an empty disk, the last of the sources. */
const empty: Typed[] = [
  ['Name', `web-1${enter}`], ['boot from', `${keys.up}${enter}`], ['Profile', enter], ['Virtual CPUs', `3${enter}`],
  ['Memory', `1${enter}`], ['no unit', `${'\u007f'}1G${enter}`], ['Disk', `5G${enter}`], ['Network', `${keys.up}${enter}`],
]

/** What is said of a machine, but for what is another each time. */
async function described(host: SandboxHost, name: string): Promise<object> {
  const shown = await bay(['vm', 'show', name, '-o', 'json'], { uri: host.uri })
  expect(shown.code, shown.stderr).to.equal(0)
  return JSON.parse(shown.stdout.replaceAll(/"(uuid|mac|id|uptime|cpuTime)": [^\n]*/g, '')
    .replaceAll(/,(\s*[}\]])/g, '$1').replaceAll(/([{[,]\s*),/g, '$1').replaceAll(/^\s*,?\s*\n/gm, '')) as object
}

async function names(host: SandboxHost): Promise<string[]> {
  return (await bay(['vm', 'list', '-q'], { uri: host.uri })).stdout.split('\n').filter((name) => name !== '')
}

/** The command line that it ends with. */
function equalLine({ screen }: Terminal): string {
  return /the same without questions:\n(bay [^]*?)\n\s*$/.exec(screen)?.[1]?.replaceAll(/\s*\n/g, '') ?? `none in ${screen}`
}

describe('bay vm create on a terminal', function () {
  this.timeout(60_000)

  it('asks for all that is left open, makes the machine, and prints a command line that makes an equal one', async () => {
    using host = new SandboxHost()
    using other = new SandboxHost()
    const asked = await onTerminal('vm create', [...empty, ['create it?', `y${enter}`]], { uri: host.uri })
    expect(asked.code, asked.screen).to.equal(0)
    expect(asked.screen).to.match(/Boots from: +an empty disk\n/).and.include('vm web-1: created and started')
    const line = equalLine(asked)
    expect(line).to.equal(`bay -c ${host.uri} vm create web-1 --empty --vcpus 3 --memory 1G --disk 5G --network none`)
    const again = line.replace(/^bay /, `'${process.execPath}' '${program}' `).replace(host.uri, other.uri)
    execFileSync('sh', ['-c', again], { stdio: 'pipe', env: { PATH: process.env['PATH'], HOME: other.folder } })
    expect(await described(other, 'web-1')).to.deep.equal(await described(host, 'web-1')).and.to.include({ vcpus: 3, memory: 2 ** 30 })
  })

  it('asks for nothing that was given, not whether it shall with --yes, and for nothing at all when all is given', async () => {
    using host = new SandboxHost()
    const flags = '--empty --memory 1G --vcpus 1 --network none --disk 1G --no-start'
    const some = await onTerminal(`vm create ${flags} --yes`, [['Name', `web-2${enter}`], ['Profile', enter]], { uri: host.uri })
    expect(some.code, some.screen).to.equal(0)
    expect(some.screen).to.not.match(/boot from|Virtual CPUs|Memory \(|\? Disk|\? Network|create it\?/)
    const none = await onTerminal(`vm create web-3 ${flags}`, [], { uri: host.uri })
    expect(none.code, none.screen).to.equal(0)
    expect(none.screen).to.not.include('?')
    expect(await names(host)).to.deep.equal(['web-2', 'web-3'])
  })

  it('offers the host\'s images and pools, and knows what a profile says', async () => {
    using host = new SandboxHost()
    for (const line of ['vol create default/image-deb.qcow2 --size 2G', 'pool create fast --path /fast']) {
      expect((await bay(line.split(' '), { uri: host.uri })).code).to.equal(0)
    }
    mkdirSync(join(host.folder, '.ssh'))
    writeFileSync(join(host.folder, '.ssh/id.pub'), `ssh-ed25519 ${Buffer.concat([Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20'), Buffer.alloc(32, 7)]).toString('base64')} me@here\n`)
    const asked = await onTerminal('vm create it --profile medium --dry-run', [
      ['the image deb, 2G', enter], ['Link to the image', `y${enter}`], ['Virtual CPUs (2)', enter], ['Memory (4G)', enter], ['Disk (40G)', enter],
      ['pool', `${keys.down}${enter}`], ['Network', enter], ['A user', `o'neil${enter}`], ['is not valid', `${'\u007f'.repeat(6)}ann${enter}`],
      ['SSH key', `${keys.down}${enter}`],
    ], { uri: host.uri, home: host.folder })
    expect(asked.code, asked.screen).to.equal(0)
    expect(equalLine(asked)).to.equal(`bay -c ${host.uri} vm create it --profile medium --dry-run --image deb --linked --disk 40G,pool=fast --user ann `
      + `--ssh-key ${host.folder}/.ssh/id.pub`)
    expect(await names(host)).to.deep.equal([])
  })

  for (const [what, at] of Object.entries({ 'the first question': 0, 'a list': 1, 'the last question': empty.length })) {
    it(`is interrupted by Ctrl-C at ${what}: nothing is made, and the terminal is as before`, async () => {
      using host = new SandboxHost()
      const all: Typed[] = [...empty, ['create it?', '']]
      const asked = await onTerminal('vm create', [...all.slice(0, at), [all[at]?.[0] ?? '', keys.interrupt]], { uri: host.uri })
      expect(asked.code, asked.screen).to.equal(130)
      expect(asked.screen).to.include('bay: interrupted')
      expect(asked.modes).to.match(/ icanon /).and.match(/ echo /)
      expect(await names(host)).to.deep.equal([])
    })
  }

  it('makes nothing after a no', async () => {
    using host = new SandboxHost()
    const asked = await onTerminal('vm create', [...empty, ['create it?', `n${enter}`]], { uri: host.uri })
    expect(asked.screen).to.include('not confirmed; nothing was changed')
    expect(asked.code).to.equal(1)
    expect(await names(host)).to.deep.equal([])
  })

  it('does not ask without a terminal or with --no-input: the errors name what is missing', async () => {
    const never = await onTerminal('vm create --no-input', [])
    expect(never.code).to.equal(2)
    expect(never.screen).to.include('the machine has no name').and.not.include('?')
    const [unnamed, sourceless] = await Promise.all([['vm', 'create'], ['vm', 'create', 'web']].map((line) => bay(line, { uri: 'test:///default' })))
    expect([unnamed?.code, sourceless?.code]).to.deep.equal([2, 2])
    expect(sourceless?.stderr).to.include('--image FILE, --iso FILE, --kernel FILE, or --empty')
  })
})
