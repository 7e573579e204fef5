import { bootOrders, osElement } from './domain-boot.js'
import type { OsSpec } from './domain-boot.js'
import { channelElements, graphicsElement, portElements, rngElement, serialElements, tabletElement, tpmElement } from './domain-devices.js'
import type { GraphicsSpec } from './domain-devices.js'
import { diskElement, withTargets } from './domain-disks.js'
import type { DiskSpec } from './domain-disks.js'
import { clockElement, hypervElement } from './domain-hyperv.js'
import type { HypervFeature } from './domain-hyperv.js'
import { nicElement } from './domain-nics.js'
import type { NicSpec } from './domain-nics.js'
import { installElement, type InstallMark } from './install-mark.js'
import { bayElement } from './metadata.js'
import { el } from './node.js'
import type { Attributes, Child, XmlElement } from './node.js'
import { kibibytes, whole } from './numbers.js'
import { pciElement } from './pci.js'
import type { PciAddress } from './pci.js'

/**
 * A virtual machine, as `domainElement` writes it. What is left out is left to libvirt, so that each host and
 * architecture gets its own defaults: no PCI address, machine type or target name is made up here.
 */
export interface DomainSpec extends OsSpec {
  name: string
  uuid?: string
  /** How it runs: `kvm`, `qemu` (emulated), `test`, or another of libvirt's. */
  type: string
  emulator?: string
  /** Bytes, a multiple of 1 KiB. */
  memory: number
  vcpus: number
  title?: string
  description?: string
  /** Attributes of our own element in `<metadata>`. */
  metadata?: Attributes
  /** Its system is to be installed. */
  install?: InstallMark
  cpu?: 'host-passthrough' | 'host-model' | 'maximum'
  /** `utc` unless told; Windows wants `localtime`. */
  clock?: 'utc' | 'localtime'
  /** What Windows knows of its host, and the timers that go with it. */
  hyperv?: readonly HypervFeature[]
  /** `restart` unless told; an installer's last step is a reboot that may have to end the machine. */
  onReboot?: 'restart' | 'destroy'
  disks?: readonly DiskSpec[]
  nics?: readonly NicSpec[]
  /** PCI Express ports, the spare ones for devices that come while it runs; where left out, libvirt makes one spare. */
  pciePorts?: number
  /** Devices of the host that the machine has to itself. */
  pci?: readonly PciAddress[]
  graphics?: GraphicsSpec
  /** `virtio`, `vga`, `none` … */
  video?: string
  /** A serial port with the console on it. */
  serial?: boolean
  /** The guest agent's channel. */
  agent?: boolean
  /** A random number generator fed from the host's /dev/urandom. */
  rng?: boolean
  balloon?: 'virtio' | 'none'
  /** An emulated TPM 2.0, by its model; the host needs swtpm. */
  tpm?: string
  /** A USB tablet, which keeps the pointer of a graphical console in step. */
  tablet?: boolean
}

/**
 * A `<domain>` (https://libvirt.org/formatdomain.html).
 * Throws UsageError for numbers out of range, text that XML cannot carry, and settings that contradict each other.
 */
export function domainElement(spec: DomainSpec): XmlElement {
  return el('domain', { type: spec.type },
    el('name', {}, spec.name),
    spec.uuid && el('uuid', {}, spec.uuid),
    spec.title && el('title', {}, spec.title),
    spec.description && el('description', {}, spec.description),
    (spec.metadata ?? spec.install) && el('metadata', {}, spec.metadata && bayElement(spec.metadata), spec.install && installElement(spec.install)),
    el('memory', { unit: 'KiB' }, whole(kibibytes(spec.memory, 'memory'), 'memory in KiB', { min: 1 })),
    el('vcpu', {}, whole(spec.vcpus, 'vcpus', { min: 1, max: 4096 })),
    osElement(spec),
    features(spec),
    spec.cpu && el('cpu', { mode: spec.cpu }),
    clockElement(spec),
    el('on_poweroff', {}, 'destroy'),
    el('on_reboot', {}, spec.onReboot ?? 'restart'),
    el('on_crash', {}, 'destroy'),
    devices(spec),
  )
}

/** ACPI is how a guest is asked to power off; on ARM only UEFI hands it on. Secure boot needs SMM. */
function features(spec: DomainSpec): Child {
  const x86 = spec.arch === 'x86_64' || spec.arch === 'i686'
  if (!x86 && !(spec.arch === 'aarch64' && spec.firmware === 'uefi')) return null
  return el('features', {},
    el('acpi', {}),
    x86 && el('apic', {}),
    x86 && hypervElement(spec.hyperv),
    x86 && spec.secureBoot && el('smm', { state: 'on' }),
  )
}

function devices(spec: DomainSpec): XmlElement {
  const disks = withTargets(spec.disks ?? [])
  const nics = (spec.nics ?? []).map((nic) => ({ ...nic }))
  const orders = bootOrders(spec, disks, nics)
  return el('devices', {},
    spec.emulator && el('emulator', {}, spec.emulator),
    ...portElements(spec.pciePorts ?? 0),
    ...disks.map((disk) => diskElement(disk, { virt: spec.type, bootOrder: orders.get(disk) })),
    ...nics.map((nic) => nicElement(nic, { bootOrder: orders.get(nic) })),
    ...(spec.pci ?? []).map(pciElement),
    ...(spec.serial ? serialElements() : []),
    ...channelElements({ agent: spec.agent ?? false, spice: spec.graphics?.type === 'spice' }),
    spec.tablet && tabletElement(),
    spec.tpm && tpmElement(spec.tpm),
    spec.graphics && graphicsElement(spec.graphics),
    spec.video && el('video', {}, el('model', { type: spec.video })),
    spec.rng && rngElement(),
    spec.balloon && el('memballoon', { model: spec.balloon }),
  )
}
