import { UsageError } from '../errors.js'
import { Findings } from '../findings.js'
import type { HypervFeature } from '../xml/domain-hyperv.js'
import type { ProfileFields } from './profile-fields.js'
import { familyDefaults, systems, type FamilyDefaults, type System } from './profile-systems.js'

/** What a host's machines may have, as its domain capabilities say. */
export interface HostOffers {
  arch: string
  /** whether it runs under QEMU; other drivers choose for themselves */
  qemu: boolean
  /** `efi` among them where there is UEFI */
  firmwares: readonly string[]
  secureBoot: boolean
  tpmModels: readonly string[]
  /** `emulator` among them where swtpm is installed */
  tpmBackends: readonly string[]
  cpuModes: readonly string[]
  /** null when libvirt is too old to tell */
  hypervFeatures: readonly string[] | null
  diskBuses: readonly string[]
  videoModels: readonly string[]
}

export interface MachineDevices {
  firmware: 'bios' | 'uefi'
  /** undefined leaves it to libvirt's choice of firmware */
  secureBoot?: boolean
  /** the model of the TPM 2.0 */
  tpm?: string
  cpu?: 'host-passthrough' | 'host-model' | 'maximum'
  clock: 'utc' | 'localtime'
  hyperv: HypervFeature[]
  diskBus: string
  nicModel?: string
  /** for a machine with a display */
  video?: string
  rng: boolean
  agent: boolean
}

type Wanted = { os: System } & Pick<ProfileFields, 'firmware' | 'secureBoot' | 'tpm' | 'cpu' | 'clock' | 'hyperv' | 'virtio' | 'video'>

/**
 * The devices of a machine on this host: what was asked for, else what its family of systems likes best, where the host
 * has it. `notes` say what the family would have liked.
 * @throws UsageError when the host lacks what was asked for; all of it at once
 */
export function chooseDevices(wanted: Wanted, host: HostOffers): { devices: MachineDevices, notes: string[] } {
  const likes = familyDefaults[systems[wanted.os]]
  const notes: string[] = []
  const findings = new Findings()
  const firmware = findings.look(() => chooseFirmware(wanted, likes, host, notes))
  const tpm = findings.look(() => chooseTpm(wanted, likes, host, notes))
  const cpu = findings.look(() => checkCpu(wanted.cpu, host))
  const virtio = wanted.virtio ?? likes.virtio
  const hyperv = findings.look(() => wanted.hyperv ?? likes.hyperv ? hypervFeatures(host, wanted.hyperv ?? false) : [])
  const video = findings.look(() => chooseVideo(wanted.video, virtio, likes, host))
  findings.end()
  const devices: MachineDevices = {
    firmware: firmware.value.firmware, secureBoot: firmware.value.secureBoot, tpm: tpm.value, cpu: cpu.value,
    clock: wanted.clock ?? likes.clock, hyperv: hyperv.value,
    diskBus: diskBus(host, virtio), nicModel: nicModel(host, virtio), video: video.value,
    rng: host.qemu && virtio, agent: host.qemu,
  }
  return { devices, notes }
}

function chooseFirmware(
  wanted: Wanted, likes: FamilyDefaults, host: HostOffers, notes: string[],
): Pick<MachineDevices, 'firmware' | 'secureBoot'> {
  const offered = host.firmwares.includes('efi')
  const asked = wanted.firmware ?? (wanted.secureBoot ? 'uefi' : undefined)
  if (asked === 'uefi' && !offered) {
    throw new UsageError('this host has no UEFI firmware', 'apt install ovmf (Debian), dnf install edk2-ovmf (Fedora) on the host', 'or --firmware bios')
  }
  if (wanted.secureBoot && !host.secureBoot) {
    throw new UsageError('this host has no firmware with secure boot', 'apt install ovmf (Debian), dnf install edk2-ovmf (Fedora) on the host')
  }
  if (asked === 'bios') return { firmware: 'bios' }
  if (!offered) {
    if (likes.uefi) notes.push(`no UEFI firmware on this host: ${wanted.os} gets BIOS (ovmf or edk2-ovmf brings UEFI)`)
    return { firmware: 'bios' }
  }
  if (asked === undefined && !likes.uefi) return { firmware: 'bios' }
  if (wanted.secureBoot !== undefined) return { firmware: 'uefi', secureBoot: wanted.secureBoot }
  if (likes.secureBoot && !host.secureBoot) notes.push(`no firmware with secure boot on this host: ${wanted.os} starts without`)
  return { firmware: 'uefi', secureBoot: likes.secureBoot && host.secureBoot ? true : undefined }
}

/** The modern model first; ARM machines have the older alone. */
function chooseTpm({ tpm, os }: Wanted, likes: FamilyDefaults, host: HostOffers, notes: string[]): string | undefined {
  if (!(tpm ?? likes.tpm)) return undefined
  const model = host.tpmModels.find((each) => each === 'tpm-crb') ?? host.tpmModels[0]
  if (model !== undefined && host.tpmBackends.includes('emulator')) return model
  if (tpm) throw new UsageError('this host has no TPM emulator', 'apt install swtpm swtpm-tools (Debian), dnf install swtpm-tools (Fedora) on the host')
  notes.push(`no TPM emulator on this host: ${os} gets none (swtpm and swtpm-tools bring it; Windows 11 asks for one)`)
  return undefined
}

function checkCpu(cpu: Wanted['cpu'], host: HostOffers): Wanted['cpu'] {
  if (cpu === undefined || host.cpuModes.includes(cpu)) return cpu
  const known = host.cpuModes.filter((mode) => mode !== 'custom')
  throw new UsageError(`this host's machines have no CPU mode ${cpu}`, ...known.length > 0 ? [`it has ${known.join(', ')}`] : [], '--virt kvm has more than --virt qemu')
}

/** What Windows uses when it is there, and what each needs: https://libvirt.org/formatdomain.html#hypervisor-features */
const hyperv: readonly (readonly [name: HypervFeature, ...needs: HypervFeature[]])[] = [
  ['relaxed'], ['vapic'], ['spinlocks'], ['vpindex'], ['runtime'], ['synic', 'vpindex'], ['stimer', 'vpindex', 'synic'],
  ['reset'], ['frequencies'], ['tlbflush', 'vpindex'], ['ipi', 'vpindex'],
]
/** What every KVM has had since long. */
const oldHyperv = ['relaxed', 'vapic', 'spinlocks']

function hypervFeatures({ hypervFeatures: offered, arch, qemu }: HostOffers, asked: boolean): HypervFeature[] {
  const there = qemu && ['x86_64', 'i686'].includes(arch) ? offered ?? oldHyperv : []
  const found = hyperv.filter((feature) => feature.every((name) => there.includes(name))).map(([name]) => name)
  if (asked && found.length === 0) throw new UsageError('this host\'s machines have no Hyper-V features', 'hyperv: false in the profile')
  return found
}

function diskBus({ qemu, diskBuses }: HostOffers, virtio: boolean): string {
  const best = virtio ? ['virtio'] : ['sata', 'scsi', 'ide']
  return (qemu ? best.find((bus) => diskBuses.includes(bus)) : undefined) ?? diskBuses[0] ?? 'virtio'
}

/** Only PCs have had an e1000e. */
function nicModel({ qemu, arch }: HostOffers, virtio: boolean): string | undefined {
  if (!qemu) return undefined
  return virtio || !['x86_64', 'i686'].includes(arch) ? 'virtio' : 'e1000e'
}

function chooseVideo(
  asked: string | undefined, virtio: boolean, likes: FamilyDefaults, { videoModels }: HostOffers,
): string | undefined {
  if (asked !== undefined && videoModels.length > 0 && !videoModels.includes(asked)) {
    throw new UsageError(`this host's machines have no display card ${asked}`, `they have ${videoModels.join(', ')}`)
  }
  const best = asked ?? (virtio ? 'virtio' : likes.video)
  return asked ?? (videoModels.includes(best) ? best : undefined)
}
