import { existsSync } from 'node:fs'
import { UsageError } from '../../errors.js'
import { hostnameFor } from '../../provision/cloud-init/files.js'
import type { MachineDevices } from '../../provision/profile-devices.js'
import { answerFor } from '../../provision/unattended/answer.js'
import type { InstallSpec, Unattended } from '../../provision/unattended/spec.js'
import { withTargets, type DiskSpec } from '../../xml/domain-disks.js'
import type { DomainSpec } from '../../xml/domain.js'
import type { InstallMark } from '../../xml/install-mark.js'
import type { Connection } from '../connection.js'
import type { Hardware } from './hardware.js'
import type { NewInstall, NewVm } from './new-vm.js'
import { refuseExisting, type PlannedDisk } from './plan-disks.js'
import { volumeNamed } from './plan-image.js'
import { PlanPools } from './plan-pools.js'

/** How a machine's system is installed, decided before anything is made. */
export interface PlannedInstall {
  answers: Unattended
  /** the vendor's disc on this machine, for its kernel */
  iso: string
  /** what is made for the install only; its content is made when the machine is */
  volumes: PlannedDisk[]
  /** the drives, empty as they are afterwards */
  drives: DiskSpec[]
  /** given the drives' targets, and where the volumes really are */
  mark: (targets: readonly string[], paths: readonly string[]) => InstallMark
  notes: string[]
}

interface Chosen {
  hardware: Hardware
  devices: MachineDevices
  /** the system disk */
  disk: PlannedDisk | undefined
  /** the installer's disc, as the machine sees it */
  disc: DiskSpec | undefined
}

/**
 * Undefined for a machine that somebody installs by hand, or that needs no install.
 * @throws UsageError for what the installer could not use; BayError when a pool cannot serve
 */
export function planInstall(connection: Connection, vm: NewVm, chosen: Chosen): PlannedInstall | undefined {
  const { install } = vm
  const { disk, disc } = chosen
  if (!install || !disk || !disc) return undefined
  const { spec, notes } = installSpec(connection, vm, install, { ...chosen, disk })
  const answers = answerFor(spec)
  const iso = pathOf(disc)
  if (answers.kernel && !connection.isLocal()) throw isElsewhere(spec)
  const drivers = install.drivers === undefined ? undefined : driversPath(connection, install.drivers)
  using pools = new PlanPools(connection)
  const pool = pools.choose(disk.pool)
  const volume = (role: NonNullable<PlannedDisk['install']>, ending: string): PlannedDisk => {
    const name = `${vm.name}-${ending}`
    const planned: PlannedDisk = {
      pool: pool.pool, volume: name, format: 'raw', bus: 'sata', path: `${pool.folder}/${name}`, capacity: 0, install: role,
    }
    refuseExisting(pool, planned)
    return planned
  }
  const volumes = [
    ...answers.how.kind === 'cd' ? [volume('answers', 'answers.iso')] : [],
    ...answers.kernel ? [volume('kernel', 'install.kernel'), volume('initrd', 'install.initrd')] : [],
  ]
  const drive: DiskSpec = { ...disc, source: undefined }
  const poolUuid = pool.handle.uuid()
  const mark = (targets: readonly string[], paths: readonly string[]): InstallMark => {
    const pathFor = (role: PlannedDisk['install']) => {
      const index = volumes.findIndex((each) => each.install === role)
      return paths[index] ?? volumes[index]?.path ?? ''
    }
    const discs = [iso, ...answers.during.discs.map((disc) => disc === 'drivers' ? drivers ?? '' : pathFor('answers'))]
    return {
      kernel: answers.kernel && { kernel: pathFor('kernel'), initrd: pathFor('initrd'), cmdline: answers.kernel.args },
      restarts: answers.during.restarts,
      discs: discs.map((path, index) => ({ target: targets[index] ?? '', path })),
      volumes: volumes.map((each) => ({ pool: each.pool, poolUuid, name: each.volume })),
      autostart: vm.autostart,
    }
  }
  return { answers, iso, volumes, drives: [drive, ...answers.during.discs.map(() => drive)], mark, notes }
}

interface Drives {
  /** the machine's own disks */
  own: readonly DiskSpec[]
  media: readonly DiskSpec[]
  /** where all the planned volumes are, those for the install last */
  paths: readonly string[]
}

/** The machine's disks and drives; the discs of an install stand in its mark only. */
export function withDrives(install: PlannedInstall | undefined, { own, media, paths }: Drives): Pick<DomainSpec, 'disks' | 'install'> {
  if (!install) return { disks: [...own, ...media] }
  const disks = withTargets([...own, ...install.drives])
  const targets = disks.slice(own.length).flatMap(({ target }) => target ?? [])
  return { disks, install: install.mark(targets, paths.slice(own.length)) }
}

/** What the installer is told, with what the host says to it. */
function installSpec(
  connection: Connection, { name, nics, graphics }: NewVm, { answers, drivers, hostname }: NewInstall,
  { hardware, devices, disk }: Chosen & { disk: PlannedDisk },
): { spec: InstallSpec, notes: string[] } {
  // The test driver's machines are i686, and install nothing anyway.
  const arch = hardware.qemu ? hardware.arch : 'x86_64'
  if (arch !== 'x86_64' && arch !== 'aarch64') {
    throw new UsageError(`--unattended: no installer is known for machines of type ${arch}`, 'leave it out, and install by hand')
  }
  const { firmware } = devices
  const host = {
    hostname: hostname ?? defaultHostname(name, { windows: 'password' in answers }),
    arch, firmware, disk: disk.bus === 'virtio' ? 'vda' : 'sda', network: 'dhcp',
  } as const
  if ('password' in answers) {
    const bypassRequirements = answers.os === 'windows-11' && !(devices.tpm && devices.secureBoot)
    return {
      spec: { ...answers, ...host, virtioDrivers: drivers !== undefined, ...bypassRequirements ? { bypassRequirements } : {} },
      notes: bypassRequirements ? ['this machine has not all that Windows 11 asks for (TPM, secure boot): it is told not to look'] : [],
    }
  }
  const agent = devices.agent && nics.length > 0 && !answers.packages.includes('qemu-guest-agent')
  // A kernel is started from a file of the host's, which is only made out of a disc that can be read here.
  const answersOn = connection.isLocal() ? 'initrd' : 'cd'
  return { spec: { ...answers, ...host, agent, answersOn, serial: graphics === 'none' && hardware.qemu }, notes: [] }
}

/** Windows takes 15 characters. */
function defaultHostname(name: string, { windows }: { windows: boolean }): string {
  const hostname = hostnameFor(name)
  return windows ? hostname.slice(0, 15).replace(/-+$/, '') : hostname
}

function pathOf({ source }: DiskSpec): string {
  return source?.type === 'file' || source?.type === 'block' ? source.path : ''
}

function driversPath(connection: Connection, drivers: string): string {
  using volume = volumeNamed(connection, drivers) ?? null
  if (volume) return volume.path()
  if (!drivers.startsWith('/')) throw new UsageError(`--drivers ${drivers}: give the whole path on the host, from /, or POOL/NAME`)
  if (connection.isLocal() && !existsSync(drivers)) throw new UsageError(`--drivers ${drivers}: there is no such file`)
  return drivers
}

function isElsewhere({ os }: InstallSpec): UsageError {
  return new UsageError(`--unattended: ${os} is installed with the kernel of its disc, which can only be read on the host itself`,
    'run bay there: ssh HOST bay vm create …')
}
