import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as Flags from '@oclif/core/flags'
import { parse } from '@oclif/core/parser'
import { expect } from 'chai'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { UsageError } from '../../src/errors.js'
import { durationFlag } from '../../src/flags.js'
import { guestFlags } from '../../src/guest-flags.js'
import { installFlags } from '../../src/install-flags.js'
import { machinesWanted } from '../../src/machines-wanted.js'
import { newVmFlags } from '../../src/vm-flags.js'
import { thrown } from './thrown.js'

const definitions = {
  ...newVmFlags, ...guestFlags, ...installFlags,
  'autostart': Flags.boolean(), 'no-start': Flags.boolean(), 'if-missing': Flags.boolean(),
  'wait': Flags.string({ multiple: true, multipleNonGreedy: true, default: ['running'] }),
  'timeout': durationFlag({ default: 300_000 }),
  'count': Flags.integer({ min: 1, max: 1000, exclusive: ['file'] }), 'file': Flags.string({ char: 'f' }), 'dry-run': Flags.boolean(),
}

const folder = mkdtempSync(join(tmpdir(), 'bay-machines-'))
const file = join(folder, 'machines.yaml')
after(() => rmSync(folder, { recursive: true }))

/** What a command line asks for. */
async function wanted(typed: readonly string[], name?: string) {
  const read = async (argv: string[]) => parse(argv, { flags: definitions, args: {}, strict: true })
  const { flags, raw } = await read([...typed])
  return machinesWanted({ name, flags, raw, definitions, parse: async (argv) => (await read(argv)).flags })
}

function inFile(text: string, ...typed: string[]) {
  writeFileSync(file, text)
  return wanted(['-f', file, ...typed])
}

describe('vm create --count', () => {
  it('is the name with -1, -2 and so on; all else is the same', async () => {
    const three = await wanted(['--count', '3', '--empty', '--memory', '1G', '--disk', '1G'], 'web')
    expect(three.map(({ request }) => request.name)).to.deep.equal(['web-1', 'web-2', 'web-3'])
    for (const { request } of three) expect(request).to.deep.equal({ ...three[0]?.request, name: request.name })
    expect((await wanted(['--count', '1', '--empty'], 'web')).map(({ request }) => request.name)).to.deep.equal(['web-1'])
  })

  it('takes a name that only becomes one with its number', async () => {
    expect((await wanted(['--count', '2', '--empty'], '7')).map(({ request }) => request.name)).to.deep.equal(['7-1', '7-2'])
  })

  it('checks the longest name before the first machine is made', async () => {
    expect((await wanted(['--count', '9', '--empty'], 'x'.repeat(62)))).to.have.length(9)
    expect(await thrown(() => wanted(['--count', '10', '--empty'], 'x'.repeat(62)))).to.be.instanceOf(UsageError).with.property('message').that.matches(/too long \(65/)
  })

  it('refuses what only one machine can have, unless there is only one', async () => {
    for (const [flag, value] of [['--mac', '52:54:00:00:00:01'], ['--hostname', 'h']] as const) {
      const error = await thrown(() => wanted(['--count', '2', '--image', 'x', flag, value], 'web'))
      expect(error).to.be.instanceOf(UsageError).with.property('message').that.includes(`--count 2: ${flag}`)
    }
    expect((await wanted(['--count', '1', '--empty', '--mac', '52:54:00:00:00:01'], 'web'))[0]?.request.nics[0]?.mac).to.equal('52:54:00:00:00:01')
  })

  it('refuses a device of the host, unless none of them is started', async () => {
    const gpu = ['--count', '2', '--empty', '--gpu', '0000:65:00.0']
    expect(await thrown(() => wanted(gpu, 'web'))).to.be.instanceOf(UsageError).with.property('message').that.includes('--count 2: --gpu')
    expect(await wanted([...gpu, '--no-start'], 'web')).to.have.length(2)
  })

  it('needs a name, as a single machine does', async () => {
    expect(await thrown(() => wanted(['--empty', '--count', '2']))).to.be.instanceOf(UsageError)
    expect(await thrown(() => wanted(['--empty']))).to.be.instanceOf(UsageError).with.property('message', 'the machine has no name')
  })
})

describe('vm create -f', () => {
  it('takes the flags as keys; an entry wins over the defaults, those over the command line', async () => {
    const [a, b] = await inFile(`
defaults:
  memory: 1G
  vcpus: 3
machines:
  - name: a
    empty: true
    memory: 512M
    disk: [20G, '1G,format=raw']
    network: none
  - name: b
    empty: true
    autostart: true
    timeout: 7s
`, '--memory', '4G', '--graphics', 'none', '--vcpus', '1')
    expect(a?.request).to.deep.include({ name: 'a', memory: 2 ** 29, vcpus: 3, graphics: 'none', nics: [], autostart: false })
    expect(a?.request.disks.map(({ size, format }) => [size, format])).to.deep.equal([[20 * 2 ** 30, undefined], [2 ** 30, 'raw']])
    expect(b?.request).to.deep.include({ name: 'b', memory: 2 ** 30, vcpus: 3, graphics: 'none', autostart: true, disks: [] })
    expect([a?.flags.timeout, b?.flags.timeout]).to.deep.equal([300_000, 7000])
  })

  it('is JSON, or a bare list, or has aliases', async () => {
    const names = async (text: string) => (await inFile(text)).map(({ request }) => request.name)
    expect(await names('{"machines": [{"name": "a", "empty": true, "vcpus": 2, "tpm": false}]}')).to.deep.equal(['a'])
    expect(await names('[{"name": "a", "empty": true}, {"name": "b", "empty": true}]')).to.deep.equal(['a', 'b'])
    expect(await names('- {name: a, empty: &yes true}\n- {name: b, empty: *yes}')).to.deep.equal(['a', 'b'])
  })

  it('a source takes the place of an inherited one, with all that belongs to it', async () => {
    const [a, b, c] = await inFile(`
defaults: {image: /x.qcow2, linked: true}
machines:
  - {name: a, iso: /x.iso}
  - {name: b, kernel: /k, cmdline: "console=ttyS0 quiet"}
  - {name: c, empty: true}
`)
    expect([a, b, c].map((each) => each?.request.source)).to.deep.equal([
      { kind: 'iso', iso: '/x.iso' }, { kind: 'kernel', kernel: '/k', initrd: undefined, cmdline: 'console=ttyS0 quiet' }, { kind: 'empty' },
    ])
    const [d] = await inFile('defaults: {image: /x.qcow2, linked: true}\nmachines: [{name: d, linked: false}]')
    expect(d?.request.source).to.include({ kind: 'image', image: '/x.qcow2' })
    expect(d?.flags.linked).not.to.equal(true)
  })

  it('takes every text as it is written', async () => {
    const texts = ['0123', 'yes', '1.10', 'true', '52:54', '~x', 'a: b', '--x', '-', ' x ', 'ü', '"quoted"', '1e3']
    for (const description of texts) {
      const [machine] = await inFile(stringify([{ name: 'a', empty: true, description }]))
      expect(machine?.request.description).to.equal(description)
    }
    const [plain] = await inFile('- {name: a, empty: true, description: 007}')
    expect(plain?.request.description).to.equal('007')
  })

  const refused: Record<string, RegExp> = {
    '- {name: a, empty: true, ip: 10.0.0.5}\n- {name: b, empty: true, ip: 10.0.0.5/24}': /:2: ip 10\.0\.0\.5\/24 stands in line 1 already/,
    '': /no list of machines/, '{}': /no list of machines/, 'machines: 3': /no list of machines/, '[]': /:1: the list of machines is empty/,
    '{': /:\d+: /, 'machine: []': /:1: unknown key "machine"/, '- x': /:1: a machine is lines of KEY: VALUE/, '- empty: true': /:1: a machine without a name/,
    '- {name: [a]}': /:1: name is one text/, '- {name: a b}': /:1: machine name "a b" has a blank/, '- {name: "1"}': /:1: .*only digits/,
    '- {name: a}': /:1: a: nothing to boot from/, '- {name: a, name: b}': /:1: Map keys must be unique/,
    '- name: a\n  empty: true\n  memry: 2G': /:3: a: unknown key "memry"/, '- name: a\n  empty: yes': /:2: a: empty is true or false, not "yes"/,
    '- name: a\n  empty: true\n  memory: 2': /:3: a: memory "2" has no unit/, '- name: a\n  empty: true\n  vcpus: [1, 2]': /:3: a: vcpus has one value/,
    '- name: a\n  empty: true\n  vcpus: 0': /:3: a: vcpus: expected an integer/, '- name: a\n  empty: true\n  disk:\n    - 1Q': /:3: a: disk "1Q"/,
    '- name: a\n  empty: true\n  disk: []': /:3: disk is an empty list/, '- name: a\n  empty:': /:2: empty is empty/,
    '- name: a\n  empty: true\n  description: null': /:3: description is empty/, '- name: a\n  disk: [{size: 1G}]': /:2: disk\[0\] is a text, not a mapping/,
    '- name: a\n  iso: /x\n  empty: true': /:3: a: empty.*cannot also be provided/, '- name: a\n  initrd: /x': /:2: a: initrd says nothing without --kernel/,
    '- name: a\n  empty: true\n  dry-run: true': /:3: a: unknown key "dry-run"/, '- name: a\n  empty: true\n  count: 3': /:3: a: unknown key "count"/,
    '- name: a\n  empty: true\n  toString: 1': /:3: a: unknown key "toString"/, '- name: a\n  empty: true\n  password: x': /:3: a: password: a secret/,
    '- {name: a, empty: true}\n- {name: A, empty: true}\n- {name: a, empty: true}': /name A stands in line 1 already/,
    '- {name: a, empty: true, mac: 52:54:00:00:00:aa}\n- {name: b, empty: true, mac: 52:54:00:00:00:AA}': /:2: mac .* stands in line 1/,
    'defaults: {mac: 52:54:00:00:00:01}\nmachines: [{name: a}]': /defaults: --mac can be of one machine/,
    'defaults:\n  memory: 1\nmachines:\n  - {name: a, empty: true}': /:2: a: memory "1" has no unit/, 'defaults: {nope: 1}\nmachines: [{name: a}]': /:1: defaults: unknown key "nope"/,
    '- {name: a, image: x, user: u, password-file: "-"}': /:1: a: password-file - would be read/, '- {name: a, empty: *x}': /:1: there is no &x/,
    '- name: a\n  empty: true\n  wait: [ip, fo]': /:3: a: wait "fo" is nothing/, '- {name: a, empty: true, network: none, wait: ip}': /:1: a: wait ip: .*without a network/,
    '- {name: a, empty: true, profile: nope}': /:1: a: there is no profile named nope/, '--- \n- {name: a}\n---\n- {name: b}': /multiple documents/,
  }
  for (const [text, message] of Object.entries(refused)) {
    it(`refuses ${JSON.stringify(text)}`, async () => {
      const error = await thrown(() => inFile(text))
      expect(error).to.be.instanceOf(UsageError).with.property('message').that.matches(message).and.includes(file)
    })
  }

  it('refuses a file that is not there, a name beside it, and more machines than it takes', async () => {
    expect(await thrown(() => wanted(['-f', join(folder, 'none')]))).to.be.instanceOf(UsageError)
    expect(await thrown(() => wanted(['-f', file], 'web'))).to.be.instanceOf(UsageError).with.property('message').that.includes('web')
    const many = stringify(Array.from({ length: 1001 }, (_, index) => ({ name: `m-${index}`, empty: true })))
    expect(await thrown(() => inFile(many))).to.be.instanceOf(UsageError).with.property('message').that.includes('1001')
  })

  it('reads any keys and values, or says what is wrong; nothing else', async () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string(), { maxLength: 3 }))
    const key = fc.oneof(fc.constantFrom(...Object.keys(definitions)), fc.string())
    await fc.assert(fc.asyncProperty(fc.dictionary(key, value, { maxKeys: 5 }), async (keys) => {
      const outcome = await inFile(stringify([{ empty: true, ...keys, name: 'a' }])).catch((error: unknown) => error)
      if (Array.isArray(outcome)) expect(outcome).to.have.length(1)
      else expect(outcome).to.be.instanceOf(UsageError)
    }), { numRuns: 150 })
  })
})
