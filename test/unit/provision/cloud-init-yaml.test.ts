import { expect } from 'chai'
import fc from 'fast-check'
import { parse } from 'yaml'
import { UsageError } from '../../../src/errors.js'
import { isNull, parseYaml, Plain, writeYaml, yamlMap, type YamlMap, type YamlValue } from '../../../src/provision/cloud-init/yaml.js'

const awkward = [
  '', ' ', 'no', 'No', 'on', 'y', 'n', 'yes', 'null', '~', 'true', '0123', '0o17', '0x1f', '0b1', '1_000', '1e3', '1.5', '.5', '.inf', '-.inf', '.NaN', '-', '--- x', '...',
  'e0', 'E1', 'x1', '10:30', '52:54:00:12:34:56', '2024-01-01', '2024-1-1 10:00:00', '=', '<<', '!', '!!int 3', '&a', '*a', '?', ':', 'a: b', 'a:', ' a', 'a ', '# x', 'a #b', '@x', '`x`', '%YAML', '%x',
  '[a]', '{a}', '{{ x }}', ',', '|', '>', '"', '\'', '\\', '\\n', '"a" b', 'a\nb', '\na', 'a\n', '\n', 'a\n\n', 'a\r\nb', 'a\tb', '\ta\nb', ' a\nb', 'a\n  b\n c\n', 'a \nb', 'a\n\n\n b\n \nc',
  'a\n---\nb', 'a\n...\nb', '\u0000', '\u0007', '\u001b[31m', '\u007f', '\u0085', '\u00a0', '\u2028', '\u2029', '\ufeff', '\ufffe', '\uffff', 'ünï', '日本', '😀', 'a\nü', 'ü\nb\n', 'x'.repeat(5000), `${'word '.repeat(500)}\nb`,
]

/** Read with both sets of rules that yaml knows; PyYAML's own are an integration test's. */
function readBack(text: string): unknown[] {
  return (['1.1', '1.2'] as const).map((version) => parse(text, { version, prettyErrors: false }) as unknown)
}

describe('YAML that is written', () => {
  for (const text of awkward) {
    it(`keeps the text ${JSON.stringify(text.slice(0, 20)).replaceAll(/[^\x20-\x7e]/g, '?')}`, () => {
      const written = writeYaml(yamlMap({ key: text, list: [text, [text]], [`k${text}`]: 'v' }))
      for (const read of readBack(written)) expect(read).to.deep.equal({ key: text, list: [text, [text]], [`k${text}`]: 'v' })
      expect(written).to.match(/^[\n\x20-\x7e]*$/)
    })
  }

  it('keeps every text, wherever it stands', () => {
    const signs = fc.constantFrom(...'a :#-\n\t"\'\\|>{}[]&*!%@,?=~0é\u0085')
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: signs }), fc.constantFrom(...awkward))
    const value = fc.oneof(text, fc.array(text), fc.dictionary(text, text))
    fc.assert(fc.property(fc.array(fc.tuple(text, value)), (pairs) => {
      const expected = Object.fromEntries(pairs.filter(([key]) => key !== '__proto__'))
      const map: YamlMap = new Map(Object.entries(expected).map(([key, value]): [string, YamlValue] => [
        key, typeof value === 'object' && !Array.isArray(value) ? new Map(Object.entries(value)) : value,
      ]))
      for (const read of readBack(writeYaml(map))) expect(read).to.deep.equal(plainObject(expected))
    }), { numRuns: 300 })
  })

  it('keeps booleans, numbers and null', () => {
    const written = writeYaml(yamlMap({ a: true, b: false, c: 7, d: null, e: undefined }))
    for (const read of readBack(written)) expect(read).to.deep.equal({ a: true, b: false, c: 7, d: null })
  })

  it('leaves plain words plain and shows lines as lines', () => {
    expect(writeYaml(yamlMap({ packages: ['nginx', 'qemu-guest-agent'], content: 'one\n  two\n' })))
      .to.equal('packages:\n  - nginx\n  - qemu-guest-agent\ncontent: |\n  one\n    two\n')
  })

  it('refuses half a surrogate pair', () => {
    expect(() => writeYaml(yamlMap({ a: 'x\ud83d' }))).to.throw(UsageError, 'half a character')
  })
})

describe('YAML that is read', () => {
  const read = (text: string) => parseYaml(text, 'user-data') as YamlMap
  const rewritten = (text: string) => writeYaml(read(text))

  for (const plain of ['no', 'Off', '0644', '1_000', '10:30', '3.14', '-.inf', '0x1f', '2024-01-01', '2024-01-01 10:00:00', '~', 'NULL', '+1', '0b11']) {
    it(`keeps ${plain} as it was written`, () => expect(rewritten(`key: ${plain}\n`)).to.equal(`key: ${plain}\n`))
  }

  for (const text of ['1e3', '12e4', '0o644', 'y', '=', '1.2.3', '0x', '08', '1:70']) {
    it(`takes ${text} for a text, as Python does`, () => expect(read(`key: ${text}\n`).get('key')).to.equal(text))
  }

  it('keeps texts in quotes texts', () => expect(rewritten('aa: "no"\nbb: \'0644\'\n')).to.equal('aa: "no"\nbb: "0644"\n'))

  it('knows nothing from something', () => {
    const map = read('a:\nb: ~\nc: null\nd: ""\ne: 0\n')
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => isNull(map.get(key)))).to.deep.equal([true, true, true, false, false, false])
    expect(rewritten('a:\n')).to.match(/^"a": null\n$/)
    expect(isNull(null)).to.equal(true)
    expect(map.get('e')).to.be.instanceOf(Plain)
  })

  it('resolves anchors and merges', () => {
    expect(rewritten('base: &b {kk: 1}\nuse:\n  <<: *b\n  zz: 2\ntwice: [*b, *b]\n'))
      .to.equal('base:\n  kk: 1\nuse:\n  kk: 1\n  zz: 2\ntwice:\n  - kk: 1\n  - kk: 1\n')
  })

  it('keeps binary data', () => expect(rewritten('content: !!binary |\n  aGVs\n  bG8=\n')).to.equal('content: !!binary "aGVs\\nbG8=\\n"\n'))

  it('keeps keys that are no texts', () => expect(rewritten('1: one\nno: two\n"1": three\n')).to.equal('1: one\nno: two\n"1": three\n'))

  for (const [text, message] of [
    ['a: 1\nb: [', /line 2/], ['a: 1\na: 2', /unique at line 2/], ['a:\n  - b\n c: d', /line 3/], ['\ta: 1', /line 1/], ['a: "x', /line 1/],
    ['a: 1\n---\nb: 2', /line 2/], ['a: !foo 1', /!foo at line 1/], ['a: !!int "3"', /line 1/], ['a: !!python/object:os.system x', /line 1/],
    ['a: 1\nb: *x', /alias x at line 2/], ['a: 1\nname: {{ v1.name }}', /as a key at line 2/], ['? [a]\n: b', /as a key at line 1/], ['a: b: c', /line 1/],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => read(text)).to.throw(UsageError, message).with.property('message').that.matches(/^user-data: [^\n]*$/)
    })
  }

  it('does not show the text beside a mistake', () => {
    expect(() => read('password: hunter2\nb: [\n')).to.throw(UsageError).with.property('message').that.does.not.contain('hunter2')
  })

  it('has an end for what has none', () => {
    expect(() => rewritten('a: &a [*a]\n')).to.throw(UsageError, 'levels')
    const bomb = Array.from({ length: 9 }, (_, level) => `k${level}: &k${level} [${Array(9).fill(level === 0 ? 'x' : `*k${level - 1}`).join(', ')}]`).join('\n')
    expect(() => rewritten(bomb)).to.throw(UsageError)
    expect(() => rewritten(`a: ${'['.repeat(200)}${']'.repeat(200)}`)).to.throw(UsageError, 'levels')
  })
})

function plainObject(value: object): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown
}
