import { readCapabilities, readDomainCapabilities, type DomainCapabilities } from '../../xml/host.js'
import type { Connection } from '../connection.js'
import { failure, VirtError } from '../errors.js'
import type { Host } from './host.js'

/** What `host show` tells. Memory in bytes; null is what the host does not say. */
export interface HostDescription {
  name: string
  uri: string
  /** libvirt's driver: `QEMU`, `TEST` … */
  type: string
  /** the daemon's version, such as `9.0.0` */
  libvirt: string
  hypervisor: string | null
  arch: string | null
  cpu: string | null
  cpus: number
  memory: number
  nodes: number
  sockets: number
  cores: number
  threads: number
  /** whether libvirt offers hardware virtualization; what it is worth `host check` tells. null when we may not ask */
  kvm: boolean | null
  /** architectures of machines that it can run */
  guests: string[]
  /** the machine type that a new machine gets */
  machine: string | null
  emulator: string | null
  firmware: ('bios' | 'uefi')[]
  secureBoot: boolean
  maxVcpus: number | null
}

/**
 * The host, opened so that as much as possible can be asked: libvirt tells what machines may have only to those who may
 * change the host. The embedded host tells everybody, and is better not locked.
 */
export async function openToAsk(open: Open, { embedded }: { embedded: boolean }): Promise<Host> {
  if (embedded) return open({ readOnly: true })
  try {
    return await open({ readOnly: false })
  } catch (error) {
    if (error instanceof VirtError && error.code === 'not-allowed') return open({ readOnly: true })
    throw error
  }
}

type Open = (options: { readOnly: boolean }) => Promise<Host>

export function describeHost(connection: Connection, uri: string): HostDescription {
  const [info, capabilities] = [connection.nodeInfo(), readCapabilities(connection.capabilities())]
  const kvm = domainCapabilities(connection, 'kvm')
  const machine = kvm ?? (kvm === null ? domainCapabilities(connection) : undefined)
  const hypervisor = connection.version()
  return {
    name: connection.hostname(), uri, type: connection.type(),
    libvirt: versionText(connection.libraryVersion()), hypervisor: hypervisor === 0 ? null : versionText(hypervisor),
    arch: capabilities.cpu.arch, cpu: capabilities.cpu.model ?? info.model,
    cpus: info.cpus, memory: info.memory, nodes: info.nodes, sockets: info.sockets, cores: info.cores, threads: info.threads,
    kvm: kvm === undefined ? null : kvm !== null,
    guests: [...new Set(capabilities.guests.map(({ arch }) => arch))],
    machine: machine?.machine ?? null, emulator: machine?.emulator ?? null,
    firmware: machine ? firmwareOf(machine) : [], secureBoot: machine?.secureBoot ?? false, maxVcpus: machine?.maxVcpus ?? null,
  }
}

/** A version as people write it, from major * 1,000,000 + minor * 1,000 + release. */
export function versionText(version: number): string {
  return [Math.floor(version / 1_000_000), Math.floor(version / 1000) % 1000, version % 1000].join('.')
}

/**
 * What machines may have here. null when the host has no such machines, undefined when it does not say: not every
 * driver can, and a read-only connection may not ask.
 */
export function domainCapabilities(connection: Connection, virt?: string): DomainCapabilities | null | undefined {
  try {
    return readDomainCapabilities(connection.domainCapabilities(virt === undefined ? {} : { virt }))
  } catch (error) {
    if (!(error instanceof VirtError) || error.code === 'cannot-connect') throw error
    // QEMU without KVM calls it an invalid argument, an unsupported configuration or an operation that failed.
    return error.is(failure.noSupport) || error.code === 'not-allowed' ? undefined : null
  }
}

/** Every x86 machine has a BIOS; libvirt lists only firmware that it chooses by descriptor files. */
function firmwareOf({ arch, firmwares, loaders }: DomainCapabilities): ('bios' | 'uefi')[] {
  const bios = firmwares.includes('bios') || arch === 'x86_64' || arch === 'i686'
  const uefi = firmwares.includes('efi') || loaders.some((file) => /ovmf|aavmf|edk2|efi/i.test(file))
  return [...bios ? ['bios' as const] : [], ...uefi ? ['uefi' as const] : []]
}
