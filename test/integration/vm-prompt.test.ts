import { expect } from 'chai'
import { onTerminal } from './on-terminal.js'

describe('bay vm delete on a terminal', function () {
  this.timeout(30_000)

  it('asks, and does it after a yes', async () => {
    const { code, screen } = await onTerminal('vm delete test --force', [['(y/N)', 'y\r']])
    expect(screen).to.include('delete test with their disks?')
    expect(screen).to.match(/vm test: deleted; \/guest\/diskimage1 stays: it is in no pool\n$/)
    expect(code).to.equal(0)
  })

  for (const [what, typed] of Object.entries({ 'a no': 'n\r', 'just Return': '\r' })) {
    it(`changes nothing after ${what}, and fails`, async () => {
      const { code, screen } = await onTerminal('vm delete test --force', [['(y/N)', typed]])
      expect(screen).to.include('bay: not confirmed; nothing was changed').and.not.include('deleted')
      expect(code).to.equal(1)
    })
  }

  for (const [what, typed] of Object.entries({ 'Ctrl-C': '\u0003', 'Ctrl-D': '\u0004' })) {
    it(`is interrupted by ${what}`, async () => {
      const { code, screen } = await onTerminal('vm delete test --force', [['(y/N)', typed]])
      expect(screen).to.include('bay: interrupted').and.not.include('deleted')
      expect(code).to.equal(130)
    })
  }

  it('does not ask with --yes, with --dry-run, or when it must not', async () => {
    const [yes, dry, never] = await Promise.all([
      onTerminal('vm delete test --force --yes', []), onTerminal('vm delete test --force --dry-run', []), onTerminal('vm delete test --no-input', []),
    ])
    expect([yes.code, dry.code, never.code]).to.deep.equal([0, 0, 2])
    for (const { screen } of [yes, dry, never]) expect(screen).not.to.include('(y/N)')
    expect(never.screen).to.include('add --yes')
  })
})
