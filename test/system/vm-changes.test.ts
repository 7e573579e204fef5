import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { suiteRig, type Rig } from './rig.js'

interface Action { changed: boolean, [more: string]: unknown }

// What changes a machine that is off: its name, its autostart, its definition; and its end.
describe('bay vm: changes and deletion', function () {
  this.timeout(60_000)
  let rig: Rig
  const act = (...args: string[]) => rig.json<Action>('vm', ...args)

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    await rig.does('vm', 'create', 'change', ...rig.deaf, '--disk', '1M', '--network', 'none', '--no-start')
  })
  after(() => rig?.clean('change'))

  it('create finds the name taken, or leaves the machine alone', async () => {
    const before = await rig.everything()
    const taken = await rig.bay(['vm', 'create', 'change', ...rig.tiny, '--network', 'none'])
    expect(taken).to.include({ code: 5, stdout: '' })
    expect(taken.stderr).to.match(/^bay: there is a machine change already \(.*\)\n {2}try: bay vm show change\n {2}try: .*--if-missing\n$/)
    expect(await act('create', 'change', ...rig.tiny, '--if-missing')).to.include({ changed: false })
    expect(await rig.everything()).to.deep.equal(before)
  })

  it('rename gives it another name, once', async () => {
    const uuid = await rig.virsh('domuuid', 'change')
    expect(await act('rename', 'change', 'change-b')).to.include({ action: 'rename', name: 'change', newName: 'change-b', changed: true })
    expect(await rig.virsh('domuuid', 'change-b')).to.equal(uuid)
    expect(await act('rename', 'change-b', 'change-b')).to.include({ changed: false })
    const gone = await rig.bay(['vm', 'show', 'change'])
    expect(gone.code).to.equal(4)
    expect(gone.stderr).to.match(/^bay: there is no machine named change .*\n {2}try: did you mean change-b\?\n/)
    await act('rename', 'change-b', 'change')
  })

  it('rename refuses a machine that runs', async () => {
    await act('start', 'change')
    const refused = await rig.bay(['vm', 'rename', 'change', 'change-b'])
    await act('stop', '--force', 'change')
    expect(refused).to.include({ code: 5, stderr: `bay: change is running (${rig.host.uri})\n  try: bay vm stop change\n` })
  })

  it('autostart goes on and off', async () => {
    expect(await act('autostart', 'change')).to.include({ autostart: true, changed: true })
    expect(await act('autostart', 'change')).to.include({ autostart: true, changed: false })
    expect(await rig.virsh('dominfo', 'change')).to.match(/Autostart: +enable/)
    expect(await act('autostart', '--off', 'change')).to.include({ autostart: false, changed: true })
    expect(await rig.virsh('dominfo', 'change')).to.match(/Autostart: +disable/)
  })

  it('xml gives back what define takes: the same XML changes nothing', async () => {
    const xml = await rig.does('vm', 'xml', '--inactive', 'change')
    expect(xml).to.equal(await rig.virsh('dumpxml', '--inactive', 'change'))
    const before = await rig.everything()
    const dry = await rig.bay(['vm', 'define', '-', '--dry-run', '-o', 'json'], { stdin: xml })
    expect(dry.json()).to.include({ action: 'define', name: 'change', changed: false, dryRun: true })
    const piped = await rig.bay(['vm', 'define', '-', '-o', 'json'], { stdin: xml })
    expect(piped.json()).to.include({ action: 'define', name: 'change', changed: false })
    expect(await rig.everything()).to.deep.equal(before)
  })

  it('define changes a machine under its own UUID, and it keeps its autostart and saved settings', async () => {
    const uuid = await rig.virsh('domuuid', 'change')
    await act('autostart', 'change')
    const xml = await rig.does('vm', 'xml', '--inactive', 'change')
    const file = join(rig.files, 'change.xml')
    // Without a UUID, as from another host: it is the machine of that name.
    await writeFile(file, xml.replaceAll('32768</', '65536</').replace(/<uuid>.*<\/uuid>/, ''))
    expect(await act('define', file, '--dry-run')).to.include({ changed: true, uuid })
    expect(await rig.json('vm', 'show', 'change')).to.include({ memory: 32 * 2 ** 20 })
    expect(await act('define', file)).to.include({ changed: true, uuid })
    expect(await rig.json('vm', 'show', 'change')).to.include({ memory: 64 * 2 ** 20, uuid, autostart: true })
  })

  it('define refuses what is no machine, in one line, and changes nothing', async () => {
    const before = await rig.everything()
    for (const [xml, says] of broken) {
      const refused = await rig.bay(['vm', 'define', '-'], { stdin: xml })
      expect(refused, xml).to.include({ code: 2, stdout: '' })
      expect(refused.stderr, xml).to.match(says)
      expect(refused.stderr.split('\n').filter((line) => line.startsWith('bay: ')), xml).to.have.length(1)
      expect(refused.stderr, xml).not.to.match(/^ +at |\.js:\d/m)
    }
    expect(await rig.everything()).to.deep.equal(before)
  })

  it('no dry run changes anything, whatever the verb', async () => {
    await act('start', 'change')
    await rig.does('vm', 'create', 'change-off', ...rig.deaf, '--no-start', '--network', 'none')
    const before = await rig.everything()
    for (const line of [
      'stop change', 'stop --force change', 'suspend change', 'save change', 'reboot change', 'reset change', 'delete --force change',
      'start change-off', 'rename change-off change-on', 'autostart change-off', 'delete change-off', 'start --all', 'delete --all --force',
    ]) expect(await act(...line.split(' '), '--dry-run').then(allChanged), line).to.equal(true)
    const plan = await act('create', 'change-new', ...rig.deaf, '--network', 'none', '--dry-run')
    expect(plan['xml']).to.match(/^<domain type="qemu">/)
    expect(await rig.everything()).to.deep.equal(before)
    await act('suspend', 'change')
    const paused = await rig.everything()
    await act('resume', 'change', '--dry-run')
    expect(await rig.everything()).to.deep.equal(paused)
  })

  it('delete asks; where nobody can be asked it names --yes', async () => {
    const before = await rig.everything()
    const unasked = await rig.bay(['vm', 'delete', 'change-off'])
    expect(unasked).to.include({ code: 2, stdout: '' })
    expect(unasked.stderr).to.match(/^bay: not confirmed: delete change-off with their disks\?.*\n {2}try: add --yes/)
    expect((await rig.bay(['vm', 'delete', '--no-input', 'change-off'], { stdin: 'y\n' })).code).to.equal(2)
    const running = await rig.bay(['vm', 'delete', '--yes', 'change'])
    expect(running).to.include({ code: 5 })
    expect(running.stderr).to.contain('bay vm delete --force change')
    expect(await rig.everything()).to.deep.equal(before)
  })

  it('delete removes the machine with the disks of its own, and nothing else', async () => {
    const before = await rig.everything()
    const deleted = await act('delete', '--yes', 'change-off')
    expect(deleted).to.include({ action: 'delete', name: 'change-off', changed: true })
    expect(deleted['deleted']).to.deep.equal([{ pool: 'default', name: 'change-off.qcow2', volume: 'change-off.qcow2', path: join(rig.folder, 'change-off.qcow2') }])
    const left = await rig.everything()
    expect(before.filter((entry) => !left.includes(entry)).map((entry) => /^Name: +(.*)$/m.exec(entry)?.[1] ?? entry)).to.have.members([
      'change-off', 'change-off.qcow2', join(rig.folder, 'change-off.qcow2'), join(rig.host.dir, 'etc/qemu/change-off.xml'),
    ])
    expect(left.filter((entry) => !before.includes(entry))).to.be.empty
  })

  it('delete --force pulls the plug; --keep-disks leaves the disks; saved state and autostart go', async () => {
    await act('stop', '--force', 'change')
    await act('start', 'change')
    await act('save', 'change')
    const deleted = await act('delete', '--yes', '--force', '--keep-disks', 'change')
    expect(deleted['kept']).to.have.length(2)
    const left = (await rig.everything()).filter((entry) => entry.includes('change'))
    expect(left).to.have.members(['change.qcow2', 'change-2.qcow2', join(rig.folder, 'change.qcow2'), join(rig.folder, 'change-2.qcow2')])
  })
})

const broken: [xml: string, says: RegExp][] = [
  ['', /is empty/],
  ['<domain><name>x</name>', /./],
  ['<domain/><domain/>', /./],
  ['<!DOCTYPE domain [<!ENTITY a "b">]><domain/>', /DOCTYPE/],
  ['<network><name>x</name></network>', /holds a <network>, not a <domain>/],
  ['<domain type="qemu"><memory>1</memory></domain>', /has no <?name>?/],
  ['<domain type="qemu"><name>x</name><bogus/></domain>', /./],
  ['<domain type="qemu"><name>x</name><memory unit="KiB">1024</memory><vcpu>-1</vcpu><os><type>hvm</type></os></domain>', /./],
  ['\0\x01\x02', /./],
]

function allChanged(result: Action | Action[]): boolean {
  return [result].flat().some(({ changed }) => changed)
}
