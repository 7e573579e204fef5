import { expect } from 'chai'
import { BayError, DiagnosedError, UsageError } from '../../../src/errors.js'
import { exitCodeOf, hidePasswords, renderError } from '../../../src/output/failure.js'

class Refused extends BayError {
  readonly libvirt: unknown
  constructor(libvirt: unknown) {
    super('not-found', 'no machine "web-1"', { hints: ['bay vm list', 'another name'] })
    this.libvirt = libvirt
  }
}

const people = { json: false }
const machine = { json: true }

describe('an error', () => {
  const before = process.env.BAY_DEBUG
  beforeEach(() => { delete process.env.BAY_DEBUG })
  afterEach(() => { if (before !== undefined) process.env.BAY_DEBUG = before })

  it('for people says what happened, where and what to try', () => {
    expect(renderError(new Refused(null), { ...people, uri: 'qemu:///system' }))
      .to.equal('bay: no machine "web-1" (qemu:///system)\n  try: bay vm list\n  try: another name\n')
    expect(renderError(new UsageError('no'), people)).to.equal('bay: no\n')
  })

  it('in JSON has the keys of the contract, all of them always', () => {
    expect(JSON.parse(renderError(new Refused({ code: 42, domain: 10, level: 2 }), machine))).to.deep.equal({ error: {
      code: 'not-found', message: 'no machine "web-1"', hint: 'bay vm list\nanother name', retryable: false, libvirt: { code: 42, domain: 10 },
    } })
    expect(JSON.parse(renderError(new BayError('busy', 'locked'), machine))).to.deep.equal({ error: {
      code: 'busy', message: 'locked', hint: null, retryable: true, libvirt: null,
    } })
    for (const odd of [undefined, null, 1, 'x', {}, { code: '1', domain: 2 }, { code: 1 }]) {
      expect(renderError(new Refused(odd), machine)).to.contain('"libvirt": null')
    }
  })

  it('is one line for people and untouched in JSON', () => {
    const error = new BayError('failed', 'a\nbay: b\x1b[2J\u202e\n')
    expect(renderError(error, people)).to.equal('bay: a\\nbay: b\\x1b[2J\\u{202e}\n')
    expect(JSON.parse(renderError(error, machine))).to.have.nested.property('error.message', 'a\nbay: b\x1b[2J\u202e\n')
  })

  it('that was looked into says what was found, with the guest\'s words escaped', () => {
    const diagnosis = { findings: [{ code: 'x', message: 'it\x1b[2J', hint: 'a\nb' }, { code: 'y', message: 'that', hint: null }], console: ['one\x07'], screenshot: '/p.png' }
    const error = new DiagnosedError(new BayError('timeout', 'web: not off', { hints: ['wait'] }), diagnosis)
    expect(renderError(error, people)).to.equal('bay: web: not off\n  try: wait\n  found: it\\x1b[2J\n    try: a\n    try: b\n  found: that\n'
      + '  screenshot: /p.png\n  the last lines of its console:\n  | one\\x07\n')
    expect(JSON.parse(renderError(error, machine))).to.have.nested.property('error.diagnosis').that.deep.equals(diagnosis)
    expect(error.exitCode).to.equal(124)
    const nothing = new DiagnosedError(new BayError('timeout', 'no'), { findings: [], console: null, screenshot: null })
    expect(renderError(nothing, people)).to.equal('bay: no\n')
  })

  it('that nobody foresaw is an internal error, its stack shown only on demand', () => {
    const bug = new TypeError('x is not a function')
    expect(renderError(bug, people)).to.equal('bay: internal error: x is not a function\n  try: run it again with BAY_DEBUG=1 and report what it prints\n')
    expect(renderError('just text', people)).to.contain('internal error: just text')
    expect(renderError(undefined, people)).to.contain('internal error: undefined')
    expect(JSON.parse(renderError(bug, machine))).to.have.nested.property('error.code', 'failed')
    process.env.BAY_DEBUG = '1'
    expect(renderError(bug, people)).to.match(/TypeError: x is not a function\n +at /)
    expect(renderError(new UsageError('no'), people)).to.equal('bay: no\n')
  })

  it('has an exit code', () => {
    expect([new UsageError('x'), new BayError('busy', 'x'), new Error('x'), null].map(exitCodeOf)).to.deep.equal([2, 75, 1, 1])
  })
})

describe('a password in a URI', () => {
  const cases: [string, string][] = [
    ['qemu+ssh://root:secret@host/system', 'qemu+ssh://root:***@host/system'],
    ['qemu+ssh://root:se:cr@et@host:22/system', 'qemu+ssh://root:***@host:22/system'],
    ['qemu+ssh://root:se/cret@host/system', 'qemu+ssh://root:***@host/system'],
    ['qemu+ssh://:secret@host/', 'qemu+ssh://:***@host/'],
    ['qemu+ssh://root:1234@host/', 'qemu+ssh://root:***@host/'],
    ['cannot reach http://u:p@a/x, nor http://v:q@b/', 'cannot reach http://u:***@a/x, nor http://v:***@b/'],
    ['qemu+ssh://root@host:22/system?keyfile=a@b', 'qemu+ssh://root@host:22/system?keyfile=a@b'],
    ['qemu+tcp://host:16509/system?x=a@b', 'qemu+tcp://host:16509/system?x=a@b'],
    ['qemu+tcp://[fe80::1]:16509/system', 'qemu+tcp://[fe80::1]:16509/system'],
    ['qemu:///system and me@example.org', 'qemu:///system and me@example.org'],
  ]
  for (const [text, hidden] of cases) it(`is hidden in ${text}`, () => { expect(hidePasswords(text)).to.equal(hidden) })

  it('is hidden wherever an error is shown', () => {
    const error = new BayError('cannot-connect', 'no answer from qemu+ssh://a:secret@h/', { hints: ['ssh://a:secret@h/'] })
    for (const json of [true, false]) expect(renderError(error, { json, uri: 'qemu+ssh://a:secret@h/' })).not.to.contain('secret')
    process.env.BAY_DEBUG = '1'
    expect(renderError(new Error('qemu+ssh://a:secret@h/'), people)).not.to.contain('secret')
    delete process.env.BAY_DEBUG
  })
})
