import { UsageError } from '../../errors.js'
import type { HostOffers } from '../../provision/profile-devices.js'
import { readCapabilities, readDomainCapabilities, type DomainCapabilities, type HostCapabilities } from '../../xml/host.js'
import type { Connection } from '../connection.js'
import { VirtError } from '../errors.js'

/** What a new machine runs on, as this host offers it; nothing is taken for granted. */
export interface Hardware extends HostOffers {
  /** the domain's type: kvm, qemu, or the driver's own, such as test */
  virt: string
  machine?: string
  emulator?: string
  maxVcpus: number
  graphics: readonly string[]
  /** who its QEMU runs as; null where that is whoever asks */
  emulatorUser: { uid: number, gid: number } | null
  /** what the user should know of the choice */
  note?: string
}

/** What was found for as long as a connection lasts: some hosts try their emulators anew at each question, which takes a minute. */
const known = new WeakMap<Connection, Map<string, Hardware>>()

/**
 * The hardware for a machine of the host's own architecture: KVM when it works, else emulation, and says so. A connection
 * asks once, however many machines it makes.
 * @throws UsageError when what was asked for is not to be had
 */
export function chooseHardware(connection: Connection, { virt }: { virt?: 'kvm' | 'qemu' }): Hardware {
  const found = known.get(connection) ?? new Map<string, Hardware>()
  known.set(connection, found)
  const hardware = found.get(virt ?? '') ?? lookAtHost(connection, virt)
  found.set(virt ?? '', hardware)
  return hardware
}

function lookAtHost(connection: Connection, virt: 'kvm' | 'qemu' | undefined): Hardware {
  const host = readCapabilities(connection.capabilities())
  const guest = host.guests.find(({ arch, osType }) => arch === host.cpu.arch && osType === 'hvm') ?? host.guests[0]
  if (!guest) throw new UsageError('this host can run no machines: its capabilities list none', 'bay host check')
  const types = guest.domains.map(({ type }) => type)
  const qemu = types.includes('qemu') || types.includes('kvm')
  if (!qemu) return otherDriver(types[0] ?? connection.type().toLowerCase(), guest.arch)
  return { ...underQemu(connection, guest, virt), emulatorUser: host.emulatorUser }
}

/** Bounds what libvirtd must never be sent: a machine of four thousand million CPUs ends the daemon itself. */
const vcpuLimit = 512

function otherDriver(virt: string, arch: string): Hardware {
  return {
    virt, arch, qemu: false, emulatorUser: null, maxVcpus: vcpuLimit, firmwares: [], secureBoot: false, graphics: ['vnc', 'spice'],
    diskBuses: ['virtio', 'sata'], videoModels: [], tpmModels: [], tpmBackends: [], cpuModes: [], hypervFeatures: [],
  }
}

type Guest = HostCapabilities['guests'][number]

function underQemu(connection: Connection, guest: Guest, want: 'kvm' | 'qemu' | undefined): Omit<Hardware, 'emulatorUser'> {
  const machine = preferredMachines.find((name) => guest.domains.some(({ machines }) => machines.includes(name)))
  const ask = (virt: 'kvm' | 'qemu') => capabilities(connection, { virt, arch: guest.arch, machine })
  const kvm = want === 'qemu' ? undefined : ask('kvm')
  if (want === 'kvm' && !kvm) throw new UsageError('this host has no working KVM', 'bay host check', '--virt qemu, which is slower')
  const found = kvm ?? ask('qemu')
  if (!found) throw new UsageError(`this host has no emulator for ${guest.arch}`, 'bay host check')
  return {
    ...found, virt: found.type, arch: guest.arch, machine, emulator: found.emulator ?? undefined, qemu: true,
    // Descriptions of firmware whose files are not there promise more than the host has.
    firmwares: found.firmwares.filter((firmware) => firmware !== 'efi' || found.loaders.length > 0),
    maxVcpus: Math.min(found.maxVcpus ?? vcpuLimit, vcpuLimit),
    note: kvm || want === 'qemu' ? undefined : 'no working KVM on this host: the machine is emulated, which is slow',
  }
}

/** Aliases of the modern machine types; where neither exists the emulator's own default serves. */
const preferredMachines = ['q35', 'virt']

function capabilities(
  connection: Connection, want: { virt: 'kvm' | 'qemu', arch: string, machine: string | undefined },
): DomainCapabilities | undefined {
  try {
    return readDomainCapabilities(connection.domainCapabilities(want))
  } catch (error) {
    if (error instanceof VirtError && !error.retryable && error.code !== 'not-allowed') return undefined
    throw error
  }
}
