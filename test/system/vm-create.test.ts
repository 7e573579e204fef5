import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { run } from '../lab/script.js'
import { suiteRig, type Rig } from './rig.js'

interface Created { changed: boolean, disks: { pool: string, volume: string, path: string }[] }
interface Shown { disks: Record<string, unknown>[], nics: Record<string, unknown>[], graphics: Record<string, unknown>[] }

const MiB = 2 ** 20

// Where a machine's disk comes from; what may serve as an image, and what may not.
describe('bay vm create: disks, discs and images', function () {
  this.timeout(60_000)
  let rig: Rig
  let qcow2: string
  let raw: string
  const create = (name: string, ...args: string[]) => rig.json<Created>('vm', 'create', name, ...plain, ...args)
  const show = (name: string) => rig.json<Shown>('vm', 'show', name)

  before('two images are made: 64M of qcow2 with a text in it, and 512M of raw that is one hole but for its ends', async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    qcow2 = join(rig.files, 'image.qcow2')
    raw = join(rig.files, 'image.raw')
    await image('create', '-q', '-f', 'qcow2', qcow2, '64M')
    await io('-f', 'qcow2', '-c', 'write -q -P 0xab 0 1M', '-c', 'write -q -P 0xcd 40M 3M', qcow2)
    await image('create', '-q', '-f', 'raw', raw, '512M')
    await io('-f', 'raw', '-c', 'write -q -P 0x11 0 1M', '-c', 'write -q -P 0x22 511M 1M', raw)
  })
  after(() => rig?.clean('make'))

  it('--empty with disks of each format and bus', async () => {
    const made = await create('make-empty', '--empty', '--no-start', '--disk', '10M', '--disk', '3M,format=raw,bus=sata,pool=default', '--disk', '1MB,bus=scsi')
    expect(made.disks.map(({ volume }) => volume)).to.deep.equal(['make-empty.qcow2', 'make-empty-2.img', 'make-empty-3.qcow2'])
    const { disks } = await show('make-empty')
    expect(disks.map(({ bus, format, capacity }) => ({ bus, format, capacity }))).to.deep.equal([
      { bus: 'virtio', format: 'qcow2', capacity: 10 * MiB }, { bus: 'sata', format: 'raw', capacity: 3 * MiB },
      { bus: 'scsi', format: 'qcow2', capacity: Math.ceil(1e6 / 512) * 512 },
    ])
    expect((await info(made.disks[0]?.path)).compat).to.equal('1.1')
    expect((await stat(made.disks[1]?.path ?? '')).blocks).to.equal(0)
  })

  it('--iso: a disc beside an empty disk, which comes first', async () => {
    const iso = join(rig.files, 'setup.iso')
    await writeFile(iso, Buffer.alloc(64 * 1024))
    await create('make-iso', '--iso', iso, '--disk', '5M')
    expect((await show('make-iso')).disks).to.deep.include.members([
      { target: 'sda', bus: 'sata', device: 'cdrom', path: iso, pool: null, volume: null, format: 'raw', readonly: true, capacity: 65536, allocation: 65536 },
    ])
    const xml = await rig.virsh('dumpxml', 'make-iso')
    expect(xml.indexOf("<boot order='1'/>")).to.be.below(xml.indexOf("device='cdrom'"))
    expect(await rig.virsh('domstate', 'make-iso')).to.equal('running')
    expect(await rig.json('vm', 'delete', '--yes', '--force', 'make-iso')).to.have.nested.property('deleted.length', 1)
    expect((await stat(iso)).size).to.equal(64 * 1024)
  })

  it('--image copies a file into the pool as it is', async () => {
    const { disks: [disk] } = await create('make-copy', '--image', qcow2, '--no-start')
    expect(disk).to.include({ pool: 'default', volume: 'make-copy.qcow2', path: join(rig.folder, 'make-copy.qcow2') })
    await image('compare', '-s', qcow2, disk?.path ?? '')
    expect((await show('make-copy')).disks[0]).to.include({ format: 'qcow2', capacity: 64 * MiB })
  })

  it('--disk grows the copy, and the old content stays', async () => {
    const { disks: [disk] } = await create('make-grown', '--image', qcow2, '--disk', '100M', '--no-start')
    expect((await info(disk?.path))['virtual-size']).to.equal(100 * MiB)
    await image('compare', qcow2, disk?.path ?? '')
    await image('check', '-q', disk?.path ?? '')
    const smaller = await rig.bay(['vm', 'create', 'make-small', ...plain, '--image', qcow2, '--disk', '32M'])
    expect(smaller).to.include({ code: 2, stdout: '' })
    expect(smaller.stderr).to.match(/^bay: the disk is smaller than its image.*\n {2}try: /)
  })

  it('a raw image keeps its holes', async () => {
    const { disks: [disk] } = await create('make-sparse', '--image', raw, '--no-start')
    expect(disk?.volume).to.equal('make-sparse.img')
    await image('compare', '-s', '-f', 'raw', '-F', 'raw', raw, disk?.path ?? '')
    expect((await stat(disk?.path ?? '')).blocks * 512).to.be.below(8 * MiB)
    expect((await show('make-sparse')).disks[0]).to.include({ format: 'raw', capacity: 512 * MiB })
  })

  it('POOL/NAME copies a volume on the host, by whatever daemon it is', async () => {
    const { disks: [disk] } = await create('make-volume', '--image', 'default/make-copy.qcow2', '--disk', '80M', '--no-start')
    expect(disk?.volume).to.equal('make-volume.qcow2')
    await image('compare', qcow2, disk?.path ?? '')
    expect((await info(disk?.path))['virtual-size']).to.equal(80 * MiB)
    expect((await info(disk?.path))['backing-filename']).to.equal(undefined)
  })

  for (const [of, base] of [['a volume', 'default/make-copy.qcow2'], ['a file', '']] as const) {
    const name = of === 'a file' ? 'make-layer-f' : 'make-layer-v'
    it(`--linked makes a thin layer over ${of}`, async () => {
      const { disks: [disk] } = await create(name, '--image', base || qcow2, '--linked')
      const found = await info(disk?.path)
      expect(found).to.include({ 'format': 'qcow2', 'backing-filename': base ? join(rig.folder, 'make-copy.qcow2') : qcow2, 'backing-filename-format': 'qcow2' })
      expect((await stat(disk?.path ?? '')).size).to.be.below(MiB)
      expect(await rig.state(name)).to.equal('running')
    })
  }

  it('what a layer lies on is not deleted, neither by itself nor with its machine', async () => {
    const refused = await rig.bay(['vol', 'delete', '--yes', 'default/make-copy.qcow2'])
    expect(refused.code).to.equal(5)
    expect(refused.stderr).to.contain('make-layer-v')
    const deleted = await rig.json<{ deleted: unknown[], kept: { why: string }[] }>('vm', 'delete', '--yes', 'make-copy')
    expect(deleted.deleted).to.be.empty
    expect(deleted.kept[0]?.why).to.match(/make-layer-v/)
    await image('compare', qcow2, join(rig.folder, 'make-copy.qcow2'))
    await rig.does('vm', 'delete', '--yes', '--force', 'make-layer-v')
    await rig.does('vol', 'delete', '--yes', 'default/make-copy.qcow2')
    await image('check', '-q', qcow2)
  })

  it('takes the interfaces, the display and the texts as they were said', async () => {
    await rig.does('vm', 'create', 'make-all', ...small, '--empty', '--disk', '1M', '--no-start', '--network', 'user', '--network', rig.network, '--mac', '52:54:00:AA:bb:01',
      '--graphics', 'vnc', '--description', 'a <b> & "c"', '--autostart')
    const shown = await show('make-all')
    expect(shown).to.include({ description: 'a <b> & "c"', autostart: true })
    expect(shown.nics.map(({ type, source }) => ({ type, source }))).to.deep.equal([{ type: 'user', source: null }, { type: 'network', source: 'default' }])
    expect(shown.nics[0]).to.include({ mac: '52:54:00:aa:bb:01' })
    expect(shown.graphics).to.deep.equal([{ type: 'vnc', host: '127.0.0.1', port: null, uri: null }])
  })

  it('what cannot be an image is refused before anything is made', async () => {
    const file = async (name: string, content: Buffer | string) => {
      await writeFile(join(rig.files, name), content)
      return join(rig.files, name)
    }
    await mkdir(join(rig.files, 'folder'))
    await image('create', '-q', '-f', 'qcow2', '-b', qcow2, '-F', 'qcow2', join(rig.files, 'layer.qcow2'))
    const wrong: [args: string[], says: RegExp][] = [
      [['--image', await file('a.vmdk', 'KDMV\x01\0\0\0'.padEnd(1024, '\0'))], /is a VMDK image.*\n {2}try: qemu-img convert -O qcow2 /],
      [['--image', join(rig.files, 'layer.qcow2')], /is a layer over another file/],
      [['--image', join(rig.files, 'none.qcow2')], /there is no such file/],
      [['--image', join(rig.files, 'folder')], /is no file/],
      [['--image', await file('empty.qcow2', '')], /is empty/],
      [['--image', 'ftp://example.org/x.qcow2'], /no URL from which bay can download/],
      [['--image', 'default/none.qcow2'], /there is no such file/],
      [['--image', qcow2, '--disk', '64M,format=raw'], /makes a qcow2 disk, not raw/],
      [['--image', await file('cut.qcow2', Buffer.from('514649fb00000003', 'hex'))], /is cut short or damaged/],
      [['--empty', '--empty=no'], /./],
      [['--empty', '--disk'], /^bay: flag --disk expects a value/],
      [['--empty', '--vcpus', '2'], /^bay: flag --vcpus can only be specified once/],
      [['--iso', join(rig.files, 'none.iso')], /there is no such file/],
      [['--kernel', 'vmlinuz'], /give the whole path/],
      [['--kernel', '/nowhere/vmlinuz'], /there is no such file/],
      [['--empty', '--image', qcow2], /cannot also be provided/],
      [[], /^bay: nothing to boot from/],
    ]
    const before = await rig.everything()
    for (const [args, says] of wrong) {
      const refused = await rig.bay(['vm', 'create', 'make-wrong', ...plain, ...args])
      expect(refused, args.join(' ')).to.include({ code: 2, stdout: '' })
      expect(refused.stderr, args.join(' ')).to.match(says)
      expect(refused.stderr, args.join(' ')).not.to.contain('internal')
    }
    expect(await rig.everything()).to.deep.equal(before)
  })
})

const small = ['--virt', 'qemu', '--vcpus', '1', '--memory', '32M']
const plain = [...small, '--network', 'none', '--graphics', 'none']

/** qemu-img, which must succeed. */
async function image(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run('qemu-img', args)
  if (code !== 0) throw new Error(`qemu-img ${args.join(' ')}: ${stderr}${stdout}`)
  return stdout
}

async function io(...args: string[]): Promise<void> {
  const { code, stderr, stdout } = await run('qemu-io', args)
  if (code !== 0) throw new Error(`qemu-io ${args.join(' ')}: ${stderr}${stdout}`)
}

interface ImageInfo {
  'format': string
  'virtual-size': number
  'backing-filename'?: string
  'backing-filename-format'?: string
  'compat'?: string
}

/** What qemu-img says of a file, also while a machine has it open. */
async function info(path = ''): Promise<ImageInfo> {
  const found = JSON.parse(await image('info', '-U', '--output=json', path)) as ImageInfo & { 'format-specific'?: { data: { compat: string } } }
  return { ...found, compat: found['format-specific']?.data.compat }
}
