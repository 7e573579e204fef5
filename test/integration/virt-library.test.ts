import { expect } from 'chai'
import { bay } from '../lab/bay.js'

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
