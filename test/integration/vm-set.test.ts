import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { bay, type BayResult } from '../lab/bay.js'
import { keys, onTerminal } from './on-terminal.js'
import { SandboxHost } from './sandbox-host.js'
import { allOnTest, onTest } from './vm-host.js'

describe('bay vm set, on the test driver', function () {
  this.timeout(60_000)

  const said: Record<string, string> = {
    'vm set test vcpus=1': 'vcpus 2 → 1 now',
    'vm set test vcpus=2': 'is already so',
    'vm set test memory=1G vcpus=4': 'memory 2G → 1G now; vcpus 2 → 4, max-vcpus 2 → 4 after a stop and a start (--restart)',
    'vm set test title=shop autostart=on': 'title set, autostart off → on now',
    'vm set test max-vcpus=3 --restart': 'max-vcpus 2 → 3 now; it was stopped and started',
    'vm set test boot=network,vda --dry-run': 'boot disk → aa:bb:cc:dd:ee:ff,vda after a stop and a start (--restart)',
  }
  const refused: Record<string, [code: number, message: string]> = {
    'vm set test vcpu=4': [2, '"vcpu" is nothing that vm set can change'],
    'vm set test': [2, 'nothing is to be changed'],
    'vm set vcpus=4': [2, 'no vm is named'],
    'vm set test memory=4': [2, 'memory "4" has no unit'],
    'vm set nope vcpus=4': [4, 'there is no machine named nope'],
    'vm set test boot=vdz': [2, 'the machine has no "vdz" to boot from'],
    'vm set test vcpus=4 max-vcpus=2': [2, '4 vcpus are more than the maximum of 2'],
    'vm set test vcpus=4 --timeout 5s': [2, ''],
    'vm edit test': [2, 'there is no terminal to edit on'],
    'vm diff nope': [4, 'there is no machine named nope'],
  }
  let results: Map<string, BayResult>
  before(async () => { results = await allOnTest([...Object.keys(said), ...Object.keys(refused)]) })

  for (const [line, wanted] of Object.entries(said)) {
    it(`bay ${line}`, () => {
      const { code, stdout } = results.get(line) ?? {}
      expect({ code, stdout }).to.deep.equal({ code: 0, stdout: `vm test${line.includes('--dry-run') ? ' (dry run)' : ''}: ${wanted}\n` })
    })
  }
  for (const [line, [code, message]] of Object.entries(refused)) {
    it(`bay ${line}: exit code ${code}`, () => {
      expect(results.get(line)).to.include({ code, stdout: '' })
      expect(results.get(line)?.stderr).to.match(/^bay: /).and.include(message)
    })
  }

  it('tells of each field in JSON', async () => {
    const result = await onTest('vm set test vcpus=4 --json')
    expect(result.json()).to.deep.equal({
      action: 'set', kind: 'vm', name: 'test', changed: true, restarted: false, saved: false,
      fields: [
        { field: 'vcpus', before: 2, after: 4, running: 2, effect: 'needs-stop', changed: true, note: null },
        { field: 'max-vcpus', before: 2, after: 4, running: 2, effect: 'needs-stop', changed: true, note: null },
      ],
    })
  })

  it('on the embedded host: stored at once, the second time nothing, the rest as it was; diff tells it while it runs', async () => {
    using host = new SandboxHost()
    const run = (...args: string[]) => bay(args, { uri: host.uri })
    await run('vm', 'create', 'a', '--empty', '--description', 'mine', '--no-start')
    const before = (await run('vm', 'xml', 'a')).stdout
    const off = await run('vm', 'set', 'a', 'vcpus=4', 'memory=1G', 'description=')
    expect(off).to.include({ code: 0, stdout: 'vm a: description removed now; vcpus 2 → 4, max-vcpus 2 → 4, memory 2G → 1G at its next start\n' })
    const again = await run('vm', 'set', 'a', 'vcpus=4', 'memory=1G', 'description=', '--json')
    expect(again.json()).to.include({ changed: false })
    expect((await run('vm', 'xml', 'a')).stdout.replace(/>4<\/vcpu>/, '>2</vcpu>').replace(/(<currentMemory[^>]*>)\d+/, '$12097152'))
      .to.equal(before.replace(/ *<description>mine<\/description>\n/, ''))
    expect(await run('vm', 'diff', 'a')).to.include({ code: 0, stdout: '', stderr: 'a is off: nothing runs beside what is stored\n' })
    await run('vm', 'start', 'a')
    await run('vm', 'set', 'a', 'on-crash=restart')
    const diff = await run('vm', 'diff', 'a')
    expect(diff.code).to.equal(3)
    expect(diff.stdout).to.match(/^--- a as it runs\n\+\+\+ a as it is stored\n/).and.match(/\n- *<on_crash>destroy<\/on_crash>\n\+ *<on_crash>restart<\/on_crash>\n/)
    const json = await run('vm', 'diff', 'a', '-o', 'json')
    expect(json.code).to.equal(3)
    expect(json.json()).to.include({ name: 'a', running: true, differs: true, diff: diff.stdout, note: null })
    expect(await run('vm', 'diff', 'a', '-q')).to.include({ code: 3, stdout: '', stderr: '' })
  })
})

describe('bay vm edit', function () {
  this.timeout(60_000)
  let folder: string
  before(() => { folder = mkdtempSync(join(tmpdir(), 'bay-edit-')) })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const drafts = () => join(folder, 'state', 'bay', 'edits')
  const left = () => existsSync(drafts()) ? readdirSync(drafts()).map((file) => join(drafts(), file)) : []
  const edit = (editor: string, ...more: string[]) =>
    bay(['vm', 'edit', 'test', ...more], { uri: 'test:///default', env: { EDITOR: editor, XDG_STATE_HOME: join(folder, 'state') } })

  it('works in a script with --yes: shows the diff, redefines, leaves no file', async () => {
    const done = await edit(`sed -i 's,>2</vcpu>, current="1">2</vcpu>,'`, '--yes')
    expect(done).to.include({ code: 0, stdout: 'vm test: redefined; what runs goes on as it is until it is stopped\n' })
    expect(done.stderr).to.match(/^--- as it is stored\n\+\+\+ as it was edited\n[^]*\n\+ .*current="1">2<\/vcpu>\n/)
    expect(left()).to.deep.equal([])
    expect(await edit('true', '--yes')).to.include({ code: 0, stdout: 'vm test: was not edited\n' })
    const dry = await edit(`sed -i s,destroy,restart,`, '--dry-run', '--json')
    expect(dry.json()).to.include({ changed: true, dryRun: true })
    expect(left()).to.deep.equal([])
  })

  const bad: [editor: string, code: number, says: RegExp][] = [
    [`sed -i s,</domain>,,`, 2, /not valid XML/],
    [`sed -i s,<name>test,<name>other,`, 2, /the name is other, and the machine's is test .*\n {2}try: bay vm rename test other renames it/],
    [`sed -i s,<uuid>6,<uuid>7,`, 2, /the UUID is 7.*\n {2}try: a machine keeps its UUID/],
    [`sed -i 's,<os>,<nonsense/><os>,'`, 2, /nonsense|libvirt refuses it/],
    [`sed -i 's,>2</vcpu>,>99999</vcpu>,'`, 2, /not a number from 1 to 4096/],
  ]
  for (const [editor, code, says] of bad) {
    it(`refuses what ${editor} makes of it, and keeps the text`, async () => {
      const refused = await edit(editor, '--yes')
      expect(refused).to.include({ code, stdout: '' })
      expect(refused.stderr).to.match(says)
      const [draft = ''] = left()
      expect(refused.stderr).to.include(`what was edited is in ${draft}: bay vm define ${draft}`)
      expect(statSync(draft).mode & 0o777).to.equal(0o600)
      expect(readFileSync(draft, 'utf8')).to.include('domain')
      rmSync(draft)
    })
  }

  it('an editor that fails, or is not there, changes nothing', async () => {
    const failed = await edit('false', '--yes')
    expect(failed).to.include({ code: 1, stdout: '' })
    expect(failed.stderr).to.match(/^bay: the editor false ended with exit code 1 /)
    const none = await edit('/nonexistent/editor', '--yes')
    expect(none).to.include({ code: 1, stdout: '' })
    expect(none.stderr).to.match(/^bay: there is no editor \/nonexistent\/editor .*\n {2}try: name one: EDITOR=nano\n$/)
    expect((await edit(`sed 's,a`, '--yes')).code).to.equal(2)
    expect((await edit('true')).stderr).to.include('there is no terminal to edit on')
    expect(left()).to.deep.equal([])
  })

  it('on a terminal: a text that is refused can be edited again, and what is taken is asked about', async () => {
    const editor = join(folder, 'editor')
    writeFileSync(editor, `#!/bin/sh\nif [ -e ${folder}/second ]; then sed -i s,nonsense,title,g "$1"; else touch ${folder}/second; sed -i 's,<os>,<nonsense>x</nonsense><os>,' "$1"; fi\n`)
    chmodSync(editor, 0o700)
    const env = { VISUAL: editor, XDG_STATE_HOME: join(folder, 'state') }
    const { code, screen } = await onTerminal('vm edit test', [
      ['redefine test so?', keys.enter], ['it was not taken', keys.enter], ['redefine test so?', keys.enter],
    ], { env })
    expect(screen).to.match(/\+ +<nonsense>x<\/nonsense>/).and.match(/\+ +<title>x<\/title>/).and.include('vm test: redefined')
    expect({ code, left: left() }).to.deep.equal({ code: 0, left: [] })
    const given = await onTerminal('vm edit test', [['redefine test so?', keys.up + keys.enter]], { env: { ...env, VISUAL: `sed -i 's,<os>,<title>y</title><os>,'` } })
    expect(given.code).to.equal(1)
    expect(given.screen).to.include('not confirmed; nothing was changed')
    expect(left()).to.have.length(1)
  })
})
