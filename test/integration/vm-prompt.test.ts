import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { program } from '../lab/bay.js'

/** Bay on a terminal of its own, made by script(1): what is typed once it asks, what it shows, and its exit code. */
async function onTerminal(line: string, typed: string): Promise<{ code: number, screen: string }> {
  const command = `stty cols 80 rows 24; ${process.execPath} ${program} -c test:///default ${line}`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', HOME: '/nonexistent' }, stdio: ['pipe', 'pipe', 'inherit'], timeout: 20_000, killSignal: 'SIGKILL',
  })
  let screen = ''
  let asked = false
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString()
    if (asked || !screen.includes('(y/N)')) return
    asked = true
    child.stdin.write(typed)
  })
  const [code] = await once(child, 'close') as [number]
  return { code, screen: screen.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|\u001b[78=>]/g, '').replaceAll('\r', '') }
}

describe('bay vm delete on a terminal', function () {
  this.timeout(30_000)

  it('asks, and does it after a yes', async () => {
    const { code, screen } = await onTerminal('vm delete test --force', 'y\r')
    expect(screen).to.include('delete test with their disks?')
    expect(screen).to.match(/vm test: deleted; \/guest\/diskimage1 stays: it is in no pool\n$/)
    expect(code).to.equal(0)
  })

  for (const [what, typed] of Object.entries({ 'a no': 'n\r', 'just Return': '\r' })) {
    it(`changes nothing after ${what}, and fails`, async () => {
      const { code, screen } = await onTerminal('vm delete test --force', typed)
      expect(screen).to.include('bay: not confirmed; nothing was changed').and.not.include('deleted')
      expect(code).to.equal(1)
    })
  }

  for (const [what, typed] of Object.entries({ 'Ctrl-C': '\u0003', 'Ctrl-D': '\u0004' })) {
    it(`is interrupted by ${what}`, async () => {
      const { code, screen } = await onTerminal('vm delete test --force', typed)
      expect(screen).to.include('bay: interrupted').and.not.include('deleted')
      expect(code).to.equal(130)
    })
  }

  it('does not ask with --yes, with --dry-run, or when it must not', async () => {
    const [yes, dry, never] = await Promise.all([
      onTerminal('vm delete test --force --yes', ''), onTerminal('vm delete test --force --dry-run', ''), onTerminal('vm delete test --no-input', ''),
    ])
    expect([yes.code, dry.code, never.code]).to.deep.equal([0, 0, 2])
    for (const { screen } of [yes, dry, never]) expect(screen).not.to.include('(y/N)')
    expect(never.screen).to.include('add --yes')
  })
})
