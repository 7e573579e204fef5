import { expect } from 'chai'
import fc from 'fast-check'
import { BayError, UsageError } from '../../src/errors.js'
import { escapeControl } from '../../src/output/escape.js'
import { checkBridgeName, checkName, expandNames, isGlob, suggest } from '../../src/names.js'

describe('names of what we create', () => {
  for (const name of ['web', 'web-1', 'Web_1.example.org', '_x', '1a', 'a', '10.0', 'c++', 'deadbeef', 'a..b', 'x'.repeat(64)]) {
    it(`takes ${name}`, () => { expect(checkName('vm', name)).to.equal(name) })
  }

  const bad = [
    '', ' ', '\t', '\u00a0', ' a', 'a ', 'a b', 'a\tb', 'a\nb', 'a\rb', 'a\0b', '\x1b[31m', 'a\x7f', 'a\x85b', '/', 'a/b', '.', '..', '.a',
    '../x', '-', '-a', '--help', '-rf', '+a', '0', '12', '007', 'x'.repeat(65), 'x'.repeat(300),
    '6b2f0a3e-0000-4000-8000-001122334455', '6B2F0A3E00004000800000112233445a', 'käse', 'имя', '日本', 'a\u202eb', 'a\u200bb', '\ufeffa',
    'a\ud800', '🙂', '$(id)', 'a:b', 'a@b', 'a,b', 'a=b', 'a^b', 'a%', ...'&<>"\'`$;|*?[]{}()!#~\\%'.split('').map((sign) => `a${sign}b`),
  ]
  for (const name of bad) {
    it(`refuses ${escapeControl(JSON.stringify(name.slice(0, 40)))}`, () => {
      expect(() => checkName('vm', name)).to.throw(UsageError, /^machine name "/)
        .with.property('hints').that.satisfies((hints: string[]) => hints[0]?.startsWith('use 1 to 64 of A-Z'))
    })
  }

  it('says what is wrong', () => {
    const fault = (name: string): string => {
      try {
        return checkName('net', name)
      } catch (error) {
        return error instanceof Error ? error.message : ''
      }
    }
    expect(fault('')).to.equal('network name "" is empty')
    expect(fault('   ')).to.equal('network name "   " has only blanks')
    expect(fault('a b')).to.equal('network name "a b" has a blank')
    expect(fault('a/b')).to.equal('network name "a/b" has the character "/"')
    expect(fault('a\0')).to.contain('control or invisible character (U+0000)')
    expect(fault('a\u202e')).to.contain('control or invisible character (U+202E)')
    expect(fault('é')).to.contain('not ASCII (U+00E9)')
    expect(fault('-a')).to.contain('begins with "-"')
    expect(fault('12')).to.contain('only digits')
    expect(fault('y'.repeat(300))).to.equal(`network name "${'y'.repeat(40)}…" is too long (300 characters)`)
  })

  it('volumes may have 128 characters', () => {
    expect(checkName('vol', `${'x'.repeat(122)}.qcow2`)).to.have.length(128)
    expect(() => checkName('vol', 'x'.repeat(129))).to.throw(UsageError)
  })

  it('accepts nothing outside its alphabet', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (name) => {
      try {
        expect(checkName('pool', name)).to.match(/^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/)
      } catch (error) {
        expect(error).to.be.instanceOf(UsageError)
      }
    }))
  })

  it('bridges have at most 15 characters, and the kernel keeps some names', () => {
    expect(checkBridgeName('br-0123456789ab')).to.equal('br-0123456789ab')
    for (const name of ['br-0123456789abc', '', 'br 0', 'br/0', '..', 'br:0', 'br+0', 'br%d', '12', 'lo', 'all', 'default', '-br']) {
      expect(() => checkBridgeName(name), name).to.throw(UsageError, /^bridge name/)
    }
  })
})

describe('globs', () => {
  const available = ['web-1', 'web-2', 'web-10', 'db-1', 'we*', '[ab]', 'a', 'b.c', 'ü1']

  const cases: [string[], string[]][] = [
    [['web-*'], ['web-1', 'web-2', 'web-10']],
    [['web-?'], ['web-1', 'web-2']],
    [['*-1'], ['web-1', 'db-1']],
    [['web-[12]'], ['web-1', 'web-2']],
    [['web-[0-9]'], ['web-1', 'web-2']],
    [['web-[!1]'], ['web-2']],
    [['?1'], ['ü1']],
    [['[a-z]'], ['a']],
    [['b?c'], ['b.c']],
    [['*'], available],
    [['we*'], ['we*']],
    [['[ab]'], ['[ab]']],
    [['nope', 'db-1'], ['nope', 'db-1']],
    [['web-2', 'web-*', 'web-2'], ['web-2', 'web-1', 'web-10']],
    [[], []],
    [['x['], ['x[']],
    [['b.c'], ['b.c']],
  ]
  for (const [requested, names] of cases) {
    it(`${JSON.stringify(requested)} gives ${JSON.stringify(names)}`, () => {
      expect(expandNames(requested, available, 'vm')).to.deep.equal(names)
    })
  }

  it('that match nothing are not found', () => {
    for (const [list, hint] of [[available, 'see what there is: bay net list'], [[], 'there are none: bay net list']] as const) {
      expect(() => expandNames(['zzz-*'], list, 'net')).to.throw(BayError, 'no network matches "zzz-*"')
        .that.deep.includes({ code: 'not-found', hints: [hint], exitCode: 4 })
    }
  })

  it('take signs of regular expressions literally', () => {
    expect(expandNames(['a+*', '(*', '^*', '.*'], ['aa', 'a+b', '(x', '^y', '.z'], 'vm')).to.deep.equal(['a+b', '(x', '^y', '.z'])
  })

  it('of many stars do not stall', () => {
    const start = Date.now()
    expect(() => expandNames([`${'*a'.repeat(60)}b`], ['a'.repeat(5000)], 'vm')).to.throw(BayError)
    expect(Date.now() - start).to.be.below(1000)
  })

  it('are told from plain names', () => {
    expect(['a*', '?', 'x[ab]'].every(isGlob)).to.be.true
    expect(['a', 'a[', 'a]', '[]', ''].some(isGlob)).to.be.false
  })

  it('a star matches everything, a name itself, a prefix what begins with it', () => {
    fc.assert(fc.property(fc.array(fc.stringMatching(/^[a-c]{1,6}$/)), fc.stringMatching(/^[a-c]{1,3}$/), (names, prefix) => {
      const distinct = [...new Set(names)]
      if (distinct.length > 0) expect(expandNames(['*'], distinct, 'vm')).to.deep.equal(distinct)
      const wanted = distinct.filter((name) => name.startsWith(prefix))
      if (wanted.length > 0) expect(expandNames([`${prefix}*`], distinct, 'vm')).to.deep.equal(wanted)
      const inner = distinct.filter((name) => name.includes(prefix))
      if (inner.length > 0) expect(expandNames([`*${prefix}*`], distinct, 'vm')).to.deep.equal(inner)
    }))
  })
})

describe('suggestions', () => {
  it('are near names, the nearest first, at most three', () => {
    expect(suggest('wbe-1', ['db-1', 'web-2', 'web-1', 'web-3', 'nothing'])).to.deep.equal(['web-1', 'db-1'])
    expect(suggest('web-server-1', ['web-server-12', 'web-server-2', 'web-servr-1', 'web-server-21', 'zzz'])).to.have.length(3)
    expect(suggest('defualt', ['default', 'other'])).to.deep.equal(['default'])
    expect(suggest('DEFAULT', ['default'])).to.deep.equal(['default'])
    expect(suggest('x', [])).to.deep.equal([])
  })
})
