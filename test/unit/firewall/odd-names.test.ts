import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { UsageError } from '../../../src/errors.js'
import { checkNamedFilter, filtersWanted, parseMac, parseParameters } from '../../../src/filter-flags.js'
import { noRules } from '../../../src/firewall/installed.js'
import { readRuleFile } from '../../../src/firewall/rule-file.js'
import { testConnection, type TestedPacket } from '../../../src/virt/ops/test-packet.js'
import { thrown, thrownBy } from '../thrown.js'

const odd: Record<string, string> = {
  'a quote': 'it\'s', 'double quotes': '"web"', 'a new line': 'web\nssh', 'a new line at its end': 'web\n', 'a leading dash': '-web',
  'an option': '--force', 'an escape': 'web\x1b[2J', 'NUL': 'web\0', 'C1': 'web\x9b1m', 'a bidi mark': 'web\u202e', 'a line separator': 'web\u2028',
  'a command': '$(id)', 'a tag': '<filter/>',
}

/** A usage error (exit code 2) that begins with its place, names the thing as it was written and says what to do. */
function refuses(error: unknown, place: string, thing: string) {
  expect(error).to.be.instanceOf(UsageError)
  const { message, exitCode, hints } = error as UsageError
  expect(exitCode).to.equal(2)
  expect(message.startsWith(`${place}: `), message).to.equal(true)
  expect(message).to.contain(thing)
  expect(hints).not.to.deep.equal([])
}

// Double quotes in YAML can write every character.
const places: Record<string, (name: string) => string> = {
  'the name of a filter': (name) => `rules: [ssh]\nname: ${name}`,
  'the name of one of several': (name) => `filters:\n  - name: ${name}`,
  'what is inherited': (name) => `name: web\ninherit: [${name}]`,
  'a set\'s name': (name) => `name: web\nsets: {${name}: 10.0.0.0/8}`,
  'a service': (name) => `name: web\nrules: [service: ${name}]`,
  'a short rule': (name) => `name: web\nrules: [${name}]`,
  'a protocol': (name) => `name: web\nrules: [protocol: ${name}]`,
  'a set that is asked for': (name) => `name: web\nrules: [{service: ssh, from: ${name}}]`,
  'a port': (name) => `name: web\nrules: [{protocol: tcp, ports: ${name}}]`,
  'a type of ICMP': (name) => `name: web\nrules: [{protocol: icmp, type: ${name}}]`,
  'what a guest needs': (name) => `name: web\nneeds: ${name}`,
  'a default': (name) => `name: web\ndefault: ${name}`,
  'a key': (name) => `name: web\n${name}: x`,
  'a key of a rule': (name) => `name: web\nrules: [{${name}: x}]`,
}

describe('odd names in a file of rules', () => {
  for (const [where, file] of Object.entries(places)) {
    it(`are refused as ${where}, with the line`, async () => {
      for (const [what, name] of Object.entries(odd)) {
        const error = await thrown(() => readRuleFile(file(JSON.stringify(name)), { where: 'rules.yaml' }))
        expect(error, what).to.be.instanceOf(UsageError)
        refuses(error, 'rules.yaml:2', name)
      }
    })
  }

  it('and a filter has no second name', async () => {
    for (const name of ['web, db', '[web, db]']) refuses(await thrown(() => readRuleFile(`rules: [ssh]\nname: ${name}`, { where: 'f' })), 'f:2', 'one name')
  })
})

describe('odd names on the command line', () => {
  let file = ''
  before(() => {
    file = join(mkdtempSync(join(tmpdir(), 'bay-odd-')), 'rules.yaml')
    writeFileSync(file, '\nrules: [ssh]\n')
  })
  after(() => rmSync(join(file, '..'), { recursive: true }))

  for (const [what, name] of Object.entries(odd)) {
    it(`filter create, diff and apply refuse ${what}`, async () => {
      for (const flags of [{ allow: ['ssh'] }, { file }, { profile: 'web-server' }]) {
        refuses(await thrown(() => filtersWanted(name, flags)), 'the command line', `"${name}"`)
      }
      refuses(await thrown(() => filtersWanted(undefined, { file }, { nameless: name })), 'the command line', `"${name}"`)
      refuses(await thrown(() => filtersWanted('web', { inherit: [name] })), '--inherit', `"${name}"`)
      refuses(await thrown(() => filtersWanted('web', { allow: [name] })), `--allow ${name}`, `"${name}"`)
      for (const flag of ['allow-from', 'allow-to']) {
        refuses(await thrown(() => filtersWanted('web', { [flag]: [`${name}:ssh`] })), `--${flag} ${name}:ssh`, name)
        refuses(await thrown(() => filtersWanted('web', { [flag]: [`10.0.0.0/8:${name}`] })), `--${flag} 10.0.0.0/8:${name}`, `"${name}"`)
      }
      refuses(thrownBy(() => checkNamedFilter(name)), 'the command line', `"${name}"`)
      for (const text of [name, `${name}=10.0.0.5`, `IP=${name}\n`]) refuses(thrownBy(() => parseParameters([text])), '--parameter', `"${text}"`)
      refuses(thrownBy(() => parseMac(name, '--nic')), '--nic', `"${name}"`)
    })

    it(`filter test refuses ${what}`, () => {
      const nic = { mac: '52:54:00:00:00:05', tap: null, filter: null, parameters: [], addresses: ['10.0.0.5'] }
      const tested = (more: Partial<TestedPacket>) => thrownBy(() => testConnection({ nic, installed: noRules() }, {
        from: '10.0.0.9', protocol: 'tcp', port: 80, via: 'bridged', state: 'new', ...more,
      }))
      refuses(tested({ from: name }), '--from', `"${name}"`)
      refuses(tested({ to: name }), '--to', `"${name}"`)
      refuses(tested({ protocol: name }), '--proto', `"${name}"`)
      refuses(tested({ protocol: 'icmp', type: name }), '--type', `"${name}"`)
    })
  }

  it('a protocol is none of what every object has', () => {
    const nic = { mac: '52:54:00:00:00:05', tap: null, filter: null, parameters: [], addresses: ['10.0.0.5'] }
    const error = thrownBy(() => testConnection({ nic, installed: noRules() }, { from: '10.0.0.9', protocol: 'constructor', via: 'bridged', state: 'new' }))
    refuses(error, '--proto', '"constructor"')
  })

  it('a filter of another tool may have any XML name, and a MAC address capital letters', () => {
    for (const name of ['web', '_x', 'größe', 'a.b-c_9', 'x'.repeat(100)]) expect(checkNamedFilter(name)).to.equal(name)
    expect(parseMac('52:54:00:AB:cd:EF', '--nic')).to.equal('52:54:00:ab:cd:ef')
  })
})
