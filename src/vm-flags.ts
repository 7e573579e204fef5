import * as Flags from '@oclif/core/flags'
import { UsageError } from './errors.js'
import { addressFlags } from './address-flags.js'
import { sizeFlag } from './flags.js'
import { checkBridgeName } from './names.js'
import { diskBuses, diskFormats, machineLimits } from './provision/machine-limits.js'
import { systems, type System } from './provision/profile-systems.js'
import { parseSize } from './units.js'
import type { NewAddress, NewDisk, NewNic, NewVmSource } from './virt/ops/new-vm.js'
import { formatPci, parsePciAddress, type PciAddress } from './xml/pci.js'

const osNames = Object.keys(systems) as System[]

/** What a new machine is made of. */
export const newVmFlags = {
  'profile': Flags.string({ helpValue: 'PROFILE', description: 'what is not given here comes from this profile: bay profile list' }),
  'memory': sizeFlag({ helpValue: 'SIZE', description: 'memory, such as 512M or 2G (default: 2G)' }),
  'vcpus': Flags.integer({ ...machineLimits.vcpus, helpValue: 'N', description: 'virtual CPUs (default: 2)' }),
  'kernel': Flags.string({ helpValue: 'FILE', description: 'boot this kernel; a path on the host', exclusive: ['iso', 'image', 'empty'] }),
  'initrd': Flags.string({ helpValue: 'FILE', description: 'with this initial RAM disk', dependsOn: ['kernel'] }),
  'cmdline': Flags.string({ helpValue: 'TEXT', description: 'and this kernel command line', dependsOn: ['kernel'] }),
  'iso': Flags.string({ helpValue: 'FILE', description: 'boot this disc while the disk is empty; a path on the host, or POOL/NAME', exclusive: ['image', 'empty'] }),
  'image': Flags.string({ helpValue: 'IMAGE', description: 'copy this disk image: a local file, a URL, an image\'s name, or POOL/NAME', exclusive: ['empty'] }),
  'linked': Flags.boolean({ description: 'do not copy the image: make a thin layer over it', dependsOn: ['image'] }),
  'empty': Flags.boolean({ description: 'an empty disk and nothing to boot from' }),
  'disk': Flags.string({
    multiple: true, multipleNonGreedy: true, helpValue: 'SIZE[,pool=P][,format=F][,bus=B]',
    description: 'a disk; the first is the system disk, and with --image the size it grows to; repeatable',
  }),
  'network': Flags.string({
    multiple: true, multipleNonGreedy: true, helpValue: 'NET|bridge=BR|user|none',
    description: 'a network interface; repeatable (default: the network named default)',
  }),
  'mac': Flags.string({ helpValue: 'MAC', description: 'the first interface\'s MAC address (default: derived from the UUID)' }),
  ...addressFlags,
  'filter': Flags.string({ helpValue: 'FILTER', description: 'the network filter of every interface' }),
  'graphics': Flags.option({ options: ['vnc', 'spice', 'none'] as const, description: 'the display, on loopback (default: vnc, none with --kernel)' })(),
  'gpu': Flags.string({
    multiple: true, multipleNonGreedy: true, helpValue: 'PCI',
    description: 'a PCI device of the host for the machine alone, with the rest of its card: 0000:65:00.0; repeatable',
  }),
  'firmware': Flags.option({ options: ['bios', 'uefi'] as const, description: 'the firmware (default: bios, uefi for Windows)' })(),
  'secure-boot': Flags.boolean({ description: 'UEFI that starts only what is signed', allowNo: true }),
  'tpm': Flags.boolean({ description: 'an emulated TPM 2.0', allowNo: true }),
  'os': Flags.option({ options: osNames, description: 'what it runs: chooses devices that suit (default: linux)' })(),
  'virt': Flags.option({ options: ['kvm', 'qemu'] as const, description: 'how it runs (default: kvm where it works)' })(),
  'description': Flags.string({ helpValue: 'TEXT', description: 'a text that is kept with the machine' }),
}

interface SourceFlags {
  kernel?: string
  initrd?: string
  cmdline?: string
  iso?: string
  image?: string
  linked: boolean
  empty: boolean
}

/** What the machine boots from. @throws UsageError when nothing was said */
export function sourceFrom({ kernel, initrd, cmdline, iso, image, linked, empty }: SourceFlags): NewVmSource {
  if (kernel !== undefined) return { kind: 'kernel', kernel, initrd, cmdline }
  if (iso !== undefined) return { kind: 'iso', iso }
  if (image !== undefined) return { kind: 'image', image, linked }
  if (empty) return { kind: 'empty' }
  throw new UsageError('nothing to boot from', '--image FILE, --iso FILE, --kernel FILE, or --empty')
}

/** `20G,pool=fast,format=raw,bus=sata`. @throws UsageError that names the part that is wrong */
export function parseDisk(text: string): NewDisk {
  const [size = '', ...rest] = text.split(',')
  const options = new Map(rest.map((part): [string, string] => {
    const at = part.indexOf('=')
    const [key, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)]
    if (!['pool', 'format', 'bus'].includes(key) || value === '') throw new UsageError(`--disk ${text}: what is "${part}"?`, 'SIZE[,pool=P][,format=qcow2|raw][,bus=virtio]')
    return [key, value]
  }))
  if (options.size < rest.length) throw new UsageError(`--disk ${text}: something is given twice`)
  const bytes = parseSize(size, '--disk')
  const { max, step } = machineLimits.disk
  if (bytes > max) throw new UsageError(`--disk ${text}: that is more than a disk can have`, 'at most 2P')
  return {
    size: Math.ceil(bytes / step) * step, pool: options.get('pool'),
    format: oneOf(options.get('format'), diskFormats, `--disk ${text}: format`),
    bus: oneOf(options.get('bus'), diskBuses, `--disk ${text}: bus`),
  }
}

/** Bytes of memory in whole MiB, within bounds. */
export function checkMemory(bytes: number): number {
  const { min, max, step, range } = machineLimits.memory
  if (bytes < min || bytes > max) throw new UsageError(`--memory: ${range}, please, not ${bytes} bytes`)
  return Math.ceil(bytes / step) * step
}

/** What is said of the first interface, and of all. */
interface FirstNic { mac?: string, filter?: string, address?: NewAddress }

/** The interfaces; one on the network `default` when nothing is said. @throws UsageError */
export function parseNics(networks: readonly string[] | undefined, { mac, filter, address }: FirstNic): NewNic[] {
  const texts = networks ?? ['default']
  if (texts.includes('none') && texts.length > 1) throw new UsageError('--network none excludes the others')
  const nics = texts.filter((text) => text !== 'none').map((text) => ({ ...parseNic(text), filter }))
  const [first, ...others] = nics
  if (mac === undefined && !address) return nics
  if (!first) throw new UsageError(`${mac === undefined ? '--ip' : '--mac'} needs a network interface`, 'leave out --network none')
  return [{ ...first, ...mac !== undefined && { mac: checkMac(mac) }, ...address && { address } }, ...others]
}

/** The devices that these name, each once. @throws UsageError, which says it with `flag` before the address */
export function parsePciAddresses(texts: readonly string[] = [], flag = ''): PciAddress[] {
  const addresses = texts.map((text) => parsePciAddress(text, flag))
  const twice = addresses.find((each, index) => addresses.slice(0, index).some((other) => formatPci(other) === formatPci(each)))
  if (twice) throw new UsageError(`${flag}${formatPci(twice)} is given twice`)
  return addresses
}

function parseNic(text: string): NewNic {
  if (text === 'user') return { kind: 'user' }
  if (text.startsWith('bridge=')) return { kind: 'bridge', source: checkBridgeName(text.slice('bridge='.length)) }
  if (text === '') throw new UsageError('--network has no value', '--network NET, bridge=BR, user or none')
  return { kind: 'network', source: text }
}

/** A unicast MAC address in lower case. */
function checkMac(text: string): string {
  const mac = text.toLowerCase()
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac)) throw new UsageError(`--mac ${text} is no MAC address`, 'write it as 52:54:00:12:34:56')
  if (Number.parseInt(mac.slice(0, 2), 16) % 2 === 1) throw new UsageError(`--mac ${text} is a multicast address`, 'make its second digit even')
  if (mac === '00:00:00:00:00:00') throw new UsageError(`--mac ${text} is no machine's address`)
  return mac
}

function oneOf<T extends string>(value: string | undefined, allowed: readonly T[], what: string): T | undefined {
  const found = allowed.find((each) => each === value)
  if (value === undefined || found !== undefined) return found
  throw new UsageError(`${what} is one of ${allowed.join(', ')}, not ${value}`)
}
