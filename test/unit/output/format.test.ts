import { expect } from 'chai'
import fc from 'fast-check'
import { parse as parseYaml } from 'yaml'
import { UsageError } from '../../../src/errors.js'
import { formats, renderList, type ListOptions } from '../../../src/output/format.js'
import { toCsv, toJson, toYaml } from '../../../src/output/serialize.js'
import type { Column } from '../../../src/output/table.js'
import { formatSize } from '../../../src/units.js'

interface Machine {
  name: string
  state: string
  memory: number | null
  vcpus: number
  autostart: boolean
  nics: { mac: string, source: string }[]
  note: string | null
}

const columns: Column<Machine>[] = [
  { key: 'name', get: (row) => row.name },
  { key: 'state', get: (row) => row.state },
  { key: 'memory', get: (row) => row.memory === null ? null : formatSize(row.memory), align: 'right' },
  { key: 'nets', header: 'NETWORKS', get: (row) => row.nics.map((nic) => nic.source) },
  { key: 'note', get: (row) => row.note, wide: true },
]

function machine(name: string, rest: Partial<Machine> = {}): Machine {
  return { name, state: 'running', memory: 2 * 1024 ** 3, vcpus: 1, autostart: false, nics: [], note: null, ...rest }
}

const machines = [
  machine('web-10', { memory: 512 * 1024 ** 2, nics: [{ mac: '52:54:00:00:00:01', source: 'lan' }, { mac: '52:54:00:00:00:02', source: 'dmz' }] }),
  machine('web-2', { state: 'off', memory: null, autostart: true, note: 'a, "b"' }),
  machine('web-1', { vcpus: 4 }),
]

function list(options: Partial<ListOptions<Machine>> = {}, rows: readonly Machine[] = machines): Promise<string> {
  return renderList(rows, columns, { format: 'table', headers: true, quiet: false, width: Infinity, ...options })
}

async function namesOf(options: Partial<ListOptions<Machine>>, rows?: readonly Machine[]): Promise<string[]> {
  return (await list({ ...options, format: 'name' }, rows)).split('\n').slice(0, -1)
}

async function refusal(options: Partial<ListOptions<Machine>>): Promise<UsageError> {
  try {
    await list(options)
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('a list', () => {
  it('is a table, or a wide one', async () => {
    expect(await list()).to.equal([
      'NAME     STATE     MEMORY   NETWORKS',
      'web-10   running     512M   lan,dmz',
      'web-2    off            -   -',
      'web-1    running       2G   -',
      '',
    ].join('\n'))
    expect((await list({ format: 'wide' })).split('\n')[2]).to.equal('web-2    off            -   -          a, "b"')
  })

  it('is JSON of the rows as they are', async () => {
    expect(JSON.parse(await list({ format: 'json' }))).to.deep.equal(machines)
    expect(await list({ format: 'json' }, [])).to.equal('[]\n')
    expect(await list({ format: 'json', quiet: true, columns: ['name'] })).to.equal(`${JSON.stringify(machines, null, 2)}\n`)
  })

  it('is YAML of the rows', async () => {
    expect(parseYaml(await list({ format: 'yaml' }))).to.deep.equal(machines)
    expect(parseYaml(await list({ format: 'yaml' }, []))).to.deep.equal([])
  })

  it('is CSV with all columns and raw values', async () => {
    expect(await list({ format: 'csv' })).to.equal([
      'name,state,memory,nets,note',
      'web-10,running,536870912,"lan,dmz",',
      'web-2,off,,,"a, ""b"""',
      'web-1,running,2147483648,,',
      '',
    ].join('\n'))
    expect(await list({ format: 'csv', headers: false, columns: ['memory,name'] })).to.match(/^536870912,web-10\n/)
  })

  it('is names only, also when quiet', async () => {
    for (const options of [{ format: 'name' }, { quiet: true }, { format: 'wide', quiet: true }] as const) {
      expect(await list(options)).to.equal('web-10\nweb-2\nweb-1\n')
    }
    expect(await list({ quiet: true, nameOf: (row) => `pool/${row.name}` })).to.match(/^pool\/web-10\n/)
    expect(await list({ quiet: true }, [])).to.equal('')
    expect(await list({ format: 'name' }, [machine('two\nnames')])).to.equal('two\\nnames\n')
  })

  it('is XML where there is any', async () => {
    expect(await list({ format: 'xml', xmlOf: (row) => `<domain><name>${row.name}</name></domain>\n\n` }, machines.slice(0, 2)))
      .to.equal('<domain><name>web-10</name></domain>\n<domain><name>web-2</name></domain>\n')
    expect((await refusal({ format: 'xml' })).message).to.contain('no XML')
  })

  it('has the columns asked for, by key or head, in that order', async () => {
    expect(await list({ columns: ['NETWORKS,Name', 'note'], headers: false }, machines.slice(0, 1))).to.equal('lan,dmz   web-10   -\n')
  })

  it('refuses unknown columns in every format, naming the valid ones', async () => {
    for (const format of formats) {
      const error = await refusal({ format, columns: ['name,nope'] })
      expect(error.message).to.equal('no column "nope"')
      expect(error.hints).to.deep.equal(['valid columns: name, state, memory, nets, note'])
    }
    expect((await refusal({ columns: [''] })).message).to.contain('no column')
  })

  it('of 10,000 rows takes well under 300 ms', async () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => machine(`web-${index}`, { vcpus: index }))
    await list({ sort: 'name' }, rows.slice(0, 100))
    for (const options of [{ format: 'json' }, { format: 'table' }, { format: 'table', sort: '-name', filters: ['state=running', 'memory=2G'] }] as const) {
      expect(await cpuTime(() => list(options, rows)), JSON.stringify(options)).to.be.below(300)
    }
  })
})

describe('sorting', () => {
  it('puts names in natural order, either way', async () => {
    expect(await namesOf({ sort: 'name' })).to.deep.equal(['web-1', 'web-2', 'web-10'])
    expect(await namesOf({ sort: '-NAME' })).to.deep.equal(['web-10', 'web-2', 'web-1'])
  })

  it('puts numbers by value, though the table shows text, and what is empty last either way', async () => {
    expect(await namesOf({ sort: 'memory' })).to.deep.equal(['web-10', 'web-1', 'web-2'])
    expect(await namesOf({ sort: '-memory' })).to.deep.equal(['web-1', 'web-10', 'web-2'])
  })

  it('knows keys that are not shown, booleans and lists', async () => {
    expect(await namesOf({ sort: '-vcpus' })).to.deep.equal(['web-1', 'web-10', 'web-2'])
    expect(await namesOf({ sort: '-autostart' })).to.deep.equal(['web-2', 'web-10', 'web-1'])
    expect(await namesOf({ sort: 'nets' })).to.deep.equal(['web-10', 'web-2', 'web-1'])
    expect(await namesOf({ sort: 'nics.mac' })).to.deep.equal(['web-10', 'web-2', 'web-1'])
  })

  it('is stable and refuses unknown keys, also when a filter left no row', async () => {
    const rows = Array.from({ length: 50 }, (_, index) => machine(`m${50 - index}`, { state: index % 2 ? 'off' : 'on' }))
    const sorted = await namesOf({ sort: 'state' }, rows)
    expect(sorted.slice(0, 3)).to.deep.equal(['m49', 'm47', 'm45'])
    expect((await refusal({ sort: 'nope' })).hints[0]).to.match(/^valid keys: name, state, memory, vcpus, autostart, nics, note, nets$/)
    expect((await refusal({ sort: 'nope', filters: ['name=zzz'] })).message).to.equal('no key "nope"')
    expect((await refusal({ sort: '-' })).exitCode).to.equal(2)
    expect(await namesOf({ sort: 'vcpus', filters: ['name=zzz'] })).to.deep.equal([])
  })

  it('leaves the rows of the caller as they are', async () => {
    const before = [...machines]
    await list({ sort: 'name' })
    expect(machines).to.deep.equal(before)
  })
})

describe('filters', () => {
  const cases: [string[], string[]][] = [
    [['name=web-2'], ['web-2']],
    [['name!=web-2'], ['web-10', 'web-1']],
    [['name~=^web-1'], ['web-10', 'web-1']],
    [['name~=^web-1', 'vcpus=4'], ['web-1']],
    [['NETWORKS=lan'], ['web-10']],
    [['nets=lan,dmz'], ['web-10']],
    [['nics.source=dmz'], ['web-10']],
    [['nics.source!=dmz'], ['web-2', 'web-1']],
    [['nics.0.mac~=:01$'], ['web-10']],
    [['vcpus=4'], ['web-1']],
    [['vcpus=4.0'], []],
    [['autostart=true'], ['web-2']],
    [['memory=2G'], ['web-1']],
    [['memory=2147483648'], ['web-1']],
    [['memory=0.5GiB'], ['web-10']],
    [['memory='], ['web-2']],
    [['memory!='], ['web-10', 'web-1']],
    [['note=a, "b"'], ['web-2']],
    [['note=-'], ['web-10', 'web-1']],
    [['state = off'], []],
    [['state =off'], ['web-2']],
    [['name=web=2'], []],
    [['name~=a=b|10'], ['web-10']],
    [['name~=web\\-2'], ['web-2']],
    [['Vcpus=4'], ['web-1']],
  ]
  for (const [filters, left] of cases) {
    it(`${JSON.stringify(filters)} leaves ${JSON.stringify(left)}`, async () => {
      expect(await namesOf({ filters })).to.deep.equal(left)
    })
  }

  it('that are malformed are refused', async () => {
    for (const filter of ['', 'name', '=x', '!=x', '~=x', 'name~x', 'name!x']) {
      expect((await refusal({ filters: [filter] })).message, filter).to.equal(`filter "${filter}" is not understood`)
    }
    expect((await refusal({ filters: ['name~=('] })).message).to.equal('invalid regular expression "(": Unterminated group')
    const unknown = await refusal({ filters: ['nope=1'] })
    expect(unknown.message).to.equal('no key "nope"')
    expect(unknown.hints[0]).to.contain('autostart')
    expect((await refusal({ filters: ['__proto__=1'] })).message).to.contain('no key')
    expect((await refusal({ filters: ['constructor.name=Object'] })).message).to.contain('no key')
  })

  it('of an empty list pass: there is nothing to tell a key by', async () => {
    expect(await list({ filters: ['anything=1'], sort: 'thing' }, [])).to.match(/^NAME/)
  })

  it('do what their operators say, whatever the value', async () => {
    const notes = fc.array(fc.string({ minLength: 1, maxLength: 4 }))
    await fc.assert(fc.asyncProperty(notes, fc.string({ maxLength: 4 }), async (texts, wanted) => {
      const rows = texts.map((note, index) => machine(`m${index}`, { note }))
      const equal = await namesOf({ filters: [`note=${wanted}`] }, rows)
      const other = await namesOf({ filters: [`note!=${wanted}`] }, rows)
      expect(equal).to.deep.equal(rows.filter(({ note }) => note === wanted).map(({ name }) => name))
      expect([...equal, ...other].sort()).to.deep.equal(rows.map(({ name }) => name).sort())
    }))
  })
})

describe('documents for machines', () => {
  const awkward = [
    '', ' ', 'no', 'yes', 'on', 'null', '~', 'true', '0123', '0x1f', '1e3', '12:34:56', '52:54:00:12:34:56', '2026-01-01', '- a', '# c', 'a: b',
    'a #b', '*x', '&x', '!x', '%x', '@x', '`x', '"', "'", '\\', 'line\nline', 'trailing \n', '\t', '\r\n', '\x1b[2J', '\x85', '\u2028', '\u202e', '\ufeff',
    'x'.repeat(500), 'käse', '日本', '{', '[', '? x', '---', '...', '=', '<<', '.inf', '1_000',
  ]

  it('in YAML give back every string, in YAML 1.1 too, and show no controls', async () => {
    const text = await toYaml(awkward)
    expect(parseYaml(text)).to.deep.equal(awkward)
    expect(parseYaml(text, { version: '1.1' })).to.deep.equal(awkward)
    expect(text).not.to.match(/[\x1b\x85\u2028\u202e\ufeff]/)
    await fc.assert(fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary' }), async (value) => {
      // JSON has no negative zero.
      expect(JSON.stringify(parseYaml(await toYaml(value)))).to.equal(JSON.stringify(value))
    }))
  })

  it('in YAML repeat a shared list instead of pointing to it', async () => {
    const shared = ['a']
    expect(await toYaml({ one: shared, two: shared })).to.equal('one:\n  - a\ntwo:\n  - a\n')
  })

  it('in JSON give back every string and show no controls', () => {
    expect(JSON.parse(toJson(awkward))).to.deep.equal(awkward)
    expect(toJson(['\u202e\x9b'])).to.equal('[\n  "\\u202e\\u009b"\n]\n')
  })

  it('in CSV quote what must be quoted', () => {
    expect(toCsv([['a', 'b,c', 'd"e', 'f\ng', ' h', 1.5, true, null, ['x', 'y'], { z: 1 }, []]]))
      .to.equal('a,"b,c","d""e","f\ng"," h",1.5,true,,"x,y","{""z"":1}",\n')
    expect(toCsv([[null], ['']])).to.equal('""\n""\n')
    expect(toCsv([])).to.equal('')
  })

  it('in CSV give back every string', () => {
    const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é') })
    const line = fc.array(field, { minLength: 1, maxLength: 4 })
    fc.assert(fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      expect(readCsv(toCsv(lines))).to.deep.equal(lines)
    }))
  })
})

/** A small reader of RFC 4180, to read back what was written. */
function readCsv(text: string): string[][] {
  const lines: string[][] = []
  let fields: string[] = []
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))([,\n])/g)) {
    fields.push(quoted?.replaceAll('""', '"') ?? plain)
    if (end === '\n') {
      lines.push(fields)
      fields = []
    }
  }
  return lines
}

/** Milliseconds of processor time: what else the machine does must not fail a test. */
async function cpuTime(run: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}
