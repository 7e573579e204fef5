import { readDevices } from './domain-device-descriptions.js'
import type { DevicesDescription } from './domain-device-descriptions.js'
import { memoryOf } from './domain-memory.js'
import { vcpusOf } from './domain-vcpus.js'
import { localName, metadataElement, readBay } from './metadata.js'
import { parse } from './node.js'
import type { XmlElement } from './node.js'
import { integer } from './numbers.js'
import { attr, child, children, path, textOf } from './tree.js'

export interface DomainDescription extends DevicesDescription {
  name: string
  uuid: string | null
  /** Null when it does not run. */
  id: number | null
  title: string | null
  description: string | null
  /** `kvm`, `qemu`, `test` … */
  virt: string
  /** Bytes it has now; what the balloon left it. */
  memory: number
  /** Bytes it may have, as virDomainGetInfo counts them. */
  maxMemory: number
  vcpus: number
  maxVcpus: number
  /** `hvm`, `xen`, `exe`. */
  osType: string | null
  arch: string | null
  machine: string | null
  /** libosinfo's name of the guest's system, `http://debian.org/debian/12`. */
  osId: string | null
  firmware: 'bios' | 'uefi'
  /** The file of the UEFI variables. */
  nvram: string | null
  /** The kernel of the host's that it boots. */
  kernel: string | null
  /** Attributes of our own element; null when it has none. */
  metadata: Record<string, string> | null
}

/**
 * What a domain's XML says (https://libvirt.org/formatdomain.html), live or inactive.
 * Throws UsageError for what is no XML; what is missing is null, what is unknown is left out.
 */
export function readDomain(xml: string): DomainDescription {
  const root = parse(xml)
  const os = child(root, 'os')
  const type = child(os, 'type')
  return {
    name: textOf(child(root, 'name')) ?? '',
    uuid: textOf(child(root, 'uuid')) ?? null,
    id: integer(attr(root, 'id')),
    title: textOf(child(root, 'title')) ?? null,
    description: textOf(child(root, 'description')) ?? null,
    virt: attr(root, 'type') ?? '',
    ...memoryOf(root),
    ...vcpusOf(root),
    osType: textOf(type) ?? null,
    arch: attr(type, 'arch') ?? null,
    machine: attr(type, 'machine') ?? null,
    osId: readOsId(root),
    firmware: isUefi(os) ? 'uefi' : 'bios',
    nvram: readNvram(os),
    kernel: textOf(child(os, 'kernel')) ?? null,
    metadata: readBay(root),
    ...readDevices(child(root, 'devices')),
  }
}

function readOsId(root: XmlElement): string | null {
  const libosinfo = metadataElement(root, 'http://libosinfo.org/xmlns/libvirt/domain/1.0')
  return attr(children(libosinfo).find((element) => localName(element) === 'os'), 'id') ?? null
}

/** The choice left to libvirt stays in the attribute; an explicit firmware is in flash. */
function isUefi(os: XmlElement | undefined): boolean {
  return attr(os, 'firmware') === 'efi' || attr(child(os, 'loader'), 'type') === 'pflash'
}

function readNvram(os: XmlElement | undefined): string | null {
  const nvram = child(os, 'nvram')
  return textOf(nvram)?.trim() || attr(path(nvram, 'source'), 'file') || null
}
