import { expect } from 'chai'
import { bay, type BayResult } from '../lab/bay.js'
import { allOnTest, onTest } from './vm-host.js'

describe('what bay vm does to a machine', function () {
  this.timeout(60_000)

  const said: Record<string, string> = {
    'vm start test': 'vm test: already running',
    'vm suspend test': 'vm test: paused',
    'vm resume test': 'vm test: already running',
    'vm save test': 'vm test: saved and off',
    'vm reset test': 'vm test: reset',
    'vm reboot test': 'vm test: rebooted',
    'vm reboot test --no-wait': 'vm test: was asked to reboot',
    'vm stop test': 'vm test: shut down by its guest',
    'vm stop test --force': 'vm test: forced off',
    'vm stop test --no-wait': 'vm test: was asked to shut down',
    'vm wait test': 'vm test: running',
    'vm autostart test': 'vm test: starts with its host',
    'vm autostart test --off': 'vm test: already does not start with its host',
    'vm delete test --yes --force': 'vm test: deleted; /guest/diskimage1 stays: it is in no pool',
    'vm suspend test --dry-run': 'vm test (dry run): would be paused',
    'vm stop test --force --dry-run': 'vm test (dry run): would be forced off',
    'vm delete test --dry-run --force': 'vm test (dry run): would be deleted; /guest/diskimage1 stays: it is in no pool',
  }
  let results: Map<string, BayResult>
  before(async () => { results = await allOnTest(Object.keys(said)) })

  for (const [line, wanted] of Object.entries(said)) {
    it(`bay ${line}`, () => {
      expect(results.get(line)).to.include({ code: 0, stdout: `${wanted}\n`, stderr: '' })
      expect(results.get(line)?.seconds).to.be.below(10)
    })
  }

  it('is silent with -q', async () => {
    const quiet = await Promise.all(['vm suspend test -q', 'vm stop --all --force -q', '-q vm autostart t*'].map((line) => onTest(line)))
    for (const { code, stdout, stderr } of quiet) expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: '', stderr: '' })
  })

  it('is an object in JSON and YAML, a line in CSV, a name as a name', async () => {
    const [json, idle, yaml, csv, name] = await Promise.all([
      onTest('vm suspend test --json'), onTest('vm start test --json'), onTest('vm suspend test -o yaml'), onTest('vm suspend test -o csv'),
      onTest('vm suspend test -o name'),
    ])
    expect(json.json()).to.deep.equal({ action: 'suspend', kind: 'vm', name: 'test', changed: true, from: 'running' })
    expect(idle.json()).to.deep.equal({ action: 'start', kind: 'vm', name: 'test', changed: false, from: 'running' })
    expect(yaml.stdout).to.match(/^action: suspend\nkind: vm\nname: test\nchanged: true\n/)
    expect(csv.stdout).to.equal('action,kind,name,changed,error\nsuspend,vm,test,true,\n')
    expect(name.stdout).to.equal('test\n')
  })

  it('is a list for a glob, --all and several names, each name once', async () => {
    const lines = ['vm suspend t* --json', 'vm suspend --all --json', 'vm suspend test test t?st --json']
    const results = await Promise.all(lines.map((line) => onTest(line)))
    for (const result of results) expect(result.json()).to.have.length(1)
    expect(results[0]?.json()).to.deep.equal([{ action: 'suspend', kind: 'vm', name: 'test', changed: true, from: 'running' }])
  })

  it('says that it was only shown, in JSON too', async () => {
    expect((await onTest('vm save test --dry-run --json')).json()).to.include({ changed: true, dryRun: true })
  })
})

describe('what bay vm refuses', function () {
  this.timeout(60_000)

  const refused: Record<string, [code: number, message: string]> = {
    'vm start nope': [4, 'there is no machine named nope (test:///default)'],
    'vm start nope*': [4, 'no machine matches "nope*" (test:///default)'],
    'vm start': [2, 'no vm is named'],
    'vm start --all test': [2, '--all and names exclude each other'],
    'vm rename test other': [5, 'test is running (test:///default)'],
    'vm rename test 12': [2, 'machine name "12" has only digits'],
    'vm rename nope other': [4, 'there is no machine named nope (test:///default)'],
    'vm delete test --yes': [5, 'test is running (test:///default)'],
    'vm delete test': [2, 'not confirmed: delete test'],
    'vm delete test --no-input': [2, 'not confirmed: delete test'],
    'vm wait test --for off --timeout 300ms': [124, 'test: not off after 0.3 s (test:///default)'],
    'vm wait test --for sleeping': [2, '--for "sleeping" is nothing to wait for'],
    'vm stop test --timeout 5': [2, '--timeout "5" has no unit'],
    'vm stop test --force --no-wait': [2, ''],
    'vm start test --parallel 0': [2, ''],
    'vm start test --parallel 1e9': [2, ''],
    'vm define /nope.xml': [2, '/nope.xml cannot be read: there is no such file'],
    'vm create test --empty': [5, 'there is a machine test already (test:///default)'],
    'vm create new': [2, 'nothing to boot from'],
    'vm create new --empty --memory 2048': [2, '--memory "2048" has no unit'],
    'vm create new --empty --vcpus -1': [2, ''],
    'vm create new --empty --vcpus 4000000000': [2, ''],
    'vm create new --iso a --image b': [2, ''],
    'vm lst': [2, 'there is no command \'vm lst\''],
    'wm list': [2, 'there is no command \'wm list\''],
    'vm list extra': [2, 'unexpected argument: extra'],
    'vm stop test --forse': [2, 'nonexistent flag: --forse'],
    'vm show': [2, 'NAME (the machine\'s name) is missing\n'],
    'net reserve x': [2, 'WHO (a machine with one interface on the network, or a MAC address) and ADDRESS (the IPv4 address) are missing\n'],
    'vm set test --timeout 5s': [2, '--timeout says nothing without --restart\n'],
    'backup list': [2, '--from is missing\n'],
    'vm create new --iso a --empty': [2, '--empty cannot also be provided when using --iso\n'],
  }
  let results: Map<string, BayResult>
  before(async () => { results = await allOnTest(Object.keys(refused)) })

  for (const [line, [wanted, message]] of Object.entries(refused)) {
    it(`bay ${line}: exit code ${wanted}`, () => {
      const stderr = results.get(line)?.stderr ?? ''
      expect(results.get(line)).to.include({ code: wanted, stdout: '' })
      expect(stderr.startsWith(`bay: ${message}`), stderr).to.equal(true)
      expect(stderr).to.match(/^bay: .*\n( {2}try: .*\n)*$/).and.not.include('internal error')
    })
  }

  it('suggests commands and flags that are near', async () => {
    const [command, topic, flag] = await Promise.all([onTest('vm lst'), onTest('wm list'), onTest('vm list --coloums name')])
    expect(command.stderr).to.include('  try: bay vm list\n')
    expect(topic.stderr).to.include('  try: bay vm list\n')
    expect(flag.stderr).to.include('  try: did you mean --columns?\n')
  })

  it('is one object in JSON, on stdout, with the same exit code', async () => {
    const [missing, confirm, parser, timeout] = await Promise.all([
      onTest('vm show nope --json'), onTest('vm delete test -o json'), onTest('vm list --nope --json'), onTest('vm wait test --for off --timeout 200ms --json'),
    ])
    expect([missing, confirm, parser, timeout].map(({ code, stderr }) => [code, stderr])).to.deep.equal([[4, ''], [2, ''], [2, ''], [124, '']])
    expect(missing.json()).to.deep.equal({ error: {
      code: 'not-found', message: 'there is no machine named nope', hint: 'see what there is: bay vm list', retryable: false,
      libvirt: { code: 42, domain: 12 },
    } })
    expect(confirm.json()).to.deep.include({ error: {
      code: 'usage', message: 'not confirmed: delete test with their disks?', hint: 'add --yes to do it without a question', retryable: false, libvirt: null,
    } })
    expect(parser.json()).to.have.nested.include({ 'error.code': 'usage', 'error.libvirt': null })
    expect(timeout.json()).to.have.nested.include({ 'error.code': 'timeout', 'error.retryable': true })
  })

  it('one of many: the rest goes on, and exit code 7 says so', async () => {
    const [text, json] = await Promise.all([onTest('vm stop nope test --force'), onTest('vm stop nope test --force --json')])
    expect(text).to.include({ code: 7, stdout: 'vm test: forced off\n' })
    expect(text.stderr).to.equal(
      'bay: vm nope: there is no machine named nope (test:///default)\n  try: see what there is: bay vm list\nbay: 1 of 2 failed (test:///default)\n',
    )
    expect(json).to.include({ code: 7, stderr: '' })
    const rows = json.json() as { name: string, changed: boolean, error?: { code: string } }[]
    expect(rows.map(({ name, changed, error }) => [name, changed, error?.code])).to.deep.equal([['nope', false, 'not-found'], ['test', true, undefined]])
  })

  it('all of many, for one reason: that one\'s exit code', async () => {
    const result = await onTest('vm start a b')
    expect(result).to.include({ code: 4, stdout: '' })
    expect(result.stderr).to.include('2 of 2 failed')
  })

  it('XML that is broken, is not a machine\'s or holds more than libvirt knows', async () => {
    const machine = (more: string) => `<domain type='test'><name>new</name><memory>65536</memory><os><type>hvm</type></os>${more}</domain>`
    const define = (stdin: string, ...more: string[]) => bay(['vm', 'define', '-', ...more], { uri: 'test:///default', stdin })
    const results = await Promise.all([
      define('<domain'), define('<a/><b/>'), define('<!DOCTYPE x><domain/>'), define('<network/>'), define('<domain/>'), define(machine('<nonsense/>')), define(''),
    ])
    for (const { code, stdout, stderr } of results) {
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' })
      expect(stderr).to.match(/^bay: /).and.not.include('internal error')
    }
    const [good, dry] = await Promise.all([define(machine('')), define(machine(''), '--dry-run', '--json')])
    expect(good).to.include({ code: 0, stdout: 'vm new: defined\n' })
    expect(dry.json()).to.include({ action: 'define', name: 'new', changed: true, dryRun: true })
  })
})
