import { expect } from 'chai'
import { bayEnvironment, program } from '../lab/bay.js'
import { run, type Outcome } from '../lab/script.js'
import { suiteRig, type Rig } from './rig.js'

// The shell's side of things: what bay's stdin, stdout and stderr may be, and who sends signals.
describe('bad input: streams', function () {
  this.timeout(60_000)
  let rig: Rig
  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    await Promise.all(['stream-1', 'stream-2'].map((name) => rig.does('vm', 'create', name, ...rig.deaf, '--network', 'none', '--no-start')))
  })
  after(() => rig?.clean('stream'))

  /** A line of bash in which `bay` is the program; -e is not set, so its exit codes can be looked at. */
  function shell(line: string): Promise<Outcome> {
    const env = { ...bayEnvironment({ uri: rig.host.uri }), NODE: process.execPath, PROGRAM: program }
    const script = `bay() { "$NODE" "$PROGRAM" "$@"; }; ${line}`
    return run('env', ['-i', ...Object.entries(env).map(([key, value]) => `${key}=${value}`), 'bash', '-c', script])
  }

  for (const list of ['vm list', 'vm list -o json', 'vm list -o yaml', 'vm list -o csv', 'vm xml stream-1', '--help', 'vm create --help']) {
    it(`${list} | head -1: the reader that leaves is no error`, async () => {
      const { stdout, stderr } = await shell(`bay ${list} | head -1; echo "\${PIPESTATUS[0]}"`)
      expect(stdout.trimEnd().split('\n')).to.have.length(2).and.satisfy(([, code]: string[]) => code === '0')
      expect(stderr).to.equal('')
    })
  }

  it('the reader left before anything came', async () => {
    const { stdout, stderr } = await shell('bay vm list -o json | true; echo "${PIPESTATUS[0]}"')
    expect({ stdout, stderr }).to.deep.equal({ stdout: '0\n', stderr: '' })
  })

  for (const line of ['vm list', 'vm list -o json', 'vm show stream-1', 'vm xml stream-1', 'vm autostart stream-1']) {
    it(`${line} > /dev/full: exit 1, and why`, async () => {
      const { stdout, stderr } = await shell(`bay ${line} > /dev/full; echo $?`)
      expect(stdout).to.equal('1\n')
      expect(stderr).to.match(/^bay: cannot write the result: No space left on device.*\n$/)
    })
  }

  it('what was done before the line about it could not be written is done', async () => {
    await shell('bay vm autostart stream-1 stream-2 > /dev/full')
    expect(await rig.virsh('dominfo', 'stream-1')).to.match(/Autostart: +enable/)
  })

  it('stderr is full or closed: the work and the exit code are the same', async () => {
    const { stdout } = await shell('bay vm show nothing 2> /dev/full; echo $?; bay vm show nothing 2>&-; echo $?; bay vm show stream-1 -q 2>&-; echo $?')
    expect(stdout).to.equal('4\n4\nstream-1\n0\n')
  })

  it('stdout is closed: a clear line', async () => {
    const { stdout, stderr } = await shell('{ bay vm list >&-; } 2>&1; echo $?')
    expect(stdout + stderr).not.to.match(/\n +at |internal error|Error:/)
    expect(stdout).to.match(/^(bay: .*\n1|0)\n$/)
  })

  it('stdin is closed, empty or endless: nobody reads it', async () => {
    const { stdout, stderr } = await shell('bay vm list -q <&-; echo $?; bay vm list -q </dev/null; echo $?; bay vm list -q </dev/zero; echo $?')
    const names = 'stream-1\nstream-2\n0\n'
    expect(stderr).to.equal('')
    expect(stdout.split('0\n').map((part) => part.includes('stream-1'))).to.deep.equal([true, true, true, false])
    expect(stdout.endsWith(names)).to.equal(true)
  })

  it('stdin where XML is wanted: closed or a terminal', async () => {
    const closed = await shell('bay vm define - <&-; echo $?')
    expect(closed.stdout).to.equal('2\n')
    expect(closed.stderr).to.match(/^bay: .*\n/).and.not.match(/internal error/)
    const terminal = await shell(`script -qec '"$NODE" "$PROGRAM" vm define -' /dev/null </dev/null; echo $?`)
    expect(terminal.stdout.replaceAll('\r', '')).to.match(/^bay: - reads standard input, which is a terminal\n {2}try: .*\n2\n$/)
  })

  it('a terminal is asked, and its no changes nothing', async () => {
    for (const [answer, code] of [['n', 1]] as const) {
      const { stdout } = await shell(`{ sleep 2; echo '${answer}'; sleep 1; } | script -qec '"$NODE" "$PROGRAM" vm delete stream-2' /dev/null; echo "=\${PIPESTATUS[1]}"`)
      expect(stdout).to.contain('delete stream-2 with their disks?')
      expect(stdout.trimEnd().split('\n').at(-1)).to.equal(`=${code}`)
    }
    expect(await rig.state('stream-2')).to.equal('shut off')
  })

  it('NO_COLOR, TERM=dumb and pipes: no escape sequence in anything', async () => {
    for (const line of ['vm list', 'vm show stream-1', 'vm show nothing', 'vm list --nope', '--help', 'vm create x --virt qemu --empty --network none --dry-run']) {
      const { stdout, stderr } = await shell(`TERM=xterm-256color bay ${line}`)
      expect(stdout + stderr, line).not.to.contain('\x1b')
    }
    const dumb = await shell(`TERM=dumb script -qec '"$NODE" "$PROGRAM" vm list; "$NODE" "$PROGRAM" vm nothing' /dev/null </dev/null`)
    expect(dumb.stdout).to.contain('stream-1').and.not.contain('\x1b')
  })
})
