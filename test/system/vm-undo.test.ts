import { expect } from 'chai'
import { suiteRig, type Rig } from './rig.js'

interface Change { number: number, command: string, undone: boolean, undoes: number | null }

// What bay changed of a machine's definition is kept, and can be put back; a machine can be guarded.
describe('bay history, bay undo, bay vm protect', function () {
  this.timeout(60_000)
  let rig: Rig
  const changes = async () => (await rig.json<Change[]>('history', 'undo-a')).map(({ number, command, undone, undoes }) => [number, command, undone, undoes])
  const redefine = async (edit: (xml: string) => string) => {
    const xml = edit(await rig.virsh('dumpxml', '--inactive', '--security-info', 'undo-a'))
    const { code, stderr } = await rig.bay(['vm', 'define', '-'], { stdin: xml })
    expect(code, stderr).to.equal(0)
  }
  const stored = () => rig.virsh('dumpxml', '--inactive', '--security-info', 'undo-a')

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    const machine = ['--virt', 'qemu', '--vcpus', '1', '--memory', '32M', '--empty', '--disk', '1M']
    await rig.does('vm', 'create', 'undo-a', ...machine, '--network', 'none', '--graphics', 'vnc', '--no-start')
    await redefine((xml) => xml
      .replace('</name>', '</name><metadata><x:thing xmlns:x="urn:x" n="1"><x:deep/></x:thing></metadata>')
      .replace("<graphics type='vnc'", "<graphics type='vnc' passwd='geheim12'"))
  })
  after(() => rig?.clean('undo'))

  it('a change is kept with what it replaced, and put back exactly: the running machine goes on', async () => {
    const first = await stored()
    expect(first).to.contain('geheim12').and.contain('x:deep')
    await rig.does('vm', 'start', 'undo-a')
    await redefine((xml) => xml.replace(/<vcpu.*<\/vcpu>/, '<vcpu>3</vcpu>'))
    await redefine((xml) => xml.replace('<vcpu', '<description>second</description><vcpu'))
    expect((await changes()).slice(-2)).to.deep.equal([[2, 'vm define', false, null], [3, 'vm define', false, null]])
    const shown = await rig.does('history', 'undo-a', '2')
    expect(shown).to.contain('+  <vcpu placement="static">3</vcpu>')
    expect(await rig.does('history', 'undo-a', '3', '-o', 'xml')).to.not.contain('geheim12')
    const one = await rig.bay(['undo', 'undo-a'])
    expect(one.stdout).to.match(/^vm undo-a: vm define of .* taken back; it runs on as it is until it is stopped\n$/)
    await rig.does('undo', 'undo-a')
    expect(await stored()).to.equal(first)
    expect((await changes()).slice(-2)).to.deep.equal([[4, 'undo', false, 3], [5, 'undo', false, 2]])
    expect(await rig.virsh('domstate', 'undo-a')).to.equal('running')
  })

  it('what was taken back can be done again', async () => {
    await rig.does('undo', 'undo-a', '--to', '5')
    expect(await stored()).to.match(/<vcpu placement='static'>3</)
    await rig.does('undo', 'undo-a')
    expect(await stored()).to.not.match(/<vcpu placement='static'>3</)
  })

  it('a machine that something else changed since is left alone, unless forced', async () => {
    await rig.virsh('desc', 'undo-a', '--config', 'by hand')
    const refused = await rig.bay(['undo', 'undo-a'])
    expect(refused.code).to.equal(5)
    expect(refused.stderr).to.contain('something else than bay changed it since').and.contain('bay undo --force undo-a')
    expect(await stored()).to.contain('by hand')
    await rig.does('undo', '--force', 'undo-a')
    expect(await stored()).to.not.contain('by hand')
    await rig.does('undo', 'undo-a', '--to', String((await changes()).at(-1)?.[0]))
    expect(await stored()).to.contain('by hand').and.contain('x:deep').and.contain('geheim12')
  })

  it('protect guards against delete and stop, also by force, until it is taken off', async () => {
    await rig.does('vm', 'protect', '--stop', 'undo-a')
    expect(await rig.json('vm', 'protect', 'undo-a')).to.include({ changed: false, protected: true })
    expect(await rig.json('vm', 'show', 'undo-a')).to.include({ protected: true })
    for (const line of ['delete --yes --force', 'stop --force', 'stop', 'save']) {
      const { code, stderr } = await rig.bay(['vm', ...line.split(' '), 'undo-a'])
      expect(code, line).to.equal(5)
      expect(stderr, line).to.match(/^bay: undo-a is protected against (delete|stop) /)
    }
    expect(await rig.virsh('domstate', 'undo-a')).to.equal('running')
    expect(await stored()).to.contain('x:deep').and.contain('geheim12')
    await rig.does('vm', 'protect', '--off', 'undo-a')
    expect(await rig.json('vm', 'show', 'undo-a')).to.include({ protected: false })
    await rig.does('vm', 'stop', '--force', 'undo-a')
  })

  it('a rename is put back', async () => {
    await rig.does('vm', 'rename', 'undo-a', 'undo-b')
    await rig.does('undo', 'undo-b')
    expect(await rig.virsh('domstate', 'undo-a')).to.equal('shut off')
  })

  it('a deleted machine is defined again, but not without its disks', async () => {
    const before = await stored()
    await rig.does('vm', 'delete', '--yes', '--keep-disks', 'undo-a')
    await rig.does('undo', 'undo-a')
    expect(await stored()).to.equal(before)
    expect((await rig.bay(['undo', 'undo-a', '--to', String((await changes()).at(-1)?.[0])])).code).to.equal(5)
    await rig.does('vm', 'delete', '--yes', 'undo-a')
    const { code, stderr } = await rig.bay(['undo', 'undo-a'])
    expect(code).to.equal(5)
    expect(stderr).to.contain('has disks that are gone')
    expect((await rig.bay(['vm', 'show', 'undo-a'])).code).to.equal(4)
  })
})
