import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { lines, suiteRig, type Rig } from './rig.js'

interface Place { pool: string, volume: string }
interface Seeded {
  changed: boolean
  applied: boolean
  uuid: string
  volume: Place
  deleted: Place[]
  kept: (Place & { why: string })[]
}

const long = process.env['BAY_TEST_LONG'] === '1'

// A machine's next seed is a volume of its own: what runs must never see its disc change.
describe('bay vm seed', function () {
  this.timeout(60_000)
  let rig: Rig
  let folder: string
  let image: string
  let createA: string[]
  const small = ['--virt', 'qemu', '--vcpus', '1', '--memory', '32M', '--graphics', 'none', '--no-start']
  const seed = (name: string, ...args: string[]) => rig.json<Seeded>('vm', 'seed', name, ...args)
  const fileOf = ({ volume }: Place) => join(rig.folder, volume)
  const stored = (name: string) => rig.virsh('dumpxml', '--inactive', '--security-info', name)

  before(async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    folder = mkdtempSync(join(tmpdir(), 'bay-vm-seed-'))
    image = join(folder, 'tiny.img')
    writeFileSync(image, Buffer.alloc(1024 * 1024))
    createA = ['vm', 'create', 'seed-a', ...small, '--image', image, '--ip', '10.88.0.77/24', '--hostname', 'first', '--network', rig.network]
    await rig.does(...createA)
  })
  after(async () => {
    await rig?.bay(['vm', 'delete', '--yes', '--force', 'seed-a'])
    await rig?.clean('seed-')
    if (folder) rmSync(folder, { recursive: true })
  })

  let extracted = 0
  /** What is on a disc, by the names of its files. */
  function filesOn(place: Place): Record<'user-data' | 'meta-data' | 'network-config', string> {
    extracted += 1
    const out = join(folder, `disc-${extracted}`)
    execFileSync('xorriso', ['-no_rc', '-osirrox', 'on', '-indev', fileOf(place), '-extract', '/', out], { stdio: 'ignore' })
    const read = (name: string) => existsSync(join(out, name)) ? readFileSync(join(out, name), 'utf8') : ''
    return { 'user-data': read('user-data'), 'meta-data': read('meta-data'), 'network-config': read('network-config') }
  }

  const seeds = () => readdirSync(rig.folder).filter((name) => name.startsWith('seed-a-seed'))

  // A new disc, and then the definition that names it: killed, the machine has the old one or the new one.
  it('killed at any step: the machine has one of them, bay recover leaves no third, and the next run no second', async () => {
    const place = join(folder, 'tmp')
    mkdirSync(place)
    const env = { TMPDIR: place }
    const points = long ? Array.from({ length: 4 }, (_, write) => [`${write + 1}-`, `${write + 1}+`]).flat() : ['2+', '3-']
    for (const point of points) {
      const killed = await rig.bay(['vm', 'seed', 'seed-a', '--hostname', 'killed', '--user', 'anna'], { env: { ...env, BAY_TEST_KILL_AT: point } })
      expect(killed.signal, `${point}: ${killed.stderr}`).to.equal('SIGKILL')
      const recovered = await rig.bay(['recover'], { env })
      expect(recovered.code, `${point}: ${recovered.stderr}`).to.equal(0)
      const xml = await stored('seed-a')
      expect(seeds().filter((name) => !xml.includes(name)), `${point}: ${recovered.stdout}`).to.be.empty
      expect(existsSync(/<source file='([^']*seed-a-seed[^']*)'/.exec(xml)?.[1] ?? ''), point).to.equal(true)
      expect(readdirSync(place), point).to.be.empty
    }
    const { volume } = await seed('seed-a', '--hostname', 'first')
    expect(seeds()).to.deep.equal([volume.volume])
    await rig.does('vm', 'delete', '--yes', 'seed-a')
    await rig.does(...createA)
  })

  it('gives a machine that is off a new disc, as a new instance, and changes nothing else', async () => {
    const [before, old] = [await stored('seed-a'), filesOn({ pool: rig.pool, volume: 'seed-a-seed.iso' })]
    const made = await seed('seed-a', '--hostname', 'second', '--user', 'anna')
    expect(made).to.deep.include({
      action: 'seed', kind: 'vm', name: 'seed-a', changed: true, applied: false, kept: [], uuid: await rig.virsh('domuuid', 'seed-a'),
      deleted: [{ pool: rig.pool, volume: 'seed-a-seed.iso' }],
    })
    expect(made.volume.volume).to.match(/^seed-a-seed-[0-9a-f]{8}\.iso$/)
    // libvirt gives its controllers another order whenever it is given its own document.
    const sorted = (xml: string) => lines(xml).sort()
    expect(sorted(await stored('seed-a'))).to.deep.equal(sorted(before.replaceAll('seed-a-seed.iso', made.volume.volume)))
    expect(existsSync(join(rig.folder, 'seed-a-seed.iso'))).to.equal(false)
    const now = filesOn(made.volume)
    expect(now['meta-data']).to.match(/local-hostname: second\n/)
    const instance = (text: string) => /instance-id: (.*)/.exec(text)?.[1]
    expect(instance(now['meta-data'])).to.be.a('string').and.not.equal(instance(old['meta-data']))
    expect(now['user-data']).to.match(/^hostname: second$/m).and.match(/anna/).and.match(/^ssh_deletekeys: false$/m)
    expect(old['user-data']).to.not.match(/ssh_deletekeys/)
    // The address was said once, and is said again.
    expect(old['network-config']).to.match(/10\.88\.0\.77\/24/)
    expect(now['network-config']).to.equal(old['network-config'])
  })

  it('keeps the old disc of a machine that runs until it is off, and forgets no one that is left', async () => {
    await rig.does('vm', 'start', 'seed-a')
    const [, running = ''] = /<source file='[^']*\/(seed-a-seed[^']*)'/.exec(await rig.virsh('dumpxml', 'seed-a')) ?? []
    const bytes = readFileSync(join(rig.folder, running))
    const second = await seed('seed-a', '--hostname', 'third')
    expect(second).to.deep.include({ applied: false, deleted: [], kept: [{ pool: rig.pool, volume: running, why: 'it runs with it' }] })
    expect(await rig.virsh('dumpxml', 'seed-a')).to.contain(`/${running}'`).and.not.contain(`/${second.volume.volume}'`)
    // The one in between was never read: it goes.
    const third = await seed('seed-a', '--hostname', 'fourth')
    expect(third).to.deep.include({ deleted: [second.volume], kept: second.kept })
    expect(readFileSync(join(rig.folder, running)).equals(bytes)).to.equal(true)
    await rig.does('vm', 'stop', '--force', 'seed-a')
    const fourth = await seed('seed-a', '--hostname', 'fifth')
    expect(fourth.deleted).to.have.deep.members([{ pool: rig.pool, volume: running }, third.volume])
    expect(await stored('seed-a')).to.not.contain('oldseeds')
  })

  it('says what a guest that does not go down has, and goes with its machine', async () => {
    await rig.does('vm', 'start', 'seed-a')
    const late = await rig.bay(['vm', 'seed', 'seed-a', '--hostname', 'sixth', '--restart', '--timeout', '1s'])
    expect(late).to.include({ code: 124, stdout: '' })
    expect(late.stderr).to.match(/still runs after 1 s; it has the new seed, and reads it at its next start/)
    const { deleted } = await rig.json<{ deleted: Place[] }>('vm', 'delete', '--yes', '--force', 'seed-a')
    expect(deleted.filter(({ volume }) => volume.includes('-seed-'))).to.have.length(2)
    expect(await rig.virsh('vol-list', rig.pool)).to.not.contain('seed-a')
  })

  it('gives a machine without one a disc, and starts it with it', async () => {
    await rig.does('vm', 'create', 'seed-b', ...small, '--image', image, '--network', 'none')
    const before = await rig.everything()
    const dry = await rig.bay(['vm', 'seed', 'seed-b', '--hostname', 'b', '--dry-run'])
    expect(dry).to.include({ code: 0, stdout: 'vm seed-b (dry run): would get a new seed, applied at its next start: bay vm start seed-b\n' })
    expect(await rig.everything()).to.deep.equal(before)
    const made = await seed('seed-b', '--run', 'echo b', '--restart')
    expect(made).to.include({ applied: true })
    expect(await rig.virsh('dumpxml', 'seed-b')).to.match(new RegExp(`${made.volume.volume}'[^]*?<target dev='vdb' bus='virtio'/>\\s*<readonly/>`))
    expect(filesOn(made.volume)['meta-data']).to.match(/local-hostname: seed-b\n/)
    expect(await rig.state('seed-b')).to.equal('running')
  })

  it('refuses what says nothing, what no guest could be told, and a machine that is not there', async () => {
    const before = await rig.everything()
    const refused = async (code: number, pattern: RegExp, ...args: string[]) => {
      const result = await rig.bay(['vm', 'seed', ...args])
      expect(result).to.include({ code, stdout: '' })
      expect(result.stderr).to.match(pattern)
    }
    await refused(2, /nothing is said of the guest\b.*\n {2}try: give one of --hostname, /, 'seed-b', '--restart')
    await refused(2, /hostname/, 'seed-b', '--hostname', 'not a name')
    await refused(2, /--timeout/, 'seed-b', '--hostname', 'x', '--timeout', '1s')
    await refused(4, /there is no machine named seed-none/, 'seed-none', '--hostname', 'x')
    expect(await rig.everything()).to.deep.equal(before)
  })
})
