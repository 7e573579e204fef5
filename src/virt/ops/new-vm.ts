/** A machine that is to be made, as the command line or a file asks for it. Sizes in bytes. */
export interface NewVm {
  name: string
  memory: number
  vcpus: number
  source: NewVmSource
  /** the first is the system disk; with an image it says how large that becomes */
  disks: readonly NewDisk[]
  nics: readonly NewNic[]
  graphics?: 'vnc' | 'spice' | 'none'
  firmware: 'bios' | 'uefi'
  virt?: 'kvm' | 'qemu'
  description?: string
  autostart: boolean
  start: boolean
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
}
