import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lab } from '../lab/script.js'
import { suiteRig, type Rig } from './rig.js'

const long = process.env['BAY_TEST_LONG'] === '1'
const minute = 60_000

// A Debian with cloud-init, systemd and the agent, as a user makes one: its boot takes minutes where it is emulated.
describe('bay vm create: a real cloud image', function () {
  this.timeout(60 * minute)
  if (!long) return void it('is created, told who it is, and asked whether it is (skipped: takes ten minutes; BAY_TEST_LONG=1 runs it)')

  let rig: Rig
  const inGuest = (...command: string[]) => rig.does('vm', 'exec', 'cloud', '--timeout', '2m', '--', ...command)

  before(async () => {
    rig = await suiteRig()
    const image = await lab('cloud-image.sh', [], { timeout: 30 * minute })
    await writeFile(join(rig.files, 'ann.pub'), `${key}\n`)
    const made = await rig.bay(['vm', 'create', 'cloud', '--virt', 'qemu', '--vcpus', '2', '--memory', '768M', '--graphics', 'none',
      '--image', image, '--disk', '3G', '--network', rig.network, '--ip', '10.88.0.77/24',
      '--hostname', 'web', '--user', 'ann', '--ssh-key', join(rig.files, 'ann.pub'),
      '--run', 'echo "first boot of $(hostname)" > /var/lib/first-boot', '--run', 'exit 3', '--run', 'echo later >> /var/lib/first-boot',
      '--wait', 'cloud-init', '--timeout', '20m'], { timeout: 21 * minute })
    expect(made).to.have.property('code').that.equals(0, made.stderr)
  })
  after(() => rig?.clean('cloud'))

  it('has its host name', async () => {
    expect(await inGuest('hostname')).to.equal('web')
  })

  it('has its user, whose password is locked and whose key is let in', async () => {
    expect(await inGuest('id', '-un', 'ann')).to.equal('ann')
    expect(await inGuest('passwd', '--status', 'ann')).to.match(/^ann L /)
    expect(await inGuest('cat', '/home/ann/.ssh/authorized_keys')).to.equal(key)
    expect(await inGuest('stat', '-c', '%U %a', '/home/ann/.ssh/authorized_keys')).to.equal('ann 600')
  })

  it('has its address without a lease, and the network\'s gateway', async () => {
    expect(await inGuest('ip', '-4', '-o', 'address', 'show', 'eth0')).to.match(/ inet 10\.88\.0\.77\/24 /).and.not.include('dynamic')
    expect(await inGuest('ip', 'route', 'show', 'default')).to.match(/^default via 10\.88\.0\.1 dev eth0/)
    expect(await rig.virsh('net-dumpxml', rig.network)).to.include('ip=\'10.88.0.77\'')
    expect(await rig.virsh('net-dhcp-leases', rig.network)).not.to.include('10.88.0.77')
  })

  it('has run its commands, each for itself', async () => {
    expect(await inGuest('cat', '/var/lib/first-boot')).to.equal('first boot of web\nlater')
  })

  it('has its disk at the size that was asked for', async () => {
    expect(await inGuest('cat', '/sys/block/vda/size')).to.equal(String(3 * 2 ** 30 / 512))
  })
})

/** A public key that nobody has the private one of. */
const key = `ssh-ed25519 ${Buffer.concat([Buffer.from('\0\0\0\vssh-ed25519\0\0\0 '), Buffer.alloc(32, 7)]).toString('base64')} ann@example.org`
