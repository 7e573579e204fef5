/** The systems that a guest may run, by the word of `os:` and `--os`, and the family that each belongs to. */
export const systems = {
  'linux': 'linux',
  'debian': 'linux',
  'ubuntu': 'linux',
  'fedora': 'linux',
  'rhel': 'linux',
  'suse': 'linux',
  'arch': 'linux',
  'alpine': 'linux',
  'windows': 'windows',
  'windows-10': 'windows',
  'windows-11': 'windows',
  'windows-server': 'windows',
  'other': 'other',
} as const satisfies Record<string, Family>

export type System = keyof typeof systems
export type Family = 'linux' | 'windows' | 'other'

/** What a family of systems likes best. A host that lacks some of it makes the machine without, and says so. */
export interface FamilyDefaults {
  /** UEFI firmware; otherwise BIOS */
  uefi: boolean
  secureBoot: boolean
  /** a TPM 2.0 */
  tpm: boolean
  clock: 'utc' | 'localtime'
  /** the Hyper-V features that Windows knows when it is a guest */
  hyperv: boolean
  /** whether the system brings virtio drivers; otherwise its disks are on SATA and its cards are e1000e */
  virtio: boolean
  /** the display's card */
  video: 'virtio' | 'vga'
}

export const familyDefaults: Record<Family, FamilyDefaults> = {
  linux: { uefi: false, secureBoot: false, tpm: false, clock: 'utc', hyperv: false, virtio: true, video: 'virtio' },
  windows: { uefi: true, secureBoot: true, tpm: true, clock: 'localtime', hyperv: true, virtio: false, video: 'vga' },
  other: { uefi: false, secureBoot: false, tpm: false, clock: 'utc', hyperv: false, virtio: false, video: 'vga' },
}
