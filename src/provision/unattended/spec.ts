import type { Secret } from '../password.js'

export type LinuxInstaller = 'ubuntu' | 'debian' | 'fedora' | 'rhel'
export type WindowsInstaller = 'windows-10' | 'windows-11' | 'windows-server'

/** What an installer is told, so that it asks nothing. */
export type InstallSpec = LinuxInstall | WindowsInstall

interface CommonSpec {
  arch: 'x86_64' | 'aarch64'
  /** one label; for Windows at most 15 characters */
  hostname: string
  /** the administrator; root stays locked */
  user: string
  /** each run once, as root or administrator, when the installed system first starts */
  runCommands: readonly string[]
  /** `de_DE.UTF-8` */
  locale: string
  /** a layout, such as `de` */
  keyboard: string
  /** `Europe/Berlin` */
  timezone: string
  firmware: 'bios' | 'uefi'
  /** the disk's name in the guest, such as `vda` or `sda`, or for Linux `largest`: all that is on it is lost */
  disk: string
  network: 'dhcp' | StaticNetwork
}

export interface LinuxInstall extends CommonSpec {
  os: LinuxInstaller
  /** of `hashPassword`; without one the password is locked, and there must be an SSH key */
  passwordHash?: Secret
  sshKeys: readonly string[]
  packages: readonly string[]
  /** install the guest agent */
  agent?: boolean
  /** default `plain`: partitions without LVM */
  storage?: 'plain' | 'lvm'
  /** where packages come from, `http://deb.debian.org/debian`; else the installer's own choice, for Fedora and RHEL the disc */
  mirror?: string
  /** the installer speaks on the first serial port too */
  serial?: boolean
  /** for Fedora and RHEL; default `initrd`. With `cd` the vendor's disc boots by itself, after its menu's minute. */
  answersOn?: 'initrd' | 'cd'
}

export interface WindowsInstall extends CommonSpec {
  os: WindowsInstaller
  /** the password itself: Windows takes no hash */
  password: Secret
  /** which of the disc's editions; may be left out when there is a product key, which says it */
  image?: { index: number } | { name: string }
  productKey?: Secret
  /** the language of the disc, `en-US`; default: the locale's */
  language?: string
  /** a third disc, virtio-win's, is there: its drivers for the installation, its guest tools afterwards */
  virtioDrivers?: boolean
  /** whose drivers windows-server takes; default 2022 */
  serverVersion?: '2016' | '2019' | '2022' | '2025'
  /** for windows-11: install without TPM, secure boot or enough memory all the same */
  bypassRequirements?: boolean
}

/** IPv4. */
export interface StaticNetwork {
  /** of the interface; undefined: the one that has a link */
  mac?: string
  address: string
  prefix: number
  gateway?: string
  dns: readonly string[]
}

/** Where a vendor's disc has its kernel and its initrd. */
export interface KernelPaths {
  kernel: string
  initrd: string
}

export interface Unattended {
  /** the answers by file name; secret: they hold hashes, for Windows the password itself */
  files: ReadonlyMap<string, string>
  /** the files are the content of a disc with this label, or are appended to the initrd with `appendToInitrd` */
  how: { kind: 'cd', label: string } | { kind: 'initrd' }
  /** the machine starts with this kernel of the vendor's disc; undefined: with the disc itself */
  kernel?: { paths: readonly KernelPaths[], args: string }
  /** how the machine is run meanwhile. It turns itself off at the end: the one sign that all installers can give. */
  during: DuringInstall
}

export interface DuringInstall {
  /** whether it restarts on the way; otherwise a restart is a failure, and would install once more */
  restarts: boolean
  /** "Press any key to boot from CD": a key must be sent in the first seconds of the first start */
  pressKey: boolean
  /** discs beside the installer's: the answers, drivers */
  discs: readonly ('answers' | 'drivers')[]
}
