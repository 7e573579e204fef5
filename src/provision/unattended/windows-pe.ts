import { el, type XmlElement } from '../../xml/node.js'
import type { WindowsInstall } from './spec.js'
import { languages } from './windows-languages.js'
import { commands, component, item, leaf } from './windows-xml.js'

/** The pass in which Setup itself runs: the language, drivers, the disk, the image. */
export function windowsPe(spec: WindowsInstall): XmlElement {
  return el('settings', { pass: 'windowsPE' },
    component(spec, 'Microsoft-Windows-International-Core-WinPE', ...languages(spec, { setup: true })),
    spec.virtioDrivers && component(spec, 'Microsoft-Windows-PnpCustomizationsWinPE', drivers(spec)),
    component(spec, 'Microsoft-Windows-Setup', ...bypass(spec), diskConfiguration(spec), imageInstall(spec), userData(spec)))
}

/**
 * For storage and network; the rest comes with the guest tools. Letters go to discs in an order that nobody promises, so
 * all are given: Setup passes over a folder that is not there. https://github.com/virtio-win/virtio-win-pkg-scripts
 */
function drivers({ os, arch, serverVersion = '2022' }: WindowsInstall): XmlElement {
  const release = { 'windows-10': 'w10', 'windows-11': 'w11', 'windows-server': `2k${serverVersion.slice(2)}` }[os]
  const folder = `${release}\\${arch === 'aarch64' ? 'ARM64' : 'amd64'}`
  const paths = ['D', 'E', 'F', 'G'].flatMap((letter) => ['viostor', 'vioscsi', 'NetKVM'].map((driver) => `${letter}:\\${driver}\\${folder}`))
  return el('DriverPaths', {}, ...paths.map((path, index) => el('PathAndCredentials',
    { 'wcm:action': 'add', 'wcm:keyValue': index + 1 }, leaf('Path', path))))
}

/** Setup looks at these before it looks at the machine. */
function bypass({ bypassRequirements }: WindowsInstall): XmlElement[] {
  if (!bypassRequirements) return []
  const lines = ['TPM', 'SecureBoot', 'RAM', 'CPU', 'Storage'].map((what) => `reg add HKLM\\SYSTEM\\Setup\\LabConfig /v Bypass${what}Check /t REG_DWORD /d 1 /f`)
  return [el('RunSynchronous', {}, ...commands('RunSynchronousCommand', lines, { element: 'Path' }))]
}

/** https://learn.microsoft.com/en-us/windows-hardware/manufacture/desktop/configure-uefigpt-based-hard-drive-partitions */
function diskConfiguration(spec: WindowsInstall): XmlElement {
  const partitions = spec.firmware === 'uefi' ? uefiPartitions : biosPartitions
  return el('DiskConfiguration', {},
    leaf('WillShowUI', 'OnError'),
    item('Disk',
      leaf('DiskID', diskNumber(spec)),
      leaf('WillWipeDisk', true),
      el('CreatePartitions', {}, ...partitions.map(({ type, size }, index) => item('CreatePartition',
        leaf('Order', index + 1), leaf('Type', type), size === 'rest' ? leaf('Extend', true) : leaf('Size', size)))),
      el('ModifyPartitions', {}, ...partitions.map((partition, index) => item('ModifyPartition',
        leaf('Order', index + 1), leaf('PartitionID', index + 1), ...formatted(partition))))))
}

interface Partition {
  type: 'EFI' | 'MSR' | 'Primary'
  /** MiB */
  size: number | 'rest'
  format?: 'FAT32' | 'NTFS'
  label?: string
  letter?: string
  active?: boolean
}

const windowsPartition: Partition = { type: 'Primary', size: 'rest', format: 'NTFS', label: 'Windows', letter: 'C' }
const uefiPartitions: readonly Partition[] = [
  // Enough for disks with sectors of 4 KiB, too.
  { type: 'EFI', size: 300, format: 'FAT32', label: 'System' },
  { type: 'MSR', size: 16 },
  windowsPartition,
]
const biosPartitions: readonly Partition[] = [
  { type: 'Primary', size: 500, format: 'NTFS', label: 'System Reserved', active: true },
  windowsPartition,
]

function formatted({ format, label, letter, active }: Partition): XmlElement[] {
  return [
    ...active === undefined ? [] : [leaf('Active', active)],
    ...format === undefined ? [] : [leaf('Format', format)],
    ...label === undefined ? [] : [leaf('Label', label)],
    ...letter === undefined ? [] : [leaf('Letter', letter)],
  ]
}

/** Setup numbers the disks from 0 on: `sdb` is 1. */
function diskNumber({ disk }: WindowsInstall): number {
  return (disk.codePointAt(disk.length - 1) ?? 0) - ('a'.codePointAt(0) ?? 0)
}

function imageInstall(spec: WindowsInstall): XmlElement {
  const { image, firmware } = spec
  const partitions = firmware === 'uefi' ? uefiPartitions : biosPartitions
  const [key, value] = image === undefined ? [] : 'index' in image ? ['/IMAGE/INDEX', image.index] : ['/IMAGE/NAME', image.name]
  return el('ImageInstall', {}, el('OSImage', {},
    key !== undefined && value !== undefined && el('InstallFrom', {}, item('MetaData', leaf('Key', key), leaf('Value', value))),
    el('InstallTo', {}, leaf('DiskID', diskNumber(spec)), leaf('PartitionID', partitions.length)),
    leaf('WillShowUI', 'OnError')))
}

function userData({ user, productKey }: WindowsInstall): XmlElement {
  return el('UserData', {},
    leaf('AcceptEula', true),
    leaf('FullName', user),
    el('ProductKey', {}, productKey && leaf('Key', productKey.reveal()), leaf('WillShowUI', 'OnError')))
}
