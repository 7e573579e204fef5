import { expect } from 'chai'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bay } from '../lab/bay.js'
import { run } from '../lab/script.js'

const missing = { env: { BAY_LIBVIRT_LIBRARY: '/nope/libvirt.so' } }

describe('without libvirt\'s library', () => {
  for (const args of [['vm', 'list'], ['vm', 'start', 'web-1'], ['net', 'list', '-c', 'qemu:///system'], ['vol', 'list', '--no-input']]) {
    it(`bay ${args.join(' ')} says which file, which package and which variable`, async () => {
      const { code, stdout, stderr } = await bay(args, missing)
      expect(code).to.equal(1)
      expect(stdout).to.equal('')
      expect(stderr).to.match(/^bay: libvirt's client library cannot be opened: .*\/nope\/libvirt\.so/)
        .and.include('  try: Debian, Ubuntu: apt install libvirt0\n')
        .and.include('  try: Fedora, RHEL: dnf install libvirt-libs\n')
        .and.include('  try: or set BAY_LIBVIRT_LIBRARY to the file (now /nope/libvirt.so)\n')
        .and.not.include('    at ')
    })
  }

  it('says so in JSON too', async () => {
    const result = await bay(['vm', 'list', '--json'], missing)
    expect(result).to.include({ code: 1, stderr: '' })
    expect(result.json()).to.have.property('error').that.deep.includes({ code: 'failed', retryable: false, libvirt: null })
  })

  it('a file that is no library is refused as well', async () => {
    const { code, stderr } = await bay(['vm', 'list'], { env: { BAY_LIBVIRT_LIBRARY: '/etc/passwd' } })
    expect(code).to.equal(1)
    expect(stderr).to.match(/^bay: libvirt's client library cannot be opened: \/etc\/passwd: /)
  })

  it('a library that is another one is refused, not called', async () => {
    const { code, stderr } = await bay(['vm', 'list'], { env: { BAY_LIBVIRT_LIBRARY: 'libm.so.6' } })
    expect(code).to.equal(1)
    expect(stderr).to.match(/^bay: /).and.not.include('internal error')
  })

  for (const args of [
    ['--help'], ['--version'], ['help'], ['vm'], ['vm', '--help'], ['vm', 'create', '--help'], ['completion', 'bash'], ['help', 'net', 'list'],
  ]) {
    it(`bay ${args.join(' ')} works`, async () => {
      const { code, stdout, stderr } = await bay(args, missing)
      expect(stderr).to.equal('')
      expect(code).to.equal(0)
      expect(stdout).not.to.equal('')
    })
  }

  for (const args of [
    ['vm', 'lst'], ['vm', 'list', '--nonsense'], ['vm', 'create', 'a b', '--empty'], ['vm', 'create', 'a', '--empty', '--memory', '2048'],
    ['vm', 'list', '-c', ''],
  ]) {
    it(`bay ${args.join(' ')} is refused before it would be opened`, async () => {
      const { code, stderr } = await bay(args, missing)
      expect(stderr).not.to.include('library')
      expect(code).to.equal(2)
    })
  }

  it('completing a command line fails in silence', async () => {
    const { code, stderr } = await bay(['__complete', 'vm', 'start', ''], missing)
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
  })
})

// A program of few lines: the library is opened once in a process, so its absence needs a process of its own.
describe('without libvirt\'s library for QEMU', () => {
  let folder: string
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bay-library-'))
    const { stdout } = await run('ldconfig', ['-p'])
    const file = /libvirt\.so\.0 .*=> (.*)/.exec(stdout)?.[1]
    if (file === undefined) throw new Error('ldconfig does not know libvirt.so.0')
    symlinkSync(file, join(folder, 'libvirt.so.0'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const program = `
    import { Connection } from '${new URL('../../src/virt/connection.ts', import.meta.url).href}'
    const host = await Connection.open('test:///default')
    const machine = host.domain('test')
    console.log(machine.name())
    await machine.agentCommand('{}', 1).catch((error) => console.log(error.code, error.message, error.hints.join('; ')))
  `
  it('all else works, and what needs it says which file and which package', async () => {
    const { code, stdout, stderr } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      env: { BAY_LIBVIRT_LIBRARY: join(folder, 'libvirt.so.0') },
    })
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    const [name, error] = stdout.split('\n')
    expect(name).to.equal('test')
    expect(error).to.match(/^failed libvirt's library for QEMU's guests cannot be opened: /)
      .and.include(join(folder, 'libvirt-qemu.so.0')).and.include('apt install libvirt0')
  })
})
