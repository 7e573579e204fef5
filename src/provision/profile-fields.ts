import { UsageError } from '../errors.js'
import { checkBridgeName } from '../names.js'
import { flag, listOf, mapping, oneOf, sizeWithin, textLike, textOf, wholeNumber, type Check, type Checks } from './check-value.js'
import { diskBuses, diskFormats, machineLimits } from './machine-limits.js'
import { systems, type System } from './profile-systems.js'

/** What a profile may say of a machine; what it leaves out is left to what comes after it. Sizes in bytes. */
export interface ProfileFields {
  /** of the profile, not of its machines */
  description?: string
  os?: System
  vcpus?: number
  memory?: number
  disks?: ProfileDisk[]
  /** as --network takes them: `NET`, `bridge=BR`, `user`, `none` */
  networks?: string[]
  /** the network filter of every interface */
  filter?: string
  graphics?: 'vnc' | 'spice' | 'none'
  /** the model of the display's card */
  video?: string
  firmware?: 'bios' | 'uefi'
  secureBoot?: boolean
  /** a TPM 2.0 */
  tpm?: boolean
  cpu?: 'host-passthrough' | 'host-model' | 'maximum'
  virt?: 'kvm' | 'qemu'
  clock?: 'utc' | 'localtime'
  /** Hyper-V features, for Windows */
  hyperv?: boolean
  /** whether the guest has virtio drivers */
  virtio?: boolean
  /** names of packages, as the guest's package manager takes them */
  packages?: string[]
  /** commands of the first boot */
  run?: string[]
  user?: string
  /** `Europe/Berlin` */
  timezone?: string
  /** starts with its host */
  autostart?: boolean
}

export interface ProfileDisk {
  size: number
  pool?: string
  format?: typeof diskFormats[number]
  bus?: typeof diskBuses[number]
}

export interface Profile {
  name: string
  /** the path of its file */
  source: string
  /** the name of the profile that it builds upon */
  extends: string | null
  /** all that it says, with what it inherits */
  fields: ProfileFields
}

/** A profile as it is written. */
export interface ProfileFile extends ProfileFields {
  /** the profile that this one builds upon */
  extends?: string
}

const existingName = textOf({ most: 255 })

const diskChecks: Checks<ProfileDisk> = {
  size: sizeWithin(machineLimits.disk),
  pool: existingName,
  format: oneOf(diskFormats),
  bus: oneOf(diskBuses),
}

const diskKeys = mapping(diskChecks, { a: 'a disk' })

const disk: Check<ProfileDisk> = (value, where) => {
  if (typeof value === 'string') throw new UsageError(`${where} is a mapping, not "${value.slice(0, 40)}"`, `write - size: ${value.slice(0, 40)}`)
  const { size, ...rest } = diskKeys(value, where)
  if (size === undefined) throw new UsageError(`${where} has no size`, 'add size: 20G')
  return { size, ...rest }
}

const network: Check<string> = (value, where) => {
  const text = existingName(value, where)
  if (text.startsWith('bridge=')) namingPlace(where, () => checkBridgeName(text.slice('bridge='.length)))
  return text
}

const networks: Check<string[]> = (value, where) => {
  const found = listOf(network, { most: 32 })(value, where)
  if (found.length > 1 && found.includes('none')) throw new UsageError(`${where}: none excludes the others`)
  return found
}

const timezone: Check<string> = (value, where) => {
  const words = { is: 'the name of a time zone', such: 'Europe/Berlin or UTC' }
  const name = textLike(/^[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*)*$/, words)(value, where)
  if (!isTimezone(name)) throw new UsageError(`${where}: there is no time zone ${name}`, `such as ${words.such}`)
  return name
}

const profileName = textLike(/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}$/, { is: 'the name of a profile', such: 'debian-12' })

const checks: Checks<ProfileFile> = {
  extends: profileName,
  description: textOf({ most: 200 }),
  os: oneOf(Object.keys(systems).filter(isSystem)),
  vcpus: wholeNumber(machineLimits.vcpus),
  memory: sizeWithin(machineLimits.memory),
  disks: listOf(disk, { most: 32 }),
  networks,
  filter: existingName,
  graphics: oneOf(['vnc', 'spice', 'none']),
  video: textLike(/^[a-z][a-z0-9-]{0,31}$/, { is: 'the model of a display card', such: 'virtio, vga or qxl' }),
  firmware: oneOf(['bios', 'uefi']),
  secureBoot: flag,
  tpm: flag,
  cpu: oneOf(['host-passthrough', 'host-model', 'maximum']),
  virt: oneOf(['kvm', 'qemu']),
  clock: oneOf(['utc', 'localtime']),
  hyperv: flag,
  virtio: flag,
  packages: listOf(textLike(/^[@A-Za-z0-9][A-Za-z0-9+.:_~=*@/-]*$/, { is: 'the name of a package', such: 'nginx' }), { most: 200 }),
  run: listOf(textOf({ most: 4096, lines: true }), { most: 100 }),
  user: textLike(/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/, { is: 'the name of a user', such: 'admin' }),
  timezone,
  autostart: flag,
}

/** The keys of a profile, in the order in which they are shown. */
export const profileKeys = mapping(checks, { a: 'a profile' })

/** What a profile, or the command line, says must not contradict itself. @throws UsageError */
export function checkTogether({ firmware, secureBoot }: ProfileFields, where: string): void {
  if (secureBoot && firmware === 'bios') throw new UsageError(`${where}: secure boot needs UEFI firmware`, 'firmware: uefi, or secureBoot: false')
}

/** The same check; its error names the file and the key. */
function namingPlace(where: string, check: () => unknown): void {
  try {
    check()
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${where}: ${error.message}`, ...error.hints)
    throw error
  }
}

/** Whether ICU, which Node brings, knows it. */
function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

function isSystem(name: string): name is System {
  return Object.hasOwn(systems, name)
}
