import { expect } from 'chai'
import fc from 'fast-check'
import { renderDetails, tableField, type Field } from '../../../src/output/details.js'
import { cellText, renderPlainTable, renderTable, type Column } from '../../../src/output/table.js'
import { displayWidth } from '../../../src/output/width.js'

interface Machine { name: string, state: string | null, vcpus: number, tags: string[] }

const columns: Column<Machine>[] = [
  { key: 'name', get: (row) => row.name },
  { key: 'state', get: (row) => row.state },
  { key: 'vcpus', header: 'CPUS', get: (row) => row.vcpus, align: 'right' },
  { key: 'tags', get: (row) => row.tags },
]
const machines: Machine[] = [
  { name: 'web-1', state: 'running', vcpus: 2, tags: ['a', 'b'] },
  { name: 'a-long-name', state: null, vcpus: 16, tags: [] },
]
const unlimited = { headers: true, width: Infinity }
/** A width that takes the way of a terminal and never cuts. */
const roomy = { headers: true, width: 100_000 }

describe('a table', () => {
  it('has upper-case heads, a gap of three, a dash for what is empty, no trailing blanks', async () => {
    expect(await renderTable(machines, columns, unlimited)).to.equal([
      'NAME          STATE     CPUS   TAGS',
      'web-1         running      2   a,b',
      'a-long-name   -           16   -',
      '',
    ].join('\n'))
  })

  it('without heads has its rows only, without rows its heads only, without both nothing', async () => {
    expect(await renderTable(machines, columns, { ...unlimited, headers: false })).to.match(/^web-1 {9}running {4}2 {3}a,b\n/)
    for (const width of [80, Infinity]) {
      expect(await renderTable([], columns, { headers: true, width })).to.equal('NAME   STATE   CPUS   TAGS\n')
      expect(await renderTable([], columns, { headers: false, width })).to.equal('')
    }
  })

  it('shows values as people read them', () => {
    expect([null, undefined, '', [], NaN, true, false, 0, 'x', ['a', 'b'], '\x1b[2J', ['\n']].map(cellText))
      .to.deep.equal(['-', '-', '-', '-', '-', 'yes', 'no', '0', 'x', 'a,b', '\\x1b[2J', '\\n'])
  })

  it('cuts the widest column to the terminal and no other', async () => {
    const rows = [{ ...machines[0]!, name: 'n'.repeat(60) }, machines[1]!]
    const text = await renderTable(rows, columns, { headers: true, width: 40 })
    expect(text.split('\n')[1]).to.equal(`${'n'.repeat(15)}…   running      2   a,b`)
    expect(text).to.contain('a-long-name')
    expect(Math.max(...text.split('\n').map(displayWidth))).to.be.at.most(40)
    expect(await renderTable(rows, columns, unlimited)).to.contain('n'.repeat(60))
  })

  it('on a terminal too small for it does not cut columns to nothing', async () => {
    expect(await renderTable(machines, columns, { headers: true, width: 5 })).to.contain('a-lon…')
  })

  it('lines up wide characters', async () => {
    const rows = ['日本', 'käse', 'e\u0301x', 'ascii', '🙂'].map((name) => ({ ...machines[0]!, name }))
    const text = await renderTable(rows, columns, roomy)
    const starts = text.trimEnd().split('\n').map((line) => displayWidth(line.slice(0, line.search(/running|STATE/))))
    expect(new Set(starts).size).to.equal(1)
  })

  it('never lets a cell make a line or move the cursor', async () => {
    const rows = [{ ...machines[0]!, name: 'x\n\x1b[2Jy\r\u202e' }]
    const text = await renderTable(rows, columns, roomy)
    expect(text.split('\n')).to.have.length(3)
    expect(text).to.contain('x\\n\\x1b[2Jy\\r\\u{202e}')
  })

  it('reads the same by cli-table3 and without it', async () => {
    const awkward = fc.constantFrom('{{x}}', '%s', '<b>', '  a  ', 'ß', 'ж')
    const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), awkward)
    const tags = fc.array(text, { maxLength: 3 })
    const row = fc.record({ name: text, state: fc.option(text), vcpus: fc.oneof(fc.integer(), fc.double()), tags })
    await fc.assert(fc.asyncProperty(fc.array(row, { maxLength: 12 }), fc.boolean(), async (rows, headers) => {
      const plain = renderPlainTable(rows, columns, { headers, width: Infinity })
      expect(await renderTable(rows, columns, { headers, width: 100_000 })).to.equal(plain)
      expect(plain).not.to.match(/ \n/)
    }), { numRuns: 200 })
  })

  it('of simple text reads the same by cli-table3, letter by letter', async () => {
    for (let code = 0x20; code < 0x530; code += 1) {
      const rows = [{ ...machines[0]!, name: `${String.fromCodePoint(code)}|` }]
      expect(await renderTable(rows, columns, roomy), code.toString(16)).to.equal(renderPlainTable(rows, columns, unlimited))
    }
  })

  it('fits any terminal that it can', async () => {
    const row = fc.record({ name: fc.string(), state: fc.string(), vcpus: fc.nat(), tags: fc.array(fc.string(), { maxLength: 2 }) })
    const rows = fc.array(row, { minLength: 1, maxLength: 5 })
    await fc.assert(fc.asyncProperty(rows, fc.integer({ min: 40, max: 120 }), async (rows, width) => {
      const text = await renderTable(rows, columns, { headers: true, width })
      expect(Math.max(...text.split('\n').map(displayWidth))).to.be.at.most(width)
    }))
  })

  it('of 10,000 rows takes well under 300 ms', async () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => ({ ...machines[0]!, name: `web-${index}`, tags: ['日本'] }))
    await renderTable(rows.slice(0, 100), columns, unlimited)
    for (const width of [Infinity, 30]) {
      expect(await cpuTime(() => renderTable(rows, columns, { headers: true, width }))).to.be.below(300)
    }
  })
})

describe('the details of one object', () => {
  interface Disk { target: string, path: string }
  interface Show { name: string, memory: string, description: string | null, disks: Disk[], nics: string[] }
  const fields: Field<Show>[] = [
    { label: 'Name', get: (item) => item.name },
    { label: 'Memory', get: (item) => item.memory },
    { label: 'Description', get: (item) => item.description },
    tableField('Disks', (item) => item.disks, [
      { key: 'target', get: (disk) => disk.target }, { key: 'path', get: (disk) => disk.path },
    ]),
    tableField('Cards', (item) => item.nics, [{ key: 'mac', get: (nic) => nic }]),
  ]
  const item: Show = { name: 'web-1', memory: '2G', description: null, disks: [{ target: 'vda', path: '/a b/x\x1b.qcow2' }], nics: [] }

  it('line up their values, and lists are tables', () => {
    expect(renderDetails(item, fields)).to.equal([
      'Name:         web-1',
      'Memory:       2G',
      'Description:  -',
      'Disks:',
      '  TARGET   PATH',
      '  vda      /a b/x\\x1b.qcow2',
      'Cards:        -',
      '',
    ].join('\n'))
  })

  it('may be empty, and show no controls', () => {
    expect(renderDetails(item, [])).to.equal('')
    expect(renderDetails({ ...item, name: 'a\nName: b' }, fields)).to.match(/^Name: {9}a\\nName: b\n/)
  })
})

/** Milliseconds of processor time: what else the machine does must not fail a test. */
async function cpuTime(run: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}
