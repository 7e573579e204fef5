import { expect } from 'chai'
import { sparkline } from '../../../src/output/sparkline.js'
import { TopView } from '../../../src/top-view.js'
import type { RatedVm } from '../../../src/virt/ops/vm-rates.js'
import { vmSample } from './samples.js'

function row(name: string, cpu: number | null, memory = 1024): RatedVm {
  const disk = { readBytes: 10, writtenBytes: null, readRequests: 0, writeRequests: 0 }
  const rates = { interval: 1, cpu, ...disk, receivedBytes: 5, sentBytes: 6 }
  return { ...vmSample({ name, uuid: name, memory }), rates: cpu === null ? null : rates }
}

const screen = { host: 'h\x1b[2J', cpus: 4, time: '12:00:00', columns: 120, lines: 24 }

describe('top', () => {
  it('draws bars: the newest at the right, blanks for what nobody knows, none higher than the highest', () => {
    expect(sparkline([0, 1, 2, 4, 9, null], 8, 4)).to.equal('  ▁▃▅██ ')
    expect(sparkline([1, 2, 3], 2, 3)).to.equal('▆█')
    expect(sparkline([5], 1, 0)).to.equal('▁')
  })

  it('sorts by what a key says, the highest first, and turns it round', () => {
    const view = new TopView()
    const rows = [row('b', 0.5, 1), row('a', 1.5, 2), row('c', null, 3)]
    const names = () => view.sorted(rows).map(({ name }) => name).join('')
    expect(names()).to.equal('abc')
    for (const [key, order] of [['m', 'cab'], ['a', 'abc'], ['r', 'cba'], ['c', 'cba']] as const) {
      expect(view.press(key)).to.equal(true)
      expect(names(), key).to.equal(order)
    }
    expect(view.press('x')).to.equal(false)
    expect(new TopView('memory').sorted(rows).map(({ name }) => name).join('')).to.equal('bac')
    expect(new TopView('-name').sorted(rows).map(({ name }) => name).join('')).to.equal('cba')
    expect(() => new TopView('nope')).to.throw(/cannot be sorted by nope/)
  })

  it('has fewer bars on a narrow terminal, none before figures are cut, and the newest always', () => {
    const view = new TopView()
    const rows = [row('web', 0.5), row('db', 1)]
    for (let at = 0; at < 12; at += 1) view.add(rows)
    const barsAt = (columns: number) => view.lines(rows, { ...screen, columns, lines: 4 })[2]?.match(/█/g)?.length
    expect([120, 80, 70, 60].map(barsAt)).to.deep.equal([12 * 2, 8 * 2, 5 * 2, undefined])
    expect(view.lines(rows, { ...screen, columns: 80 }).join('')).to.not.include('…')
    for (const columns of [1, 10, 20]) expect(view.lines(rows, { ...screen, columns, lines: 1 })).to.have.length(3)
  })

  it('shows what fits, with names that control nothing, and forgets who is gone', () => {
    const view = new TopView('name')
    const rows = [row('a\nb\x1b[31m', 1), ...Array.from({ length: 30 }, (_, at) => row(`z${at}`, 0))]
    view.add(rows)
    view.add(rows)
    const lines = view.lines(rows, { ...screen, lines: 10 })
    expect(lines).to.have.length(10)
    expect(lines.join('\n')).to.not.match(/[\x00-\x09\x0b-\x1f]/)
    expect(lines[0]).to.include('h\\x1b[2J').and.include('31 running, CPU 1.0 of 4')
    expect(lines[1]).to.match(/^NAME +CPU% /)
    expect(lines[2]).to.match(/^a\\nb\\x1b\[31m +100\.0 +▅▅ +1K/)
    view.add([])
    expect(view.lines([row('z1', 1)], screen)[2]).to.not.include('▅▅')
  })
})
