import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { until, suiteRig, type Rig } from './rig.js'

interface Field { field: string, effect: string | null, note: string | null, [more: string]: unknown }
interface Changed { changed: boolean, fields: Field[], restarted: boolean, saved: boolean }

const MiB = 2 ** 20

describe('bay vm set and edit on a machine with all that could be lost', function () {
  this.timeout(60_000)
  let rig: Rig
  const set = (...args: string[]) => rig.json<Changed>('vm', 'set', 'set', ...args)
  const effects = ({ fields }: Changed) => Object.fromEntries(fields.map(({ field, effect }) => [field, effect]))
  const xml = (...more: string[]) => rig.virsh('dumpxml', '--security-info', ...more, 'set')
  /** What no change may take away. */
  const kept = async () => {
    const stored = await xml('--inactive')
    return {
      uuid: await rig.virsh('domuuid', 'set'), loader: /<os firmware='efi'>/.test(stored),
      password: /passwd='[^']*'/.exec(stored)?.[0], snapshots: await rig.virsh('snapshot-list', '--name', 'set'),
      thing: /<x:thing [^]*?<\/x:thing>/.exec(stored)?.[0], autostart: /Autostart: +(\w+)/.exec(await rig.virsh('dominfo', 'set'))?.[1],
      files: (await rig.everything()).filter((each) => each.includes('nvram/')),
    }
  }
  let whole: Awaited<ReturnType<typeof kept>>

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    const graphics = rig.deaf.map((word) => word === 'none' ? 'vnc' : word)
    await rig.does('vm', 'create', 'set', ...graphics, '--firmware', 'uefi', '--network', 'none', '--no-start', '--autostart')
    const secret = join(rig.files, 'set-password')
    writeFileSync(secret, 'sesame\n', { mode: 0o600 })
    await rig.does('vm', 'display', 'set', '--password-file', secret, '--next-start')
    await rig.virsh('metadata', 'set', '--config', '--uri', 'urn:x', '--key', 'x', '--set', '<thing a="1">kept</thing>')
    await rig.virsh('snapshot-create-as', 'set', 'one', '--disk-only')
    // libvirt makes the file at the first start.
    await rig.virsh('start', 'set')
    await rig.virsh('destroy', 'set')
    whole = await kept()
  })
  after(async () => {
    await rig?.virsh('snapshot-delete', 'set', 'one', '--metadata').catch(() => undefined)
    await rig?.clean('set')
  })

  it('it has all of it', () => {
    expect(whole).to.include({ loader: true, password: `passwd='sesame'`, snapshots: 'one', autostart: 'enable' })
    expect(whole.thing).to.include('>kept<')
    expect(whole.files.join()).to.match(/nvram\/set_VARS\.fd$/)
  })

  it('off: it is stored for the next start, the second time nothing changes, and all else stays', async () => {
    const before = await xml('--inactive')
    const wanted = ['vcpus=2', 'max-vcpus=4', 'memory=64M', 'on-crash=restart', 'title=shop', 'topology=2x2x1', 'boot=disk']
    const result = await set(...wanted)
    expect(effects(result)).to.deep.equal({
      'vcpus': 'next-boot', 'max-vcpus': 'next-boot', 'topology': 'next-boot', 'memory': 'next-boot', 'max-memory': 'next-boot', 'on-crash': 'next-boot',
      'title': 'now', 'boot': null,
    })
    expect(result).to.include({ changed: true, restarted: false, saved: false })
    expect(await set(...wanted)).to.include({ changed: false })
    expect(await kept()).to.deep.equal(whole)
    await set('vcpus=1', 'max-vcpus=1', 'topology=', 'memory=32M', 'max-memory=32M', 'on-crash=destroy', 'title=')
    expect(await xml('--inactive')).to.equal(before)
  })

  it('running: what can be is in force at once, in libvirt\'s live state too; the rest waits for a stop; all else stays', async () => {
    await set('max-vcpus=4', 'memory=64M')
    await rig.does('vm', 'start', 'set')
    const plugged = await set('vcpus=3', 'description=the shop', 'cpu=maximum')
    expect(effects(plugged)).to.deep.equal({ vcpus: 'now', description: 'now', cpu: 'needs-stop' })
    expect(plugged.fields[0]).to.include({ before: 1, after: 3, running: 3 })
    expect(await rig.virsh('vcpucount', 'set', '--live', '--current')).to.equal('3')
    expect(await xml()).to.include(`current='3'>4</vcpu>`).and.include('<description>the shop</description>')
    const diff = await rig.bay(['vm', 'diff', 'set'])
    expect(diff.code).to.equal(3)
    expect(diff.stdout.split('\n').filter((line) => /^[-+] /.test(line)).every((line) => /cpu|model/.test(line)), diff.stdout).to.equal(true)
    // What it has to be stopped for, nobody has plugged in.
    expect(effects(await set('vcpus=8'))).to.deep.equal({ 'vcpus': 'needs-stop', 'max-vcpus': 'needs-stop' })
    expect(await rig.virsh('vcpucount', 'set', '--live', '--current')).to.equal('3')
    expect(await rig.virsh('vcpucount', 'set', '--config', '--current')).to.equal('8')
    expect(await kept()).to.deep.equal(whole)
  })

  it('a guest without a balloon driver is asked, and does not follow', async () => {
    const asked = await set('memory=48M')
    expect(asked.fields).to.deep.equal([
      { field: 'memory', before: 64 * MiB, after: 48 * MiB, running: 64 * MiB, effect: 'asked', changed: true, note: null },
    ])
    expect(await set('memory=48M')).to.include({ changed: false })
  })

  it('what libvirt refuses changes nothing, neither what runs nor what is stored', async () => {
    const before = [await xml(), await xml('--inactive')]
    // Its type of machine takes at most 288; the title is set in what runs before, and is taken back.
    const refused = await rig.bay(['vm', 'set', 'set', 'title=never', 'max-vcpus=4096'])
    expect(refused.code, refused.stderr).to.be.oneOf([1, 2])
    expect(refused.stderr).to.match(/288|255|maximum/i)
    expect([await xml(), await xml('--inactive')]).to.deep.equal(before)
    const dry = await set('vcpus=1', 'title=never', '--dry-run')
    expect(dry).to.include({ changed: true })
    expect([await xml(), await xml('--inactive')]).to.deep.equal(before)
  })

  it('edit: another change meanwhile is noticed; passwords are not shown, and stay', async () => {
    const slow = join(rig.files, 'set-editor')
    writeFileSync(slow, `grep -q passwd "$1" && exit 9\nsed -i 's,<on_crash>destroy,<on_crash>restart,' "$1"\ntouch ${slow}.open\nwhile [ -e ${slow}.open ]; do sleep 0.1; done\n`)
    const editing = rig.start(['vm', 'edit', 'set', '--yes'], { env: { EDITOR: `sh ${slow}` } })
    await until(async () => (await rig.host.exec(['test', '-e', `${slow}.open`])).code === 0)
    await rig.virsh('desc', 'set', '--config', 'by another')
    await rig.host.does(['rm', `${slow}.open`])
    const late = await editing.done
    expect(late).to.include({ code: 5, stdout: '' })
    expect(late.stderr).to.include('set was changed by somebody else meanwhile').and.include('what was edited is in ')
    const done = await rig.bay(['vm', 'edit', 'set', '--yes'], { env: { EDITOR: `sed -i 's,<on_crash>destroy,<on_crash>restart,'` } })
    expect(done).to.include({ code: 0, stdout: 'vm set: redefined; what runs goes on as it is until it is stopped\n' })
    expect(await xml('--inactive')).to.include('<on_crash>restart').and.include('<description>by another')
    expect(await kept()).to.deep.equal(whole)
    await rig.virsh('destroy', 'set')
    expect((await rig.bay(['vm', 'edit', 'set', '--yes'], { env: { EDITOR: `sed -i s,restart,destroy,` } })).code).to.equal(0)
    expect(await kept()).to.deep.equal(whole)
  })

  it('saved: it is stored, and the saved run goes on with the old', async () => {
    await set('max-vcpus=1', 'vcpus=1', 'cpu=qemu64')
    await rig.does('vm', 'start', 'set')
    await rig.does('vm', 'save', 'set')
    const saved = await set('max-vcpus=2')
    expect(saved).to.include({ changed: true, saved: true })
    expect(effects(saved)).to.deep.equal({ 'max-vcpus': 'needs-stop' })
    expect((await rig.bay(['vm', 'set', 'set', 'vcpus=2', '--restart'])).code).to.equal(5)
    await rig.does('vm', 'start', 'set')
    expect(await rig.virsh('vcpucount', 'set', '--live', '--maximum')).to.equal('1')
    expect(await kept()).to.deep.equal(whole)
  })
})

describe('bay vm set on a guest that follows', function () {
  this.timeout(90_000)

  it('its balloon gives memory back and takes it, CPUs are plugged in, and --restart stops it gracefully', async () => {
    const rig = await suiteRig()
    const set = (...args: string[]) => rig.json<Changed>('vm', 'set', 'setguest', ...args)
    await rig.does('vm', 'create', 'setguest', ...rig.tiny, '--network', 'none', '--no-start')
    await set('max-vcpus=2', 'max-memory=256M', 'memory=256M')
    await rig.does('vm', 'start', 'setguest')
    try {
      // The driver of the balloon is loaded on the way.
      await until(async () => (await set('memory=192M')).fields[0]?.effect !== 'asked')
      expect(await rig.virsh('dommemstat', 'setguest')).to.match(/^actual 196608$/m)
      expect((await set('memory=224M')).fields[0]).to.include({ before: 192 * MiB, after: 224 * MiB, running: 224 * MiB, effect: 'now' })
      expect((await set('vcpus=2')).fields[0]).to.include({ before: 1, running: 2, effect: 'now' })
      // This guest keeps what it was given: it is stored, and said.
      const unplugged = (await set('vcpus=1')).fields[0]
      expect(unplugged).to.include({ before: 2, after: 1, running: 2, effect: 'needs-stop', changed: true })
      expect(unplugged?.note).to.match(/^its guest has not given all CPUs back yet$|^it cannot give CPUs back/)
      expect(await rig.virsh('vcpucount', 'setguest', '--config', '--current')).to.equal('1')
      const before = await rig.virsh('domid', 'setguest')
      const restarted = await set('max-vcpus=4', 'memory=300M', '--restart', '--timeout', '60s')
      expect(restarted).to.include({ changed: true, restarted: true })
      expect(restarted.fields.map(({ field, running, effect }) => [field, running, effect])).to.deep.equal([
        ['max-vcpus', 4, 'now'], ['memory', 300 * MiB, 'now'], ['max-memory', 300 * MiB, 'now'],
      ])
      expect(await rig.virsh('domid', 'setguest')).not.to.equal(before)
      expect((await set('max-vcpus=4', '--restart')).restarted).to.equal(false)
    } finally {
      await rig.clean('setguest')
    }
  })
})
