import { expect } from 'chai'
import { parseMode } from '../../../src/mode-flag.js'
import { renderReport } from '../../../src/report-page.js'
import { withOnly, type ReportData } from '../../../src/virt/ops/make-report.js'
import type { MapMachine } from '../../../src/map-model.js'

const evil = `</style></td><script>alert("1")</script><img src=x onerror='x'>\u202e`
const bare: ReportData = {
  time: '2026-11-23T18:00:00.000Z', uri: evil, host: null, machines: null, pools: null, networks: null, map: null,
  checks: { host: null, net: null, filter: null, gc: null }, notes: [], unread: [],
}
const vm = (name: string) => ({
  name, uuid: name, state: 'running', autostart: true, vcpus: 2, memory: 2 ** 30, addresses: [name], title: name, description: name,
  disks: [{ target: name, capacity: 100, allocation: 95 }, { target: 'vdb', capacity: null, allocation: null }],
})
const machine = (name: string): MapMachine => ({
  name, running: true, also: [name], nics: [{ mac: name, tap: name, addresses: [name], filter: name }],
})
const network = {
  kind: 'network', name: evil, mode: 'nat', active: true, bridge: evil, subnets: [evil], machines: [machine(evil), machine('other')],
}
const hostile: ReportData = {
  ...bare,
  machines: { total: 10_000, states: { running: 1, off: 9999 }, rows: [vm(evil)] },
  pools: { total: 1, rows: [{
    name: evil, uuid: evil, state: 'running', persistent: true, autostart: true, type: 'dir', path: evil,
    capacity: 100, allocation: 50, available: 50, volumes: 1,
  }] },
  map: { host: evil, uri: evil, networks: [network], unconnected: [machine('off it')] },
  checks: {
    host: { total: 2, rows: [{ check: evil, level: 'problem', message: evil, hint: evil }, { check: 'x', level: 'ok', message: 'fine', hint: null }] },
    net: { total: 1, rows: [{ check: 'x', level: 'ok', message: 'fine', hint: null }] },
    filter: { total: 1, rows: [{ code: 'unused', vm: evil, mac: evil, filter: evil, text: evil, fix: evil }] },
    gc: { total: 1, rows: [{ kind: 'volume', name: evil, pool: evil, path: evil, size: 5, modified: null, reason: evil, result: 'found', why: evil }] },
  },
  notes: [{ part: evil, text: evil }], unread: [{ part: evil, text: evil }],
}

describe('bay report as a page', () => {
  it('has whatever names say as text, no script and nothing from elsewhere', () => {
    const page = renderReport(hostile)
    expect(page).not.to.match(/<script|<img|onerror='|\u202e/)
    expect(page.match(/<\/style>/g)).to.have.length(2)
    expect(page).not.to.match(/<[^>]*\b(src|href)=|@import|url\(/)
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.to.include('http:')
  })

  it('tells of fills, of how many more there are, and only of what is not well', () => {
    const page = renderReport(hostile)
    expect(page).to.include('machines: 10000 · running: 1 · off: 9999 · pools: 1 · problems: 1 · warnings: 0').and.include('and 9999 more')
    expect(page).to.include('<div class="full" style="width:95%">').and.include('50 % of 100B').and.include('nothing wrong: 1 looked at')
    expect(page).not.to.include('fine')
  })

  it('says what could not be read, and is a page even when that is all', () => {
    const page = renderReport({ ...bare, unread: [{ part: 'pools', text: 'permission denied' }] })
    expect(page).to.include('<h2>Not read</h2>').and.include('permission denied').and.not.include('<h2>Pools</h2>')
    expect(page.startsWith('<!DOCTYPE html>') && page.endsWith('</html>\n')).to.equal(true)
  })

  it('has a map of the machines that it lists', () => {
    const map = withOnly({ host: 'h', uri: 'u', networks: [network, network], unconnected: [machine('off it')] }, { rows: [vm('other')] }, 1)
    expect(map.networks.map(({ machines }) => machines.map(({ name }) => name))).to.deep.equal([['other']])
    expect(map.unconnected).to.deep.equal([])
  })

  it('takes modes that let its owner read it and nobody run it', () => {
    expect([parseMode('0600', '--mode'), parseMode('644', '--mode')]).to.deep.equal([0o600, 0o644])
    for (const wrong of ['rw', '8', '0755', '4644', '044', '-1', '']) expect(() => parseMode(wrong, '--mode'), wrong).to.throw('--mode')
  })
})
