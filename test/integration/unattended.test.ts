import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync, gzipSync } from 'node:zlib'
import { parse as parseYaml, stringify } from 'yaml'
import { UsageError } from '../../src/errors.js'
import { answerFor } from '../../src/provision/unattended/answer.js'
import { appendToInitrd } from '../../src/provision/unattended/cpio.js'
import { firstBoot } from '../../src/provision/unattended/first-boot.js'
import { kernelPaths } from '../../src/provision/unattended/kernel-paths.js'
import { kernelsOnIso } from '../../src/provision/unattended/kernels.js'
import type { InstallSpec, LinuxInstall } from '../../src/provision/unattended/spec.js'
import { unpackedCloudInit } from '../lab/cloud-init.js'
import { fixed, linux, windows } from '../unit/provision/unattended-specs.js'

const run = promisify(execFile)

/** Every directive that there is, and texts that a reader might take for more. */
const full: LinuxInstall = {
  ...linux, network: fixed, agent: true, storage: 'lvm', mirror: 'http://mirror.example/os', disk: 'largest',
  sshKeys: [`ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 anna's "key" # %end \\`], runCommands: [`echo 'it'"s"\n%end\n`, 'd-i passwd/root-login boolean true'],
}
const variants = (os: LinuxInstall['os']): LinuxInstall[] => [
  { ...linux, os }, { ...full, os }, { ...full, os, firmware: 'bios', passwordHash: undefined, storage: 'plain', disk: 'sda', mirror: undefined },
]

describe('unattended installs', function () {
  this.timeout(60_000)
  let folder = ''
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'bay-unattended-')) })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const written = async (spec: InstallSpec, name: string): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, answerFor(spec).files.get(name) ?? '')
    return path
  }

  it('are cloud-config for cloud-init', async function () {
    const { program, env } = unpackedCloudInit()
    await need(this, program, ['--version'], 'cloud-init')
    for (const spec of variants('ubuntu')) {
      const path = await written(spec, 'user-data')
      await run(program, ['schema', '-c', path], { env })
      // What the installed system gets: the schema does not look into autoinstall.
      const { autoinstall } = parseYaml(await readFile(path, 'utf8')) as { autoinstall: Record<string, unknown> }
      await writeFile(path, `#cloud-config\n${stringify(autoinstall['user-data'])}`)
      await run(program, ['schema', '-c', path], { env })
    }
  })

  it('are a preseed file for debconf', async function () {
    await need(this, 'debconf-set-selections', ['--help'])
    for (const spec of variants('debian')) {
      const { stderr } = await run('debconf-set-selections', ['--checkonly', await written(spec, 'preseed.cfg')])
      expect(stderr).to.not.match(/error|warning/)
    }
  })

  for (const [os, versions] of [['fedora', ['F38', 'F40']], ['rhel', ['RHEL8', 'RHEL9']]] as const) {
    it(`are a kickstart file for ${os}`, async function () {
      await need(this, 'ksvalidator', ['--listversions'])
      for (const spec of variants(os)) {
        const path = await written(spec, 'ks.cfg')
        for (const version of versions) await run('ksvalidator', ['--version', version, path])
      }
    })
  }

  it('are XML for Windows', async function () {
    await need(this, 'xmllint', ['--version'])
    for (const change of [{}, { network: fixed, virtioDrivers: true, bypassRequirements: true }]) {
      const path = await written({ ...windows, ...change }, 'autounattend.xml')
      await run('xmllint', ['--noout', path])
      const { stdout } = await run('xmllint', ['--xpath', 'string(//*[local-name()="SynchronousCommand"][last()]/*[local-name()="CommandLine"])', path])
      expect(stdout.trim()).to.equal('cmd.exe /s /c "shutdown /s /t 5"')
    }
  })

  it('have scripts that a shell takes, in which each command is one', async () => {
    const files = answerFor({ ...full, os: 'debian' }).files
    for (const name of ['bay-late', 'bay-first-boot']) {
      const path = join(folder, name)
      await writeFile(path, files.get(name) ?? '')
      await run('sh', ['-n', path])
    }
    const texts = [`it's`, '"; exit 3; "', '$(exit 4)', '%end', 'two\nlines', '\\']
    const path = join(folder, 'script')
    await writeFile(path, firstBoot([...texts.map((text) => `printf '<%s>' '${text.replaceAll(`'`, `'\\''`)}'`), 'exit 5', 'echo after']).script)
    const { stdout } = await run('sh', [path])
    expect(stdout).to.equal(`${texts.map((text) => `<${text}>`).join('')}command 7 failed with exit code 5\nafter\n`)
  })

  for (const bytes of [1, 2, 3, 4]) {
    it(`are found behind an initrd whose length is ${bytes % 4} more than a multiple of 4`, async function () {
      await need(this, 'cpio', ['--version'])
      const initrd = join(folder, 'initrd')
      // What stands before is kept, whatever it is; gzip like an installer's.
      const before = Buffer.concat([gzipSync('the installer'), Buffer.alloc(64 + bytes, 0)])
      const exact = before.subarray(0, before.length - (before.length - bytes) % 4)
      await writeFile(initrd, exact, { mode: 0o644 })
      await appendToInitrd(initrd, new Map<string, string | Buffer>([['preseed.cfg', 'd-i a/b string c\n'], ['empty', ''], ['bytes', Buffer.from([0, 255, 1])]]))
      const after = await readFile(initrd)
      expect(after.subarray(0, exact.length).equals(exact)).to.equal(true)
      const start = after.indexOf('070701')
      expect(start % 4).to.equal(0)
      expect((await stat(initrd)).mode & 0o777).to.equal(0o600)
      await writeFile(join(folder, 'archive'), after.subarray(start))
      const out = join(folder, 'out')
      await mkdir(out)
      await run('cpio', ['--extract', '--quiet', '--file', join(folder, 'archive')], { cwd: out })
      expect(await readFile(join(out, 'preseed.cfg'), 'utf8')).to.equal('d-i a/b string c\n')
      expect([...await readFile(join(out, 'bytes'))]).to.deep.equal([0, 255, 1])
      expect((await stat(join(out, 'empty'))).size).to.equal(0)
      expect(gunzipSync(after.subarray(0, exact.length)).toString()).to.equal('the installer')
    })
  }

  it('do not touch an initrd for a name that is a path, and want one that is there', async () => {
    const initrd = join(folder, 'initrd')
    await writeFile(initrd, 'x')
    await rejects(appendToInitrd(initrd, new Map([['../etc/passwd', '']])), 'is no name for a file')
    await writeFile(initrd, '')
    await rejects(appendToInitrd(initrd, new Map([['ks.cfg', '']])), 'is empty')
  })

  it('take kernel and initrd from the vendor\'s disc', async function () {
    await need(this, 'xorriso', ['-version'])
    const iso = await disc(folder, { 'isolinux/vmlinuz': 'K', 'isolinux/initrd.img': 'I', 'images/pxeboot/vmlinuz': 'no initrd beside it' })
    const out = join(folder, 'out')
    await mkdir(out)
    const copies = await kernelsOnIso(iso, kernelPaths('fedora', 'x86_64'), out)
    expect([await readFile(copies.kernel, 'utf8'), await readFile(copies.initrd, 'utf8')]).to.deep.equal(['K', 'I'])
    await appendToInitrd(copies.initrd, new Map([['ks.cfg', 'text\n']]))
    await rejects(kernelsOnIso(iso, kernelPaths('ubuntu', 'x86_64'), out), 'neither /casper/vmlinuz nor /casper/hwe-vmlinuz')
  })

  it('say what is no disc', async function () {
    await need(this, 'xorriso', ['-version'])
    await writeFile(join(folder, 'no.iso'), Buffer.alloc(40_000))
    await rejects(kernelsOnIso(join(folder, 'no.iso'), kernelPaths('debian', 'x86_64'), folder), 'is no ISO image')
    await rejects(kernelsOnIso(folder, kernelPaths('debian', 'x86_64'), folder), 'is no ISO image')
    await rejects(kernelsOnIso(join(folder, 'none.iso'), kernelPaths('debian', 'x86_64'), folder), 'there is no such file')
  })
})

async function disc(folder: string, files: Record<string, string>): Promise<string> {
  const content = join(folder, 'content')
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(content, name, '..'), { recursive: true })
    await writeFile(join(content, name), text)
  }
  const iso = join(folder, '-disc.iso')
  await run('xorriso', ['-as', 'mkisofs', '-quiet', '-rock', '-volid', 'Fedora 40', '-output', iso, content])
  return iso
}

/** Skips a test whose tool is not installed, and says so. */
async function need(test: Mocha.Context, program: string, args: string[], name = program): Promise<void> {
  const found = await run(program, args).then(() => true, (error: NodeJS.ErrnoException) => error.code !== 'ENOENT')
  if (found) return
  if (test.test) test.test.title += ` (skipped: ${name} is not installed)`
  test.skip()
}

async function rejects(work: Promise<unknown>, says: string): Promise<void> {
  const error: unknown = await work.then(() => undefined, (reason: unknown) => reason)
  expect(error).to.be.instanceOf(UsageError)
  expect(String(error)).to.contain(says)
}
