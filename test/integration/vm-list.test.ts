import { expect } from 'chai'
import { parse as parseYaml } from 'yaml'
import { parse } from '../../src/xml/node.js'
import { child, textOf } from '../../src/xml/tree.js'
import { bay } from '../lab/bay.js'
import { onTest } from './vm-host.js'

const uuid = '6695eb01-f6a4-8304-79aa-97f2502e193f'
const rowKeys = [
  'name', 'uuid', 'id', 'state', 'reason', 'vcpus', 'maxVcpus', 'memory', 'maxMemory', 'cpuTime', 'autostart', 'persistent', 'addresses', 'addressDetails',
]

async function prints(line: string): Promise<string> {
  const { code, stdout, stderr } = await onTest(line)
  expect({ line, code, stderr }).to.deep.equal({ line, code: 0, stderr: '' })
  return stdout
}

describe('bay vm list', function () {
  this.timeout(30_000)

  it('prints a table: upper-case heads, no borders, no trailing blanks', async () => {
    expect(await prints('vm list')).to.equal('NAME   STATE     VCPUS   MEMORY   ADDRESSES\ntest   running       2       2G   -\n')
  })

  it('prints more when it may be wide', async () => {
    const wide = await prints('vm list -o wide')
    expect(wide.split('\n')[0]?.split(/ {2,}/)).to.deep.equal([
      'NAME', 'STATE', 'VCPUS', 'MEMORY', 'ADDRESSES', 'AUTOSTART', 'PERSISTENT', 'REASON', 'CPU-TIME', 'ID', 'UUID', 'KNOWN-FROM',
    ])
    expect(wide).to.include(uuid)
  })

  it('prints JSON with numbers as numbers, and every key', async () => {
    const [row, ...more] = JSON.parse(await prints('vm list -o json')) as Record<string, unknown>[]
    expect(more).to.deep.equal([])
    expect(row).to.have.all.keys(rowKeys)
    expect(row).to.deep.include({
      name: 'test', uuid, id: 1, state: 'running', vcpus: 2, memory: 2 ** 31, maxMemory: 2 ** 33, autostart: false, persistent: true, addresses: [], addressDetails: [],
    })
  })

  it('prints the same as YAML and CSV', async () => {
    const [yaml, csv] = await Promise.all([prints('vm list -o yaml'), prints('vm list -o csv')])
    expect((parseYaml(yaml) as unknown[])[0]).to.have.all.keys(rowKeys).and.include({ name: 'test', memory: 2 ** 31, persistent: true })
    expect(csv.split('\n')[0]).to.equal('name,state,vcpus,memory,addresses,autostart,persistent,reason,cpuTime,id,uuid,addressDetails')
    expect(csv.split('\n')[1]).to.match(/^test,running,2,2147483648,,false,true,unknown,[\d.]+,1,6695eb01/)
  })

  it('prints names, or the machines\' XML', async () => {
    const [name, quiet, xml] = await Promise.all([prints('vm list -o name'), prints('vm list -q'), prints('vm list -o xml')])
    expect([name, quiet]).to.deep.equal(['test\n', 'test\n'])
    expect(textOf(child(parse(xml), 'uuid'))).to.equal(uuid)
  })

  it('--json is -o json, and beats -o', async () => {
    const [json, both] = await Promise.all([prints('vm list --json'), prints('vm list -o table --json')])
    for (const text of [json, both]) expect(JSON.parse(text)).to.have.length(1)
  })

  it('prints the columns that were asked for, in their order', async () => {
    const [some, csv, twice] = await Promise.all([
      prints('vm list --columns uuid,name'), prints('vm list -o csv --columns memory,name'), prints('vm list --columns name --columns state'),
    ])
    expect(some).to.equal(`UUID                                   NAME\n${uuid}   test\n`)
    expect(csv).to.equal('memory,name\n2147483648,test\n')
    expect(twice).to.equal('NAME   STATE\ntest   running\n')
  })

  it('leaves out the heads', async () => {
    const [table, csv] = await Promise.all([prints('vm list --no-headers --columns name'), prints('vm list -o csv --no-headers --columns name')])
    expect([table, csv]).to.deep.equal(['test\n', 'test\n'])
  })

  it('filters, and sorts; nothing left is a head in a table, [] in JSON, nothing as names', async () => {
    const kept = ['state=running', 'state!=off', 'name~=^t', 'vcpus=2', 'memory=2147483648', 'persistent=true']
    const all = await Promise.all(kept.map((filter) => prints(`vm list -q --sort -memory --filter ${filter}`)))
    expect(all).to.deep.equal(kept.map(() => 'test\n'))
    const [table, json, names] = await Promise.all([
      prints('vm list --filter state=off'), prints('vm list --filter state=running --filter name=x -o json'), prints('vm list -q --filter name=tes'),
    ])
    expect(table).to.equal('NAME   STATE   VCPUS   MEMORY   ADDRESSES\n')
    expect([json, names]).to.deep.equal(['[]\n', ''])
  })

  it('refuses columns, keys and filters that do not exist, and names those that do', async () => {
    const lines = ['vm list --columns nope', 'vm list --sort nope', 'vm list --filter nope=1', 'vm list --filter name', 'vm list --filter name~=[', 'vm list -o jsn']
    const results = await Promise.all(lines.map((line) => onTest(line)))
    for (const [at, { code, stdout, stderr }] of results.entries()) {
      expect({ line: lines[at], code, stdout }).to.deep.equal({ line: lines[at], code: 2, stdout: '' })
      expect(stderr).to.match(/^bay: .*\n( {2}try: .*\n)*$/)
    }
    expect(results[0]?.stderr).to.include('valid columns: name, state,')
  })

  it('takes its host before the command and after it, from the environment, and not from an empty -c', async () => {
    const results = await Promise.all([
      bay(['-c', 'test:///default', 'vm', 'list']), bay(['vm', 'list', '-c', 'test:///default']), bay(['vm', '-c', 'test:///default', 'list']),
      bay(['--connect=test:///default', 'vm', 'list']), onTest('vm list'),
    ])
    for (const { code, stdout } of results) expect({ code, stdout }).to.deep.equal({ code: 0, stdout: results[0].stdout })
    expect(await bay(['vm', 'list', '-c', '', '-q'], { uri: 'test:///default' })).to.include({ code: 2 })
  })

  it('says which host it was when that cannot be reached', async () => {
    const { code, stderr, stdout } = await bay(['vm', 'list', '-c', 'qemu:///system?socket=/nope/sock'])
    expect({ code, stdout }).to.deep.equal({ code: 6, stdout: '' })
    expect(stderr).to.match(/^bay: Failed to connect socket to '\/nope\/sock': No such file or directory \(qemu:\/\/\/system\?socket=\/nope\/sock\)\n {2}try: /)
  })
})

describe('bay vm show and bay vm xml', function () {
  this.timeout(30_000)

  it('show all there is', async () => {
    const [text, json, xml, quiet] = await Promise.all([
      prints('vm show test'), prints('vm show test -o json'), prints('vm show test -o xml'), prints('vm show test -q'),
    ])
    expect(text).to.match(/^Name: {9}test\nUUID: {9}6695eb01/).and.include('State:        running').and.include('  vda      virtio')
    expect(JSON.parse(json)).to.include({ name: 'test', state: 'running', vcpus: 2, memory: 2 ** 31, profile: null, description: null, snapshots: 0 })
      .and.include.keys(...rowKeys.filter((key) => key !== 'addresses'), 'disks', 'nics', 'graphics', 'os', 'firmware', 'virt', 'uptime', 'protected')
    expect(xml).to.equal(await prints('vm xml test'))
    expect(quiet).to.equal('test\n')
  })

  it('show a machine as it is stored, too', async () => {
    const [running, stored] = await Promise.all([prints('vm xml test'), prints('vm xml test --inactive')])
    expect(running).to.match(/^<domain type='test' id='1'>/)
    expect(stored).to.match(/^<domain type='test'>/)
  })

  it('find no machine by an id, a UUID or a glob, and help to find it', async () => {
    const lines = ['vm show 1', `vm show ${uuid}`, 'vm show t*', 'vm xml tset', 'vm show TEST']
    const results = await Promise.all(lines.map((line) => onTest(line)))
    for (const { code, stdout } of results) expect({ code, stdout }).to.deep.equal({ code: 4, stdout: '' })
    expect(results[3]?.stderr).to.equal('bay: there is no machine named tset (test:///default)\n  try: did you mean test?\n  try: see what there is: bay vm list\n')
    expect(results[4]?.stderr).to.include('did you mean test?')
  })
})
