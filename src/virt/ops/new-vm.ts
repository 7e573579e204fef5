import type { MachineSettings } from '../../provision/profile-apply.js'
import type { Secret } from '../../provision/password.js'
import type { LinuxInstall, WindowsInstall } from '../../provision/unattended/spec.js'
import type { PciAddress } from '../../xml/pci.js'

type Settings = Pick<MachineSettings,
  'vcpus' | 'memory' | 'graphics' | 'firmware' | 'secureBoot' | 'tpm' | 'cpu' | 'virt' | 'clock' | 'hyperv' | 'virtio' | 'video'
  | 'os' | 'autostart' | 'profile'>

/** A machine that is to be made, as the command line, a profile and the defaults have it. Sizes in bytes. */
export interface NewVm extends Settings {
  name: string
  source: NewVmSource
  /** the first is the system disk; with an image it says how large that becomes */
  disks: readonly NewDisk[]
  nics: readonly NewNic[]
  /** devices of the host that it has to itself */
  gpus: readonly PciAddress[]
  description?: string
  start: boolean
  /** what cloud-init in the image does at the first boot; undefined for nothing */
  guest?: NewGuest
  /** what the installer on the disc is told; undefined when somebody sits at it */
  install?: NewInstall
}

export type NewVmSource
  = { kind: 'kernel', kernel: string, initrd?: string, cmdline?: string }
    | { kind: 'iso', iso: string }
    | { kind: 'image', image: string, linked: boolean }
    | { kind: 'empty' }

export interface NewDisk {
  size: number
  pool?: string
  format?: 'qcow2' | 'raw'
  bus?: string
}

export interface NewNic {
  kind: 'network' | 'bridge' | 'user'
  source?: string
  mac?: string
  filter?: string
  /** of the first interface only */
  address?: NewAddress
}

/** An IPv4 address that a machine shall have. */
export interface NewAddress {
  address: string
  /** undefined for the network's own */
  prefix?: number
  /** what only cloud-init can tell the guest; undefined for what the network has */
  gateway?: string
  dns?: readonly string[]
}

export interface NewGuest {
  /** undefined for one that follows from the machine's name */
  hostname?: string
  user?: string
  passwordHash?: Secret
  sshKeys: readonly string[]
  packages: readonly string[]
  run: readonly string[]
  timezone?: string
  /** the user's own user-data */
  userData?: string
}

/** What is not the command line's to say: it follows from the host and the machine. */
type OfTheMachine = 'hostname' | 'arch' | 'firmware' | 'disk' | 'network' | 'agent' | 'serial' | 'answersOn' | 'virtioDrivers' | 'bypassRequirements'

export interface NewInstall {
  /** undefined for one that follows from the machine's name */
  hostname?: string
  answers: Omit<LinuxInstall, OfTheMachine> | Omit<WindowsInstall, OfTheMachine>
  /** virtio-win's disc, for Windows: a path on the host, or POOL/NAME */
  drivers?: string
}
