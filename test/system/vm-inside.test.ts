import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { PNG } from 'pngjs'
import { program } from '../lab/bay.js'
import { tinyGuest } from '../lab/guest.js'
import { run } from '../lab/script.js'
import { suiteRig, type Rig } from './rig.js'

// One guest with an agent and a display: its console, a picture, files in and out.
describe('a look inside a machine', function () {
  this.timeout(60_000)
  let rig: Rig
  const inside = (verb: string, ...args: string[]) => rig.bay(['vm', verb, 'inside', ...args])

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    const { kernel, initrd, cmdline } = await tinyGuest('agent')
    await rig.does('vm', 'create', 'inside', '--virt', 'qemu', '--vcpus', '1', '--memory', '192M', '--graphics', 'vnc', '--kernel', kernel,
      '--initrd', initrd, '--cmdline', cmdline, '--network', 'none', '--no-start')
    expect((await inside('console', '--until', 'x')).code).to.equal(5)
    expect((await inside('screenshot')).code).to.equal(5)
    await rig.does('vm', 'start', 'inside')
  })
  after(() => rig?.clean('inside'))

  it('console: a script waits, types and ends; a pipe is typed', async () => {
    const script = await inside('console', '--until', 'GUEST-READY', '--send', 'echo a$((1+1))b\\n', '--until', '^a2b', '--timeout', '50s')
    expect(script.stdout).to.match(/^a2b\r?$/m)
    expect(script.code).to.equal(0)
    const piped = await rig.bay(['vm', 'console', 'inside', '--timeout', '2s'], { stdin: 'echo from-a-pipe-$((3*3))\n' })
    expect(piped).to.include({ code: 0 }).and.have.property('stdout').that.matches(/^from-a-pipe-9\r?$/m)
    const json = (await inside('console', '--send', 'printf "c\\\\033[1md\\\\n"\\n', '--until', '^cd', '--timeout', '20s', '-o', 'json')).json()
    expect(json).to.deep.include({ name: 'inside', ended: 'done', encoding: 'utf8' })
    expect(await inside('console', '--until', 'never', '--timeout', '1s')).to.include({ code: 124 })
    expect((await inside('console', '--until', '(')).code).to.equal(2)
  })

  it('console: another reader is told, and can be cut off', async () => {
    const first = rig.start(['vm', 'console', 'inside', '--until', 'never'])
    await rig.does('vm', 'list')
    let second = await inside('console', '--send', '\\n', '--timeout', '1s')
    for (let tries = 0; second.code === 0 && tries < 20; tries += 1) second = await inside('console', '--send', '\\n', '--timeout', '1s')
    expect(second.stderr).to.match(/^bay: somebody else has the console of inside .*\n {2}try: bay vm console --force inside/)
    expect(second.code).to.equal(75)
    expect((await inside('console', '--force', '--send', '\\n', '--timeout', '1s')).code).to.equal(0)
    const cut = await first.done
    expect(cut.stderr).to.match(/^bay: somebody else has taken the console of inside/)
    expect(cut.code).to.equal(75)
  })

  it('console: a terminal gets its modes back when it is left', async () => {
    const command = `stty -a > ${rig.files}/before; LIBVIRT_DEFAULT_URI='${rig.host.uri}' ${process.execPath} ${program} vm console inside; `
      + `echo code $?; stty -a > ${rig.files}/after`
    const typed = `(sleep 3; printf 'echo on-a-terminal\\r'; sleep 1; printf '\\035'; sleep 1) | script -qec "${command.replaceAll('$', '\\$')}" /dev/null`
    const { stdout } = await run('bash', ['-c', typed])
    expect(stdout).to.contain('connected to inside; Ctrl-] leaves').and.contain('on-a-terminal').and.contain('code 0')
    expect(readFileSync(join(rig.files, 'after'), 'utf8')).to.equal(readFileSync(join(rig.files, 'before'), 'utf8'))
  })

  it('screenshot: a PNG for its owner alone, which is not replaced unasked', async () => {
    const file = join(rig.files, 'inside.png')
    const shot = await rig.json<{ width: number, height: number, path: string }>('vm', 'screenshot', 'inside', '--file', file)
    const { width, height } = PNG.sync.read(readFileSync(file))
    expect(shot).to.include({ width, height, path: file })
    expect(width).to.be.within(320, 4096)
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    expect((await inside('screenshot', '--file', file)).code).to.equal(5)
    expect((await inside('screenshot', '--file', file, '--force')).code).to.equal(0)
    expect((await inside('screenshot', '--preview')).code).to.equal(2)
    expect(readdirSync(rig.files).filter((name) => name.startsWith('.bay-'))).to.deep.equal([])
  })

  it('push and pull: the same bytes, permissions, and nothing half', async () => {
    await rig.does('vm', 'wait', 'inside', '--for', 'agent')
    const [here, back] = [join(rig.files, 'sent'), join(rig.files, 'back')]
    const bytes = randomBytes(process.env['BAY_TEST_LONG'] === '1' ? 5_000_000 : 150_000)
    writeFileSync(here, bytes, { mode: 0o640 })
    const late = await inside('push', here, '/nowhere/file')
    expect(late.stderr).to.match(/^bay: there is no directory \/nowhere in inside .*\n {2}try: bay vm exec inside -- mkdir -p \/nowhere/m)
    expect(late.code).to.equal(4)
    expect(await rig.json('vm', 'push', 'inside', here, '/run/', '--verify')).to.include({ changed: true, remote: '/run/sent', bytes: bytes.length })
    expect(await rig.json('vm', 'push', 'inside', here, '/run/sent')).to.include({ changed: false })
    await rig.does('vm', 'pull', 'inside', '/run/sent', back)
    expect(readFileSync(back).equals(bytes)).to.equal(true)
    expect((await rig.bay(['vm', 'push', 'inside', '-', '/run/sent'], { stdin: 'short\n' })).code).to.equal(0)
    expect((await inside('pull', '/run/sent', '-')).stdout).to.equal('short\n')
    expect((await inside('exec', '--', 'stat', '-c', '%a', '/run/sent')).stdout).to.equal('640\n')
    expect((await inside('push', here, '/run/cut', '--timeout', '1ms')).code).to.equal(124)
    expect((await inside('exec', '--', 'sh', '-c', 'echo /run/*part* /run/cut*')).stdout).to.equal('/run/*part* /run/cut*\n')
  })

  it('pull: says what is not there, and what is no file', async () => {
    const refused = async (path: string, code: number, pattern: RegExp) => {
      const result = await inside('pull', path, join(rig.files, 'none'))
      expect(result.stderr).to.match(pattern)
      expect(result.code).to.equal(code)
    }
    await refused('/no/such', 4, /^bay: there is no \/no\/such in inside/m)
    await refused('/run', 2, /is a directory/)
    await refused('/dev/ttyS0', 2, /is no file/)
    await refused('relative', 2, /begin it with \//)
    expect(readdirSync(rig.files)).to.not.include('none')
  })

  it('console: a machine that goes off ends it, with words', async () => {
    const ended = await inside('console', '--send', 'poweroff -f\\n', '--until', 'never', '--timeout', '30s')
    expect(ended.stderr).to.match(/inside went off before its console showed never/)
    expect(ended.code).to.equal(5)
  })
})
