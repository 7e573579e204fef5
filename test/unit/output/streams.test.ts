import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useColor, widthOf } from '../../../src/output/streams.js'

const root = new URL('../../..', import.meta.url).pathname

/** Runs a script, in which `out` is the module under test, by a shell line where $NODE starts it. */
function shell(line: string, script: string): { status: number | null, stdout: string, stderr: string } {
  const code = `import * as out from './src/output/streams.ts'\nimport { renderError, exitCodeOf } from './src/output/failure.ts'
out.guardStreams((error) => process.exit(error.code === 'EPIPE' ? 0 : 1))
try { ${script} } catch (error) { process.stderr.write(renderError(error, { json: false })); process.exitCode = exitCodeOf(error) }`
  return spawnSync('bash', ['-o', 'pipefail', '-c', line.replaceAll('$NODE', 'node --import tsx --input-type=module -e "$CODE"')], {
    cwd: root, encoding: 'utf8', env: { ...process.env, CODE: code }, maxBuffer: 1e8,
  })
}

describe('writing the result', () => {
  it('ends quietly with 0 when the reader has gone', () => {
    const many = `for (let i = 0; i < 2000; i++) await out.writeOut(\`line \${i} \${'x'.repeat(1000)}\\n\`)`
    const { status, stdout, stderr } = shell('$NODE | head -n 1 | cut -c 1-6', many)
    expect([status, stdout, stderr]).to.deep.equal([0, 'line 0\n', ''])
    expect(shell('$NODE | head -n 1 | cut -c 1-3', `await out.writeOut('abc\\n'.repeat(1e6))`)).to.include({ status: 0, stdout: 'abc\n', stderr: '' })
    expect(shell('$NODE 2>&1 | true', `for (;;) { out.writeErr('x'); await out.writeOut('x') }`)).to.include({ status: 0, stderr: '' })
  })

  it('says that the disk is full', () => {
    const { status, stderr } = shell('$NODE >/dev/full', `await out.writeOut('a\\n')`)
    expect([status, stderr]).to.deep.equal([1, 'bay: cannot write the result: No space left on device\n'])
  })

  it('notices a file that takes only a part', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bay-streams-'))
    try {
      const file = join(folder, 'out')
      const { status, stderr } = shell(`ulimit -f 8; $NODE >${file}`, `await out.writeOut('x'.repeat(100000))`)
      expect([status, stderr]).to.deep.equal([1, 'bay: cannot write the result: File too large\n'])
      expect(readFileSync(file)).to.have.length(8192)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is whole in a slow pipe, a file and a terminal, though the process exits at once', () => {
    const script = `await out.writeOut('0123456789abcde\\n'.repeat(20000)); await out.writeOut(''); process.exit(0)`
    expect(shell('$NODE | (sleep 0.3; wc -c)', script).stdout.trim()).to.equal('320000')
    expect(shell('f=$(mktemp); $NODE >$f; wc -c <$f; rm $f', script).stdout.trim()).to.equal('320000')
    expect(shell(`script -qec '$NODE' /dev/null | tr -d '\\r' | wc -c`, script).stdout.trim()).to.equal('320000')
    expect(shell('f=$(mktemp); echo before >$f; $NODE >>$f; wc -c <$f; rm $f', script).stdout.trim()).to.equal('320007')
  })

  it('goes on without a stderr', () => {
    const script = `out.writeErr('lost\\n'); out.writeErr('lost\\n'); await new Promise((done) => setTimeout(done, 50)); await out.writeOut('kept\\n')`
    expect(shell('$NODE 2>/dev/full', script)).to.include({ status: 0, stdout: 'kept\n' })
    expect(shell('exec 3>&1; (sleep 0.1; $NODE 2>&1 >&3 3>&-) | true; sleep 1', script)).to.include({ stdout: 'kept\n' })
  })
})

describe('a terminal', () => {
  it('has colour unless the environment refuses', () => {
    expect(useColor({ isTTY: true }, {})).to.be.true
    expect(useColor({ isTTY: true }, { NO_COLOR: '' })).to.be.true
    expect(useColor({ isTTY: true }, { NO_COLOR: '1' })).to.be.false
    expect(useColor({ isTTY: true }, { TERM: 'dumb' })).to.be.false
    expect(useColor({}, { TERM: 'xterm' })).to.be.false
  })

  it('has a width, anything else none', () => {
    expect(widthOf({ isTTY: true, columns: 80 })).to.equal(80)
    expect(widthOf({ isTTY: true, columns: 0 })).to.equal(Infinity)
    expect(widthOf({ columns: 80 })).to.equal(Infinity)
  })

  it('is interactive when questions can be read and answered', () => {
    const script = `await out.writeOut(String(out.isInteractive()))`
    expect(shell('$NODE', script).stdout).to.equal('false')
    expect(shell(`script -qec '$NODE' /dev/null </dev/null`, script).stdout).to.contain('true')
    expect(shell(`script -qec '$NODE 2>/dev/null' /dev/null </dev/null`, script).stdout).to.contain('false')
  })
})
