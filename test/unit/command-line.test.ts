import { expect } from 'chai'
import fc from 'fast-check'
import { UsageError } from '../../src/errors.js'
import { arrange, hoistGlobalFlags, refuseStrangeFlags, wantsJson } from '../../src/command-line.js'

const split = (line: string): string[] => line === '' ? [] : line.split(' ')

describe('global flags before the command', () => {
  const cases: Record<string, string> = {
    'vm list': 'vm list',
    '-c sandbox vm list': 'vm list -c sandbox',
    '--connect sandbox vm list': 'vm list --connect sandbox',
    '--connect=sandbox vm list': 'vm list --connect=sandbox',
    '-csandbox vm list': 'vm list -csandbox',
    '-o json -q -y vm list': 'vm list -o json -q -y',
    '--json --no-input --yes vm delete a': 'vm delete a --json --no-input --yes',
    '-c sandbox vm delete --force -- --odd': 'vm delete -c sandbox --force -- --odd',
    '-c sandbox vm list -c other': 'vm list -c sandbox -c other',
    'vm -c sandbox list': 'vm list -c sandbox',
    '-q vm -o json list web-1 --force': 'vm list web-1 -q -o json --force',
    'vm stop web-1 --force -q web-2': 'vm stop web-1 --force -q web-2',
    'vm define -q -': 'vm define -q -',
    '--help': '--help',
    '--version': '--version',
    '-q --help': '--help -q',
    'vm --help': 'vm --help',
    '--unknown vm list': '--unknown vm list',
    '-c': '-c',
    '-c sandbox': '-c sandbox',
    '': '',
    'vm list -o json': 'vm list -o json',
  }
  for (const [typed, wanted] of Object.entries(cases)) {
    it(`bay ${typed} is bay ${wanted}`, () => expect(hoistGlobalFlags(split(typed))).to.deep.equal(split(wanted)))
  }

  it('a value with an equals sign, blanks or a dash stays whole', () => {
    expect(hoistGlobalFlags(['-c', 'test:///a b?x=y', 'vm', 'list'])).to.deep.equal(['vm', 'list', '-c', 'test:///a b?x=y'])
    expect(hoistGlobalFlags(['-c', '--help', 'vm', 'list'])).to.deep.equal(['vm', 'list', '-c', '--help'])
    expect(hoistGlobalFlags(['--connect=', 'vm', 'list'])).to.deep.equal(['vm', 'list', '--connect='])
  })

  it('no word is lost or made, and to do it again changes nothing', () => {
    const words = fc.array(fc.constantFrom('-c', '--connect=x', '-o', 'json', '--json', '-q', 'vm', 'list', '--', '-y', '--all', 'a', '', '-'))
    fc.assert(fc.property(words, (argv) => {
      const result = hoistGlobalFlags(argv)
      expect([...result].sort()).to.deep.equal([...argv].sort())
      expect(hoistGlobalFlags(result)).to.deep.equal(result)
      // What stands behind another flag stays there, and so does what stands behind --.
      expect(hoistGlobalFlags(['vm', '--all', ...argv])).to.deep.equal(['vm', '--all', ...argv])
      expect(hoistGlobalFlags(['vm', '--', ...argv])).to.deep.equal(['vm', '--', ...argv])
    }))
  })
})

describe('bay help', () => {
  const cases: Record<string, string> = {
    'help': '--help', 'help vm': 'vm --help', 'help vm list': 'vm list --help', '-o json help vm': 'vm -o json --help', 'help -q vm list': 'vm list -q --help',
    'vm help': 'vm help', 'vm list help': 'vm list help', '': '', '-c sandbox': '', '-q --json': '', '-q --help': '--help -q',
  }
  for (const [typed, wanted] of Object.entries(cases)) {
    it(`bay ${typed} is bay ${wanted}`, () => expect(arrange(split(typed))).to.deep.equal(split(wanted)))
  }
})

describe('errors as JSON', () => {
  for (const line of ['vm list --json', '--json vm list', 'vm list -o json', 'vm list -ojson', '-o=json vm', 'x --output json', 'x --output=json']) {
    it(`are wanted by bay ${line}`, () => expect(wantsJson(split(line))).to.equal(true))
  }
  for (const line of ['vm list', 'vm list -o yaml', 'vm list -o table json', 'vm start -- --json', 'vm start -- -o json', '-o', '--jsonx', 'json', '']) {
    it(`are not wanted by bay ${line}`, () => expect(wantsJson(split(line))).to.equal(false))
  }
})

describe('a topic alone', () => {
  for (const line of ['', 'vm', 'vm -c sandbox', 'vm --json', 'vm --help --x', 'vm -h', '--help']) {
    it(`is answered with help: bay ${line}`, () => refuseStrangeFlags(split(line)))
  }
  for (const line of ['vm --unknown-flag', 'vm -x', 'vm -c sandbox --x', 'vm snapshot --x=1']) {
    it(`takes no other flag: bay ${line}`, () => expect(() => refuseStrangeFlags(split(line))).to.throw(UsageError, /^nonexistent flag: -/))
  }
})
