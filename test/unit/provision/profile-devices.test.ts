import { expect } from 'chai'
import { UsageError } from '../../../src/errors.js'
import { chooseDevices, type HostOffers } from '../../../src/provision/profile-devices.js'
import { systems, type System } from '../../../src/provision/profile-systems.js'

const everything: HostOffers = {
  arch: 'x86_64', qemu: true, firmwares: ['bios', 'efi'], secureBoot: true, tpmModels: ['tpm-tis', 'tpm-crb'], tpmBackends: ['passthrough', 'emulator'],
  cpuModes: ['host-passthrough', 'host-model', 'maximum', 'custom'],
  hypervFeatures: ['relaxed', 'vapic', 'spinlocks', 'vpindex', 'runtime', 'synic', 'stimer', 'reset', 'vendor_id', 'frequencies', 'tlbflush', 'ipi', 'evmcs'],
  diskBuses: ['fdc', 'scsi', 'virtio', 'usb', 'sata'], videoModels: ['vga', 'qxl', 'virtio', 'none'],
}
/** Debian 12 with QEMU alone, as in the lab. */
const little: HostOffers = {
  ...everything, firmwares: [], secureBoot: false, tpmBackends: ['passthrough'], cpuModes: ['maximum', 'host-model', 'custom'], hypervFeatures: ['spinlocks', 'vendor_id'],
}
const other: HostOffers = {
  arch: 'i686', qemu: false, firmwares: [], secureBoot: false, tpmModels: [], tpmBackends: [], cpuModes: [], hypervFeatures: null, diskBuses: ['virtio', 'sata'], videoModels: [],
}

describe('profiles: the devices of a machine', () => {
  it('Linux has virtio everywhere, a random number generator, the agent\'s channel and BIOS', () => {
    for (const os of Object.keys(systems).filter((name) => !name.startsWith('windows') && name !== 'other') as System[]) {
      expect(chooseDevices({ os }, everything), os).to.deep.equal({ notes: [], devices: {
        firmware: 'bios', secureBoot: undefined, tpm: undefined, cpu: undefined, clock: 'utc', hyperv: [],
        diskBus: 'virtio', nicModel: 'virtio', video: 'virtio', rng: true, agent: true,
      } })
    }
  })

  it('Windows has what the host has of UEFI, secure boot, TPM and Hyper-V', () => {
    expect(chooseDevices({ os: 'windows' }, everything)).to.deep.equal({ notes: [], devices: {
      firmware: 'uefi', secureBoot: true, tpm: 'tpm-crb', cpu: undefined, clock: 'localtime',
      hyperv: ['relaxed', 'vapic', 'spinlocks', 'vpindex', 'runtime', 'synic', 'stimer', 'reset', 'frequencies', 'tlbflush', 'ipi'],
      diskBus: 'sata', nicModel: 'e1000e', video: 'vga', rng: false, agent: true,
    } })
    const { devices, notes } = chooseDevices({ os: 'windows' }, little)
    expect(devices).to.deep.include({ firmware: 'bios', secureBoot: undefined, tpm: undefined, hyperv: ['spinlocks'] })
    expect(notes.map((note) => note.split(' on this host')[0])).to.deep.equal(['no UEFI firmware', 'no TPM emulator'])
    expect(chooseDevices({ os: 'windows' }, { ...everything, secureBoot: false }).notes).to.have.length(1)
  })

  it('Windows with virtio drivers has virtio, and what was said holds', () => {
    expect(chooseDevices({ os: 'windows', virtio: true, firmware: 'bios', tpm: false, hyperv: false, clock: 'utc' }, everything)).to.deep.equal({
      notes: [], devices: {
        firmware: 'bios', secureBoot: undefined, tpm: undefined, cpu: undefined, clock: 'utc', hyperv: [],
        diskBus: 'virtio', nicModel: 'virtio', video: 'virtio', rng: true, agent: true,
      },
    })
    expect(chooseDevices({ os: 'windows', secureBoot: false }, everything).devices).to.include({ firmware: 'uefi', secureBoot: false })
  })

  it('Linux gets what it was asked for', () => {
    expect(chooseDevices({ os: 'linux', secureBoot: true, tpm: true, cpu: 'maximum', virtio: false, video: 'qxl' }, everything).devices)
      .to.deep.include({ firmware: 'uefi', secureBoot: true, tpm: 'tpm-crb', cpu: 'maximum', diskBus: 'sata', nicModel: 'e1000e', video: 'qxl', rng: false })
    expect(chooseDevices({ os: 'linux', firmware: 'uefi' }, everything).devices).to.deep.include({ firmware: 'uefi', secureBoot: undefined })
  })

  it('takes of Hyper-V only what has what it needs; an old libvirt does not tell', () => {
    const hyperv = (offered: string[] | null) => chooseDevices({ os: 'windows' }, { ...everything, hypervFeatures: offered }).devices.hyperv
    expect(hyperv(['stimer', 'synic', 'relaxed', 'tlbflush'])).to.deep.equal(['relaxed'])
    expect(hyperv(null)).to.deep.equal(['relaxed', 'vapic', 'spinlocks'])
    expect(chooseDevices({ os: 'windows' }, { ...everything, arch: 'aarch64' }).devices).to.deep.include({ hyperv: [], nicModel: 'virtio' })
  })

  it('leaves other drivers alone', () => {
    expect(chooseDevices({ os: 'linux' }, other)).to.deep.equal({ notes: [], devices: {
      firmware: 'bios', secureBoot: undefined, tpm: undefined, cpu: undefined, clock: 'utc', hyperv: [],
      diskBus: 'virtio', nicModel: undefined, video: undefined, rng: false, agent: false,
    } })
  })

  const refused: [wanted: Omit<Parameters<typeof chooseDevices>[0], 'os'>, says: string][] = [
    [{ firmware: 'uefi' }, 'this host has no UEFI firmware'],
    [{ secureBoot: true }, 'this host has no UEFI firmware'],
    [{ tpm: true }, 'this host has no TPM emulator'],
    [{ cpu: 'host-passthrough' }, 'this host\'s machines have no CPU mode host-passthrough'],
    [{ video: 'ramfb' }, 'this host\'s machines have no display card ramfb'],
  ]
  for (const [wanted, says] of refused) {
    it(`says that ${says}`, () => expect(() => chooseDevices({ os: 'linux', ...wanted }, little)).to.throw(UsageError, says))
  }

  it('says what of secure boot and Hyper-V there is not', () => {
    expect(() => chooseDevices({ os: 'linux', secureBoot: true }, { ...everything, secureBoot: false })).to.throw(UsageError, 'no firmware with secure boot')
    expect(() => chooseDevices({ os: 'windows', hyperv: true }, { ...everything, hypervFeatures: [] })).to.throw(UsageError, 'no Hyper-V features')
  })
})
