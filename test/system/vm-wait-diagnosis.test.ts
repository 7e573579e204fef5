import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Diagnosis } from '../../src/errors.js'
import { suiteRig, until, type Rig } from './rig.js'

interface Failed {
  error: {
    code: string
    message: string
    diagnosis: Diagnosis
  }
}

// A wait that was in vain says why, as far as that can be known.
describe('bay vm wait: what it says when it was in vain', function () {
  this.timeout(60_000)
  let rig: Rig
  let full: string
  const create = (name: string, ...args: string[]) => rig.does('vm', 'create', name, '--network', rig.network, ...args)
  const inVain = async (name: string, ...args: string[]) => {
    const result = await rig.bay(['vm', 'wait', name, '--for', 'ip', ...args, '--json'])
    expect(result, result.stdout).to.include({ code: 124, stderr: '' })
    return (result.json() as Failed).error
  }

  before('a network without DHCP, and a pool with 8M', async function () {
    this.timeout(300_000)
    rig = await suiteRig()
    full = join(rig.host.dir, 'pools', 'why-full')
    await rig.does('net', 'create', 'why-plain', '--subnet', '10.89.0.0/24', '--no-dhcp', '--no-autostart')
    await rig.does('pool', 'create', 'why-full', '--path', full, '--no-autostart')
    await rig.host.does(['mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', full])
    await rig.does('pool', 'refresh', 'why-full')
  })
  after(async () => {
    await rig?.clean('why')
    await rig?.host.exec(['umount', full])
    await rig?.does('pool', 'delete', '--yes', 'why-full')
    await rig?.does('net', 'delete', '--yes', 'why-plain')
  })

  it('a guest that is silent, and a network on which nobody gives addresses', async () => {
    await Promise.all([create('why-silent', ...rig.deaf), create('why-plain', ...rig.deaf, '--network', 'why-plain')])
    const [silent, plain] = await Promise.all([inVain('why-silent', '--timeout', '500ms'), inVain('why-plain', '--timeout', '500ms')])
    expect(silent).to.include({ code: 'timeout', message: 'why-silent: not in possession of an address after 0.5 s' })
    expect(silent.diagnosis.findings.map(({ code }) => code)).to.deep.equal(['no-dhcp-request'])
    expect(silent.diagnosis.screenshot).to.equal(null)
    expect(plain.diagnosis.findings.map(({ code }) => code)).to.deep.equal(['no-dhcp-request', 'no-dhcp'])
    const paused = rig.does('vm', 'suspend', 'why-silent').then(() => rig.bay(['vm', 'wait', 'why-silent', '--for', 'ip', '--timeout', '500ms']))
    expect((await paused).stderr).to.match(/\n {2}found: it is paused \(user\), so its guest does nothing\n {4}try: bay vm resume why-silent\n/)
  })

  it('a kernel that panics: what its console said, and a picture of its display', async function () {
    this.timeout(150_000)
    await create('why-panic', ...booting(rig, 'rdinit=/nope'), '--graphics', 'vnc')
    // It panics after some seconds, or on a busy machine after many; only who listens then hears it.
    let said = await inVain('why-panic', '--timeout', '10s')
    for (const seconds of [20, 60]) {
      if (said.diagnosis.findings[0]?.code === 'guest-panic') break
      await rig.does('vm', 'reset', 'why-panic')
      said = await inVain('why-panic', '--timeout', `${seconds}s`)
    }
    const { diagnosis: { findings, console, screenshot } } = said
    expect(findings.map(({ code }) => code)).to.deep.equal(['guest-panic', 'no-dhcp-request'])
    expect(findings[0]?.message).to.match(/Kernel panic - not syncing: VFS: Unable to mount root fs/)
    expect(console).to.have.length.within(5, 20)
    expect(readFileSync(screenshot ?? '').subarray(1, 4).toString()).to.equal('PNG')
    expect(statSync(screenshot ?? '').mode & 0o777).to.equal(0o600)
  })

  it('a pool that is full, so that the machine stands still', async () => {
    const writing = 'rdinit=/bin/busybox -- sh -c "/bin/busybox --install -s /bin; mount -t devtmpfs d /dev; '
      + 'while read -r m; do insmod /mod/$m; done < /mod/order; dd if=/dev/zero of=/dev/vda bs=64k; sleep 1000"'
    await create('why-full', ...booting(rig, writing), '--disk', '6M,pool=why-full', '--no-start')
    await rig.host.exec(['dd', 'if=/dev/zero', `of=${full}/other`, 'bs=64k'])
    await rig.does('vm', 'start', 'why-full')
    await until(async () => await rig.virsh('domstate', '--reason', 'why-full') === 'paused (I/O error)')
    const { code, stderr } = await rig.bay(['vm', 'wait', 'why-full', '--for', 'ip', '--timeout', '500ms'])
    expect(code, stderr).to.equal(124)
    expect(stderr).to.match(/\n {2}found: the pool why-full is full, \S+ free: its disk vda found no space, and the guest stands still\n {4}try: bay vol list why-full /)
  })
})

/** The tiny guest, which does something else than it would: the same kernel with more on its command line. */
function booting({ tiny }: Rig, more: string): string[] {
  const words = tiny.filter((word, at) => word !== '--graphics' && tiny[at - 1] !== '--graphics')
  return words.map((word, at) => words[at - 1] === '--cmdline' ? `${word.replace(' quiet', '')} ${more}` : word)
}
