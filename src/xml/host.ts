import { parse } from './node.js'
import type { XmlElement } from './node.js'
import { integer } from './numbers.js'
import { all, attr, child, children, path, textOf } from './tree.js'

export interface HostCapabilities {
  uuid: string | null
  cpu: { arch: string | null, model: string | null, vendor: string | null }
  /** `apparmor`, `selinux`, `dac` … */
  securityModels: string[]
  /** Who the emulators run as, where libvirtd chooses that. */
  emulatorUser: { uid: number, gid: number } | null
  /** One for each kind of system and architecture that the host can run. */
  guests: GuestCapabilities[]
}

export interface GuestCapabilities {
  /** `hvm`, `xen`, `exe`. */
  osType: string
  arch: string
  wordSize: number | null
  /** One for each way to run it. */
  domains: GuestDomain[]
}

export interface GuestDomain {
  /** `kvm`, `qemu`, `test` … That kvm is listed does not mean that it works: ask the domain capabilities. */
  type: string
  emulator: string | null
  /** Names and aliases of machine types. */
  machines: string[]
}

export interface DomainCapabilities {
  emulator: string | null
  /** The domain type that was asked about, and whether it is KVM. */
  type: string
  kvm: boolean
  machine: string | null
  arch: string | null
  maxVcpus: number | null
  /** What libvirt can choose by itself: `bios`, `efi`. */
  firmwares: string[]
  secureBoot: boolean
  /** Firmware files that are there. */
  loaders: string[]
  /** Those that are supported: `host-passthrough`, `host-model`, `maximum`, `custom`. */
  cpuModes: string[]
  diskDevices: string[]
  diskBuses: string[]
  /** Empty when the emulator was built without. */
  graphics: string[]
  videoModels: string[]
  tpmModels: string[]
  /** `emulator` where swtpm is installed, `passthrough`. */
  tpmBackends: string[]
  /** Null when libvirt is too old to tell. */
  hypervFeatures: string[] | null
}

/** What virConnectGetCapabilities gives (https://libvirt.org/formatcaps.html). Throws UsageError for what is no XML. */
export function readCapabilities(xml: string): HostCapabilities {
  const root = parse(xml)
  const cpu = path(root, 'host/cpu')
  return {
    uuid: textOf(path(root, 'host/uuid')) ?? null,
    cpu: {
      arch: textOf(child(cpu, 'arch')) ?? null,
      model: textOf(child(cpu, 'model')) ?? null,
      vendor: textOf(child(cpu, 'vendor')) ?? null,
    },
    securityModels: texts(all(root, 'host/secmodel/model')),
    emulatorUser: readEmulatorUser(root),
    guests: children(root, 'guest').map(readGuest),
  }
}

/** The user is the label of the DAC driver: `<baselabel type='kvm'>+64055:+107</baselabel>`. */
function readEmulatorUser(root: XmlElement): HostCapabilities['emulatorUser'] {
  const dac = all(root, 'host/secmodel').find((model) => textOf(child(model, 'model')) === 'dac')
  const [, uid, gid] = /^\+(\d+):\+(\d+)$/.exec(textOf(child(dac, 'baselabel'))?.trim() ?? '') ?? []
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) }
}

/**
 * What virConnectGetDomainCapabilities gives (https://libvirt.org/formatdomaincaps.html), to choose defaults by.
 * Throws UsageError for what is no XML.
 */
export function readDomainCapabilities(xml: string): DomainCapabilities {
  const root = parse(xml)
  const type = textOf(child(root, 'domain')) ?? ''
  const loader = path(root, 'os/loader')
  return {
    emulator: textOf(child(root, 'path')) ?? null,
    type,
    kvm: type === 'kvm',
    machine: textOf(child(root, 'machine')) ?? null,
    arch: textOf(child(root, 'arch')) ?? null,
    maxVcpus: integer(attr(child(root, 'vcpu'), 'max')),
    firmwares: values(child(root, 'os'), 'firmware'),
    secureBoot: values(loader, 'secure').includes('yes'),
    loaders: texts(children(loader, 'value')),
    cpuModes: all(root, 'cpu/mode').filter(isSupported).map((mode) => attr(mode, 'name') ?? ''),
    diskDevices: values(path(root, 'devices/disk'), 'diskDevice'),
    diskBuses: values(path(root, 'devices/disk'), 'bus'),
    graphics: values(path(root, 'devices/graphics'), 'type'),
    videoModels: values(path(root, 'devices/video'), 'modelType'),
    tpmModels: values(path(root, 'devices/tpm'), 'model'),
    tpmBackends: values(path(root, 'devices/tpm'), 'backendModel'),
    hypervFeatures: path(root, 'features/hyperv') ? values(path(root, 'features/hyperv'), 'features') : null,
  }
}

/** The CPUs that domain capabilities offer: modes, and models with whether this host can give them. */
export function readCpuModels(xml: string): { modes: string[], models: { name: string, usable: boolean }[] } {
  const modes = all(parse(xml), 'cpu/mode').filter(isSupported)
  return {
    modes: modes.map((mode) => attr(mode, 'name') ?? ''),
    models: modes.filter((mode) => attr(mode, 'name') === 'custom').flatMap((mode) => children(mode, 'model'))
      .map((model) => ({ name: textOf(model) ?? '', usable: attr(model, 'usable') !== 'no' })),
  }
}

function readGuest(guest: XmlElement): GuestCapabilities {
  const arch = child(guest, 'arch')
  return {
    osType: textOf(child(guest, 'os_type')) ?? '',
    arch: attr(arch, 'name') ?? '',
    wordSize: integer(textOf(child(arch, 'wordsize'))),
    domains: children(arch, 'domain').map((domain) => readGuestDomain(domain, arch)),
  }
}

/** A domain type may have an emulator and machines of its own; else those of its architecture are its. */
function readGuestDomain(domain: XmlElement, arch: XmlElement | undefined): GuestDomain {
  const own = texts(children(domain, 'machine'))
  return {
    type: attr(domain, 'type') ?? '',
    emulator: textOf(child(domain, 'emulator')) ?? textOf(child(arch, 'emulator')) ?? null,
    machines: own.length > 0 ? own : texts(children(arch, 'machine')),
  }
}

/** The values of one `<enum>` of something that is supported. */
function values(element: XmlElement | undefined, name: string): string[] {
  if (!element || !isSupported(element)) return []
  return texts(children(element, 'enum').filter((list) => attr(list, 'name') === name).flatMap((list) => children(list, 'value')))
}

function isSupported(element: XmlElement): boolean {
  return attr(element, 'supported') !== 'no'
}

function texts(elements: readonly XmlElement[]): string[] {
  return elements.map((element) => textOf(element) ?? '')
}
