import { expect } from 'chai'
import { BayError, UsageError, type ErrorCode } from '../../src/errors.js'
import { Findings, FindingsError } from '../../src/findings.js'
import { exitCodeOf, renderError } from '../../src/output/failure.js'

const error = (code: ErrorCode, message: string, ...hints: string[]) => new BayError(code, message, { hints })

/** What is thrown at the end when these were found. */
function thrown(...errors: Error[]): unknown {
  const findings = new Findings()
  for (const each of errors) findings.look(() => { throw each })
  try {
    findings.end()
    return undefined
  } catch (end) {
    return end
  }
}

describe('findings', () => {
  it('give what the checks gave when all is well', async () => {
    const findings = new Findings()
    const [one, two] = [findings.look(() => 1), await findings.wait(() => Promise.resolve(undefined))]
    findings.end()
    expect([one.value, one.found, two.value, findings.none]).to.deep.equal([1, 1, undefined, true])
  })

  it('are thrown as the error itself when there is one', () => {
    const only = new UsageError('no', 'yes')
    expect(thrown(only)).to.equal(only)
  })

  it('are all told, with the fix of each', () => {
    const several = thrown(error('wrong-state', 'the network lan is not active', 'bay net start lan'), error('failed', 'no room'))
    expect(several).to.be.instanceOf(FindingsError)
    expect(renderError(several, { json: false, uri: 'qemu:///system' })).to.equal([
      'bay: 2 things stand in the way (qemu:///system)', '  - the network lan is not active', '      try: bay net start lan', '  - no room', '',
    ].join('\n'))
    expect(JSON.parse(renderError(several, { json: true }))).to.deep.equal({ error: {
      code: 'wrong-state', message: 'the network lan is not active; no room', hint: 'bay net start lan', retryable: false, libvirt: null,
      findings: [
        { code: 'wrong-state', message: 'the network lan is not active', hint: 'bay net start lan' },
        { code: 'failed', message: 'no room', hint: null },
      ],
    } })
  })

  it('are each on a line of their own, whatever is in a name', () => {
    const text = renderError(thrown(new UsageError('a\nb\x1b[2J', 'c\x1b'), new UsageError('d')), { json: false })
    expect(text).to.equal('bay: 2 things stand in the way\n  - a\\nb\\x1b[2J\n      try: c\\x1b\n  - d\n')
  })

  const codes: [ErrorCode[], number][] = [
    [['wrong-state', 'exists'], 5], [['failed', 'failed'], 1], [['failed', 'usage'], 2], [['exists', 'not-found'], 4],
    [['busy', 'wrong-state'], 5], [['busy', 'busy'], 75], [['not-allowed', 'failed'], 6],
  ]
  for (const [kinds, exit] of codes) {
    it(`${kinds.join(' and ')} end with ${exit}`, () => {
      expect(exitCodeOf(thrown(...kinds.map((kind, index) => error(kind, `${index}`))))).to.equal(exit)
    })
  }

  it('may be tried again only when each of them may', () => {
    expect(thrown(error('busy', 'a'), error('busy', 'b'))).to.include({ retryable: true })
    expect(thrown(error('busy', 'a'), error('failed', 'b'))).to.include({ retryable: false })
  })

  it('of findings are one list, and what is said twice is in it once', () => {
    const inner = thrown(error('failed', 'a'), error('failed', 'b'))
    expect(inner).to.be.instanceOf(FindingsError)
    const outer = thrown(error('failed', 'b'), inner as FindingsError, error('usage', 'c')) as FindingsError
    expect(outer.findings.map(({ message }) => message)).to.deep.equal(['b', 'a', 'c'])
  })

  it('leave out a check that builds upon one that failed', () => {
    const findings = new Findings()
    const hardware = findings.look((): number => { throw new UsageError('no emulator') })
    let reached = false
    const devices = findings.look(() => {
      const twice = hardware.value * 2
      reached = true
      return twice
    })
    expect([hardware.found, devices.found, reached]).to.deep.equal([undefined, undefined, false])
    expect(() => findings.end()).to.throw(UsageError, /^no emulator$/)
  })

  it('do not go on after a lost connection, an interrupt or a bug', async () => {
    for (const each of [error('cannot-connect', 'lost'), error('interrupted', 'Ctrl-C'), new TypeError('bug')]) {
      expect(() => new Findings().look(() => { throw each })).to.throw(each.message)
      const late = await new Findings().wait(() => Promise.reject(each)).catch((caught: unknown) => caught)
      expect(late).to.equal(each)
    }
  })
})
