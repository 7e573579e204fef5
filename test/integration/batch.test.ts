import { expect } from 'chai'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bay, startBay, type BayResult } from '../lab/bay.js'
import { machine, SandboxHost } from './sandbox-host.js'

interface Line { line: number, command: string, exitCode: number, result: unknown, error: { code: string, message: string } | null }

function linesOf({ stdout }: BayResult): Line[] {
  return stdout.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Line)
}

async function host(...names: string[]): Promise<SandboxHost> {
  const sandbox = new SandboxHost()
  await sandbox.change((connection) => { for (const name of names) connection.defineDomain(machine(name))[Symbol.dispose]() })
  return sandbox
}

describe('bay batch', () => {
  it('runs lines one after another on one host, and gives a line of JSON for each', async () => {
    using sandbox = await host('web-1', 'a b')
    const stdin = '# the first\nbay vm start web-1\n\nvm start "a b"\nvm list --filter state=running --columns name\nvm start web-1'
    const result = await bay(['batch', '-c', sandbox.uri], { stdin })
    expect(result).to.include({ code: 0, stderr: '' })
    const lines = linesOf(result)
    expect(lines.map(({ line, command, exitCode }) => [line, command, exitCode])).to.deep.equal([
      [2, 'bay vm start web-1', 0], [4, 'vm start "a b"', 0], [5, 'vm list --filter state=running --columns name', 0], [6, 'vm start web-1', 0],
    ])
    expect(lines[0]?.result).to.include({ action: 'start', kind: 'vm', name: 'web-1', changed: true })
    expect(lines[2]?.result).to.be.an('array').with.length(2)
    expect(lines[3]?.result).to.include({ changed: false })
    expect(sandbox.text).to.match(/web-1/)
    expect((await bay(['vm', 'list', '-q', '--filter', 'state=running'], { uri: sandbox.uri })).stdout).to.equal('a b\nweb-1\n')
  })

  it('ends at the first line that fails, with its exit code', async () => {
    using sandbox = await host('web-1')
    const result = await bay(['batch'], { uri: sandbox.uri, stdin: 'vm start web-1\nvm start web-2\nvm stop web-1 --force\n' })
    expect(result.code).to.equal(4)
    expect(result.stderr).to.match(/^bay: line 2: there is no machine named web-2; no line after it was run/)
    expect(linesOf(result).map(({ exitCode, error }) => [exitCode, error?.code])).to.deep.equal([[0, undefined], [4, 'not-found']])
    expect((await bay(['vm', 'list', '-q', '--filter', 'state=running'], { uri: sandbox.uri })).stdout).to.equal('web-1\n')
  })

  it('goes on when told to, and 7 says that some failed', async () => {
    using sandbox = await host('web-1', 'web-2')
    const stdin = 'vm start nothing\nvm lst\nvm start "web-\nvm start web-1 nothing web-2\nvm list -q --nonsense\nvm start web-1'
    const result = await bay(['batch', '--keep-going'], { uri: sandbox.uri, stdin: stdin.replace('vm start "web-\n', '') })
    expect(result.code).to.equal(7)
    const lines = linesOf(result)
    expect(lines.map(({ exitCode }) => exitCode)).to.deep.equal([4, 2, 7, 2, 0])
    expect(lines[2]?.result).to.be.an('array').with.length(3)
  })

  it('takes no line for a name that is missing in the one before', async () => {
    using sandbox = await host('web-1')
    const inside = ['bash', '-c', '{ echo "vm show"; echo "snapshot revert --yes"; sleep 1; echo "vm start web-1"; echo "vm show web-1"; } | "$@"', '-']
    const result = await bay(['batch', '--keep-going'], { uri: sandbox.uri, inside })
    expect(linesOf(result).map(({ line, exitCode }) => [line, exitCode])).to.deep.equal([[1, 2], [2, 2], [3, 0], [4, 0]])
  })

  it('lets no line read what stands in the next ones', async () => {
    using sandbox = await host('web-1')
    const stdin = 'vm define -\nvm exec -i web-1 -- cat\nvm push web-1 - /x\nvm display web-1 --password-file -\nvm show web-1\n'
    const result = await bay(['batch', '--keep-going'], { uri: sandbox.uri, stdin })
    const lines = linesOf(result)
    expect(lines.map(({ exitCode }) => exitCode)).to.deep.equal([2, 2, 2, 2, 0])
    for (const { error } of lines.slice(0, 4)) expect(error?.message).to.equal('standard input holds the lines of this batch')
    const file = join(sandbox.folder, 'commands')
    writeFileSync(file, 'vm define -\n')
    expect(await bay(['batch', file], { uri: sandbox.uri, stdin: machine('web-2') })).to.include({ code: 0, stderr: '' })
  })

  it('keeps what it has said on the embedded host when it is ended while it waits for more', async () => {
    using sandbox = await host('web-1')
    for (const [signal, code, line] of [['SIGTERM', 143, 'vm start web-1'], ['SIGINT', 130, 'vm stop web-1 --force']] as const) {
      const inside = ['bash', '-c', `exec "$@" < <(echo '${line}'; echo '# and then'; exec tail --pid=$$ -f /dev/null 2>/dev/null)`, '-']
      const run = startBay(['batch', '--lock', 'waiting'], { uri: sandbox.uri, inside })
      await run.prints('"line":1')
      run.kill(signal)
      const { stderr, ...result } = await run.done
      expect(result.code, stderr).to.equal(code)
      expect(stderr).to.include('what was done stays')
      const running = (await bay(['vm', 'list', '-q', '--filter', 'state=running'], { uri: sandbox.uri })).stdout
      expect(running).to.equal(signal === 'SIGTERM' ? 'web-1\n' : '')
    }
  })

  it('prints what a line gave while the next one still runs', async () => {
    using sandbox = await host('web-1')
    const run = startBay(['batch'], { uri: sandbox.uri, stdin: 'vm start web-1\nvm wait web-1 --for off --timeout 60s\n' })
    await run.prints('"line":1')
    run.kill('SIGTERM')
    const { code, stdout, stderr } = await run.done
    expect(code, stderr).to.equal(143)
    expect(stdout.split('\n')[0]).to.match(/^\{"line":1,/)
  })

  it('reads the whole of a file before it runs any line of it', async () => {
    using sandbox = await host('web-1')
    const file = join(sandbox.folder, 'commands')
    for (const [wrong, message] of [
      ['vm start "web-2', /line 2: a " that is not closed/], ['vm strt web-1', /line 2: there is no command 'vm strt/],
      ['batch other', /line 2: batch does not work in a batch/], ['vm start --help', /line 2: this is no command/],
    ] as const) {
      writeFileSync(file, `vm start web-1\n${wrong}\n`)
      const { code, stdout, stderr } = await bay(['batch', file], { uri: sandbox.uri })
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' })
      expect(stderr).to.match(message)
    }
  })

  it('changes nothing in a dry run, asks nobody, and says nothing of what went well with -q', async () => {
    using sandbox = await host('web-1')
    const before = sandbox.text
    const dry = await bay(['batch', '--dry-run'], { uri: sandbox.uri, stdin: 'vm start web-1\nvm delete web-1\n' })
    expect(dry).to.include({ code: 0 })
    expect(linesOf(dry)[0]?.result).to.include({ dryRun: true })
    expect(sandbox.text).to.equal(before)
    const asked = await bay(['batch', '-q'], { uri: sandbox.uri, stdin: 'vm start web-1\nvm delete web-1 --force\n' })
    expect(asked.code).to.equal(2)
    expect(linesOf(asked).map(({ line }) => line)).to.deep.equal([2])
    expect(await bay(['batch', '-q', '--yes'], { uri: sandbox.uri, stdin: 'vm delete web-1 --force\n' })).to.include({ code: 0, stdout: '' })
  })
})
