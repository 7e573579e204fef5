import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { installerDisc } from '../lab/installer.js'
import { run } from '../lab/script.js'
import { lines, suiteRig, until, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'

interface Created { changed: boolean, started: boolean, installed: boolean | null, disks: { volume: string }[] }
interface Failure { error: { code: string, message: string, hint: string } }

// From the vendor's disc to a machine that starts from its own disk; "vendor" and installer are the tiny guest's.
describe('bay vm create --unattended', function () {
  this.timeout(120_000)
  let rig: Rig
  let iso: string
  let password: string
  let asItWas: string[]

  before('a disc, and a password', async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    const folder = join(rig.files, 'unattended')
    mkdirSync(folder)
    iso = await installerDisc(folder)
    password = join(folder, 'password')
    writeFileSync(password, 'pass word\n', { mode: 0o600 })
    asItWas = await rig.everything()
  })
  after(() => rig?.clean('setup'))
  afterEach('nothing is left', async () => {
    await rig.does('vm', 'delete', '--yes', '--force', 'setup')
    expect(await rig.everything()).to.deep.equal(asItWas)
  })

  const create = (os: string, ...args: string[]) => [
    'vm', 'create', 'setup', '--iso', iso, '--os', os, '--unattended', '--user', 'anna', '--password-file', password, ...small, ...args,
  ]
  const xml = (...args: string[]) => rig.virsh('dumpxml', 'setup', ...args)
  const volumes = async () => lines(await rig.virsh('vol-list', rig.pool)).flatMap((line) => line.trim().split(/\s+/).slice(0, 1)).filter((name) => name.startsWith('setup'))
  /** The first bytes of what the installer wrote: the machine's disk is raw. */
  const written = () => readFileSync(join(rig.folder, 'setup.img'), 'latin1').replace(/END[^]*$/, '')
  const begins = () => until(() => /^INSTALLED/.test(written()), 200)

  async function isInstalled(): Promise<void> {
    expect(await rig.state('setup')).to.equal('running')
    expect(await volumes()).to.deep.equal(['setup.img'])
    for (const document of [await xml('--inactive'), await xml()]) {
      expect(document).to.not.match(/<kernel>|<initrd>|<cmdline>|installer\.iso|answers\.iso|urn:bay:install/)
      expect(document).to.contain('<on_reboot>restart</on_reboot>').and.match(/<target dev='vda'[^]*?<boot order='1'\/>/)
    }
  }

  // The disk, the answers, the kernel and the initrd, the machine, its start: two journal writes each.
  it('killed while it makes the machine: bay recover leaves nothing, no answers either', async () => {
    const place = join(rig.files, 'unattended', 'tmp')
    mkdirSync(place)
    const env = { TMPDIR: place }
    const points = long ? Array.from({ length: 12 }, (_, write) => [`${write + 1}-`, `${write + 1}+`]).flat() : ['4+', '11-']
    for (const point of points) {
      const killed = await rig.bay([...create('ubuntu'), '--wait', 'none'], { env: { ...env, BAY_TEST_KILL_AT: point } })
      expect(killed.signal, `${point}: ${killed.stderr}`).to.equal('SIGKILL')
      expect(readdirSync(place), point).to.have.length(1)
      const recovered = await rig.bay(['recover'], { env })
      expect(recovered.code, `${point}: ${recovered.stderr}`).to.equal(0)
      expect(await rig.everything(), `${point}: ${recovered.stdout}`).to.deep.equal(asItWas)
      expect(readdirSync(place), point).to.be.empty
    }
    await rig.does(...create('ubuntu'), '--wait', 'none')
  })

  it('Debian: answers in the initrd, installed once, and then started from its disk', async () => {
    const made = await rig.bay([...create('debian', '--autostart'), '-o', 'json'])
    expect(made.code, made.stderr).to.equal(0)
    expect(made.json()).to.deep.include({ changed: true, started: true, installed: true })
    expect((made.json() as Created).disks.map(({ volume }) => volume)).to.deep.equal(['setup.img'])
    expect(made.stderr).to.match(/starting the installer …\ninstalling, .* …\ndeleting what the installer needed, and starting it …\n$/)
    expect(written()).to.equal('INSTALLED by preseed for anna with auto=true priority=critical console=tty0 console=ttyS0\n')
    await isInstalled()
    expect(await rig.virsh('dominfo', 'setup')).to.match(/^Autostart:\s+enable$/m)
    const again = await rig.bay(['vm', 'wait', 'setup', '--for', 'installed', '-o', 'json'])
    expect(again.code, again.stderr).to.equal(0)
    expect(again.json()).to.deep.include({ changed: false, for: 'installed' })
  })

  it('Ubuntu: answers on a disc; a time-out ends the wait only, and the next one finishes', async () => {
    const late = await rig.bay([...create('ubuntu', '--autostart'), '--timeout', '1s', '-o', 'json'])
    expect(late.code, late.stderr).to.equal(124)
    expect((late.json() as Failure).error).to.include({ code: 'timeout', message: 'setup is not installed after 1 s; the install goes on' })
    expect((late.json() as Failure).error.hint).to.contain('bay vm wait --for installed --timeout 2h setup')
    await begins()
    expect(written()).to.contain('by autoinstall with autoinstall console=tty0')
    const live = await xml()
    expect(live).to.contain(`<source file='${iso}'`).and.contain('<on_reboot>destroy</on_reboot>').and.match(/<kernel>.*setup-install\.kernel</)
    const answers = /<source file='([^']*setup-answers\.iso)'/.exec(live)?.[1] ?? ''
    expect(await fileOf(answers, '/user-data')).to.match(/^#cloud-config\n[^]*username: anna\n/).and.contain('$6$').and.not.contain('pass word')
    // Whoever starts it with another tool, and a host that comes back, installs nothing.
    expect(await xml('--inactive')).to.not.match(/<kernel>|<source file='[^']*iso'/)
    expect(await rig.virsh('dominfo', 'setup')).to.match(/^Autostart:\s+disable$/m)

    const waiting = rig.start(['vm', 'wait', 'setup', '--for', 'installed', '--timeout', '1m', '-o', 'json'])
    await rig.virsh('shutdown', 'setup')
    const finished = await waiting.done
    expect(finished.code, finished.stderr).to.equal(0)
    expect(finished.json()).to.deep.include({ changed: true, for: 'installed' })
    await isInstalled()
    expect(await rig.virsh('dominfo', 'setup')).to.match(/^Autostart:\s+enable$/m)
  })

  it('a run that is interrupted or killed meanwhile: bay vm start finishes what is left', async () => {
    const running = rig.start(create('debian', '--hostname', 'slow'))
    await running.says('installing, until')
    running.kill('SIGINT')
    const { code, stderr } = await running.done
    expect(code, stderr).to.equal(130)
    expect(stderr).to.match(/^bay: interrupted; the install of setup goes on.*\n {2}try: bay vm wait --for installed --timeout 2h setup/m)
    const killed = rig.start(['vm', 'wait', 'setup', '--for', 'installed', '--timeout', '1m'])
    await begins()
    killed.kill('SIGKILL')
    await killed.done
    expect((await rig.bay(['recover'])).stderr).to.equal('nothing was left behind\n')
    expect(await rig.state('setup')).to.equal('running')
    await rig.virsh('shutdown', 'setup')
    await until(async () => await rig.state('setup') === 'shut off')
    // As by a run that was killed between two of the last steps.
    await rig.virsh('vol-delete', 'setup-install.kernel', rig.pool)
    expect(await rig.does('vm', 'start', 'setup')).to.equal('vm setup: started')
    await isInstalled()
  })

  it('an installer that fails at once, and one that is forced off, are told apart from an end', async () => {
    const failed = await rig.bay(create('debian', '--hostname', 'broken'))
    expect(failed.code, failed.stderr).to.equal(1)
    expect(failed.stderr).to.match(/^bay: setup is off with nothing on its disk: its installer failed/m)
    expect((await rig.bay(['vm', 'start', 'setup'])).stderr).to.contain('nothing on its disk')
    expect(await volumes()).to.deep.equal(['setup-install.initrd', 'setup-install.kernel', 'setup.img'])
    await rig.does('vm', 'delete', '--yes', 'setup')
    expect(await rig.everything()).to.deep.equal(asItWas)

    expect(await rig.does(...create('debian', '--hostname', 'slow', '--wait', 'none'))).to.equal('vm setup: created and started')
    await rig.virsh('destroy', 'setup')
    const cut = await rig.bay(['vm', 'wait', 'setup', '--for', 'installed'])
    expect(cut.code, cut.stderr).to.equal(5)
    expect(cut.stderr).to.contain('the install of setup did not come to its end: it was forced off')
  })

  it('Windows starts from its disc, with the answers and drivers beside it', async () => {
    const key = join(rig.files, 'unattended', 'key')
    writeFileSync(key, 'AAAAA-BBBBB-CCCCC-DDDDD-EEEEE\n', { mode: 0o600 })
    const firmware = long ? ['--firmware', 'uefi', '--no-secure-boot'] : ['--firmware', 'bios']
    const made = await rig.bay(create('windows-10', '--product-key-file', key, '--drivers', iso, '--wait', 'none', ...firmware))
    expect(made.code, made.stderr).to.equal(0)
    expect(made.stdout + made.stderr + await xml()).to.not.match(/AAAAA|pass word/)
    if (long) expect(made.stderr).to.contain('pressing a key')
    const live = await xml()
    expect(live.match(/<source file='[^']*'/g)?.map((source) => source.replace(/^.*\//, '').slice(0, -1)))
      .to.deep.equal(['setup.img', 'installer.iso', 'setup-answers.iso', 'installer.iso'])
    expect(live).to.contain('<on_reboot>restart</on_reboot>').and.not.match(/<kernel>/)
    const answers = await fileOf(join(rig.folder, 'setup-answers.iso'), '/autounattend.xml')
    expect(answers).to.contain('<Key>AAAAA-BBBBB-CCCCC-DDDDD-EEEEE</Key>').and.contain('viostor')
    expect(await xml('--inactive')).to.not.contain('.iso\'')
  })
})

const small = ['--virt', 'qemu', '--vcpus', '1', '--memory', '192M', '--graphics', 'none', '--network', 'none', '--disk', '8M,format=raw']

/** A file of a disc. */
async function fileOf(disc: string, name: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'bay-test-'))
  const { code, stderr } = await run('xorriso', ['-osirrox', 'on', '-indev', disc, '-extract', name, join(folder, 'file')])
  if (code !== 0) throw new Error(`${name} of ${disc}: ${stderr}`)
  const text = readFileSync(join(folder, 'file'), 'utf8')
  rmSync(folder, { recursive: true })
  return text
}
