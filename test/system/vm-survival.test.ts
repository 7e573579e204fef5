import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, serialize } from '../../src/xml/node.js'
import { child, children } from '../../src/xml/tree.js'
import { program } from '../lab/bay.js'
import { suiteRig, type Rig } from './rig.js'

/** A verb, and the elements of the stored document that it may take away and bring; on a machine that runs, where that differs. */
interface Step {
  line: string[] | ((name: string) => string[])
  changes: string[]
  running?: { line?: string[], changes?: string[], code?: number }
  code?: number
  /** what the machine is called before, and after */
  from?: string
  as?: string
}

const disk = '/devices/disk'

/** What every verb on a machine must leave as it was. */
describe('whatever changes a machine keeps all that it was not asked to change', function () {
  this.timeout(180_000)
  const machines = ['kept-off', 'kept-runs']
  let rig: Rig
  let kept: Map<string, Awaited<ReturnType<typeof treasures>>>
  let whole: Map<string, string>
  const stored = (name: string) => rig.virsh('dumpxml', '--inactive', '--security-info', name)

  /** What stands beside the document, or is easily lost out of it. */
  async function treasures(name: string) {
    const xml = await stored(name)
    const nvram = readFileSync(join(rig.host.dir, 'lib/qemu/nvram', `${name}_VARS.fd`))
    return {
      uuid: await rig.virsh('domuuid', name), password: /passwd='[^']*'/.exec(xml)?.[0], thing: /<x:thing [^]*?<\/x:thing>/.exec(xml)?.[0],
      snapshots: await rig.virsh('snapshot-list', '--name', name), autostart: /Autostart: +(\w+)/.exec(await rig.virsh('dominfo', name))?.[1],
      // That of a machine that runs may be written by its firmware.
      nvram: name === 'kept-off' ? createHash('sha256').update(nvram).digest('hex') : `${nvram.length} bytes`,
      state: await rig.state(name),
    }
  }

  async function make(name: string): Promise<void> {
    const secret = join(rig.files, `${name}-password`)
    writeFileSync(secret, 'sesame\n', { mode: 0o600 })
    const graphics = rig.deaf.map((word) => word === 'none' ? 'vnc' : word)
    await rig.does('vm', 'create', name, ...graphics, '--firmware', 'uefi', '--network', 'none', '--no-start', '--autostart')
    await rig.does('vm', 'display', name, '--password-file', secret, '--next-start')
    await rig.virsh('metadata', name, '--config', '--uri', 'urn:x', '--key', 'x', '--set', '<thing a="1">kept</thing>')
    await rig.does('snapshot', 'create', name, '--name', 'one', '--disk-only')
    await rig.virsh('start', name)
    if (name === 'kept-off') await rig.virsh('destroy', name)
  }

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    writeFileSync(join(rig.files, 'kept.iso'), Buffer.alloc(2048))
    await Promise.all(machines.map(make))
    kept = new Map(await Promise.all(machines.map(async (name) => [name, await treasures(name)] as const)))
    whole = new Map(await Promise.all(machines.map(async (name) => [name, await stored(name)] as const)))
  })
  after(async () => {
    for (const name of machines) await rig?.virsh('snapshot-delete', name, 'one', '--metadata').catch(() => undefined)
    await rig?.clean('kept-')
  })

  it('both have all of it', () => {
    for (const name of machines) {
      expect(kept.get(name)).to.include({ password: `passwd='sesame'`, snapshots: 'one', autostart: 'enable', state: name === 'kept-off' ? 'shut off' : 'running' })
      expect(kept.get(name)?.thing).to.contain('>kept<')
      expect(kept.get(name)?.nvram).to.have.length.above(10)
    }
  })

  const steps: Record<string, Step[]> = {
    'set': [
      { line: ['vm', 'set', 'NAME', 'title=t', 'description=R&D', 'on-reboot=destroy'], changes: ['+/description', '+/on_reboot', '+/title', '-/on_reboot'] },
      { line: ['vm', 'set', 'NAME', 'title=', 'description=', 'on-reboot=restart'], changes: ['+/on_reboot', '-/description', '-/on_reboot', '-/title'] },
    ],
    'edit and undo': [
      { line: ['vm', 'edit', 'NAME', '--yes'], changes: ['+/on_crash', '-/on_crash'] },
      { line: ['undo', 'NAME'], changes: ['+/on_crash', '-/on_crash'] },
    ],
    'attach disk and detach': [
      // A guest that hears nothing gives a USB disk back all the same, and nothing else.
      { line: (name) => ['vm', 'attach', 'disk', 'NAME', '--size', `1M,name=${name}-usb.qcow2`, '--bus', 'usb'], changes: [`+${disk}`] },
      { line: ['vm', 'detach', 'NAME', 'sda'], changes: [`-${disk}`] },
      { line: (name) => ['vm', 'attach', 'disk', 'NAME', '--size', `1M,name=${name}-virtio.qcow2`], changes: [`+${disk}`] },
      { line: ['vm', 'detach', 'NAME', 'vdb', '--next-start'], changes: [`-${disk}`] },
    ],
    'attach nic and detach': [
      { line: (name) => ['vm', 'attach', 'nic', 'NAME', '--network', 'default', '--mac', macs[name] ?? '', '--link', 'down', '--isolated'], changes: ['+/devices/interface'] },
      { line: (name) => ['vm', 'detach', 'NAME', macs[name] ?? '', '--next-start'], changes: ['-/devices/interface'] },
    ],
    'attach cdrom and detach': [
      { line: ['vm', 'attach', 'cdrom', 'NAME', 'ISO'], changes: [`+${disk}`] },
      { line: ['vm', 'detach', 'cdrom', 'NAME'], changes: [`+${disk}`, `-${disk}`] },
      { line: ['vm', 'detach', 'NAME', 'sdb', '--next-start'], changes: [`-${disk}`], code: 4 },
      { line: ['vm', 'detach', 'NAME', 'sda', '--next-start'], changes: [`-${disk}`] },
    ],
    'attach usb, pci and gpu, and detach': [
      { line: ['vm', 'attach', 'usb', 'NAME', '1050:0407', '--optional'], changes: ['+/devices/hostdev'], running: { code: 4, changes: [] } },
      { line: ['vm', 'attach', 'usb', 'NAME', '1050:0407', '--optional', '--next-start'], changes: [], running: { changes: ['+/devices/hostdev'] } },
      { line: ['vm', 'detach', 'NAME', '1050:0407'], changes: ['-/devices/hostdev'] },
      // The lab's host has no such card, and no IOMMU.
      { line: ['vm', 'attach', 'gpu', 'NAME', 'fffe:ff:1f.0'], changes: [], code: 2 },
      { line: ['vm', 'attach', 'pci', 'NAME', 'fffe:ff:1f.0'], changes: [], code: 2 },
    ],
    'autostart, protect and display': [
      { line: ['vm', 'autostart', 'NAME', '--off'], changes: [] }, { line: ['vm', 'autostart', 'NAME'], changes: [] },
      { line: ['vm', 'protect', 'NAME'], changes: ['+/metadata', '-/metadata'] }, { line: ['vm', 'protect', 'NAME', '--off'], changes: ['+/metadata', '-/metadata'] },
      { line: ['vm', 'display', 'NAME', '--password-file', 'SECRET2', '--next-start'], changes: ['+/devices/graphics', '-/devices/graphics'] },
      { line: ['vm', 'display', 'NAME', '--password-file', 'SECRET', '--next-start'], changes: ['+/devices/graphics', '-/devices/graphics'] },
    ],
    'rename': [
      { line: ['vm', 'rename', 'NAME', 'kept-new'], changes: ['+/name', '-/name'], as: 'kept-new', running: { line: ['vm', 'rename', 'NAME', 'kept-other'], code: 5 } },
      { line: ['vm', 'rename', 'kept-new', 'NAME'], changes: ['+/name', '-/name'], from: 'kept-new', running: { line: ['vm', 'rename', 'NAME', 'kept-other'], code: 5 } },
    ],
    'as the source of a clone and a backup': [
      { line: (name) => ['vm', 'clone', 'NAME', `${name}-copy`], changes: [], running: { code: 5 } },
      { line: ['backup', 'create', 'NAME', '--to', 'BACKUPS'], changes: [] },
    ],
    'snapshot create and delete': [
      { line: ['snapshot', 'create', 'NAME', '--name', 'two', '--disk-only', '--external'], changes: [`+${disk}`, `-${disk}`] },
      { line: ['snapshot', 'delete', 'NAME', 'two', '--yes'], changes: [`+${disk}`, `-${disk}`] },
    ],
  }

  for (const [title, verbs] of Object.entries(steps)) {
    it(title, async () => {
      writeFileSync(join(rig.files, 'kept-password2'), 'other\n', { mode: 0o600 })
      const runs = await Promise.allSettled(machines.map(async (name) => {
        for (const step of verbs) await run(name, step)
        expect(await stored(name), name).to.equal(whole.get(name))
        expect(await treasures(name), name).to.deep.equal(kept.get(name))
      }))
      // Neither is left in the middle when the other one fails.
      for (const each of runs) if (each.status === 'rejected') throw each.reason
    })
  }

  async function run(name: string, step: Step): Promise<void> {
    const { line, changes, code = 0, from = name, as = name } = { ...step, ...name === 'kept-runs' && { from: name, as: name, ...step.running } }
    const before = await stored(from)
    const words: Record<string, string> = {
      NAME: name, ISO: join(rig.files, 'kept.iso'), SECRET: join(rig.files, `${name}-password`), SECRET2: join(rig.files, 'kept-password2'),
      BACKUPS: join(rig.host.dir, `${name}-backups`),
    }
    const typed = (typeof line === 'function' ? line(name) : line).map((word) => words[word] ?? word)
    // A backup's folder is the host's own.
    const onHost = ['env', `XDG_STATE_HOME=${join(rig.files, 'kept-state')}`, 'LIBVIRT_DEFAULT_URI=qemu:///system', process.execPath, program]
    const done = typed[0] === 'backup'
      ? await rig.host.exec([...onHost, ...typed])
      : await rig.bay(typed, { env: { EDITOR: `sed -i 's,<on_crash>destroy,<on_crash>restart,'` } })
    const what = `bay ${typed.join(' ')}\n${done.stderr}`
    expect(done.code, what).to.equal(code)
    expect(changed(before, await stored(as)), what).to.deep.equal(code === 0 ? changes : [])
  }
})

const macs: Record<string, string> = { 'kept-off': '52:54:00:0e:e0:01', 'kept-runs': '52:54:00:0e:e0:02' }

/** The elements right below `<domain>` and `<devices>` that are in one document and not in the other. */
function changed(before: string, after: string): string[] {
  const [old, now] = [before, after].map(elements)
  const gone = [...old ?? []].filter((each) => !now?.has(each)).map((each) => `-${nameOf(each)}`)
  return [...[...now ?? []].filter((each) => !old?.has(each)).map((each) => `+${nameOf(each)}`), ...gone].sort()
}

function elements(xml: string): Set<string> {
  const root = parse(xml)
  const direct = children(root).filter(({ name }) => name !== 'devices').map((each) => `/${each.name} ${serialize(each)}`)
  return new Set([...direct, ...children(child(root, 'devices')).map((each) => `/devices/${each.name} ${serialize(each)}`)])
}

function nameOf(element: string): string {
  return element.split(' ')[0] ?? ''
}
