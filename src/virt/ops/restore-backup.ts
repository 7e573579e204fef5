import { randomUUID } from 'node:crypto'
import { constants, copyFileSync, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { restoreDomain } from '../../xml/restored-domain.js'
import { all, attr, child } from '../../xml/tree.js'
import { volumeElement } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { StoragePool } from '../pool.js'
import type { BackedUpDisk, BackupManifest } from './backup-manifest.js'
import { chainOf, type StoredBackup } from './backup-store.js'
import { refuseTakenName } from './check-vm-name.js'
import { flattenInto } from './flatten.js'
import { unlessGone } from './gone.js'
import { journalFor, type Journal } from './journal.js'
import { macOf } from './mac.js'
import { makeVolume } from './make-volume.js'
import { isOwnHost } from './own-host.js'
import { whilePoolIsBusy } from './retry.js'
import { Rollback } from './rollback.js'

export interface RestoreOptions {
  name: string
  pool: StoragePool
  signal: AbortSignal
  step: (text: string) => void
  moved: (done: number, total: number) => void
  note: (text: string) => void
}

export interface RestoredVm {
  uuid: string
  disks: { target: string, pool: string, volume: string, path: string }[]
}

/**
 * Makes a machine anew out of a backup and all that it builds on: its disks as new volumes of one pool, its definition, its UEFI
 * variables. Under its old name it has its old UUID and MAC addresses, unless a machine has that UUID; else new ones. Undone as a
 * whole when it fails. Whoever calls has the name for itself, and has verified the backups.
 * @throws BayError `exists`, `failed`, `left-behind`; VirtError
 */
export async function restoreBackup(
  connection: Connection, backup: StoredBackup, siblings: readonly StoredBackup[], options: RestoreOptions,
): Promise<RestoredVm> {
  const { name, pool, signal, step, note } = options
  const chain = chainOf(backup, siblings)
  const manifest = chain.at(-1)?.manifest
  if (!manifest) throw new TypeError('a chain has an end')
  refuseTakenName(connection, name)
  const root = parse(readFileSync(join(backup.path, manifest.xml.file), 'utf8'))
  const same = name === manifest.vm && !hasUuid(connection, manifest.uuid)
  const uuid = same ? manifest.uuid : randomUUID()
  using journal = journalFor(connection, { command: 'backup restore', name })
  await using rollback = new Rollback(signal, journal)
  const disks: RestoredVm['disks'] = []
  for (const disk of manifest.disks) {
    const volume = freeVolume(pool, name, disks.length, disk)
    step(`restoring ${disk.target} as ${pool.name()}/${volume}`)
    const path = await restoreDisk(connection, { disk, volume, layers: layersOf(chain, disk.target) }, rollback, journal, options)
    disks.push({ target: disk.target, pool: pool.name(), volume, path })
  }
  const eject = emptyDrives(connection, root, note)
  const nvram = manifest.nvram && (name === manifest.vm ? manifest.nvram.path : join(dirname(manifest.nvram.path), `${name}_VARS.fd`))
  restoreDomain(root, {
    name, uuid, nvram, eject, disks: new Map(disks.map(({ target, path }) => [target, path])),
    macs: same ? null : all(root, 'devices/interface').map((_, index) => macOf(uuid, index)),
  })
  step(`defining the machine ${name}`)
  using _domain = await rollback.make(connection, { kind: 'domain', uuid, name }, () => connection.defineDomain(serialize(root)))
  if (manifest.nvram && nvram !== null) restoreNvram(connection, join(backup.path, manifest.nvram.file), nvram, note)
  rollback.keep()
  return { uuid, disks }
}

interface DiskToRestore { disk: BackedUpDisk, volume: string, layers: readonly string[] }

/** The content goes into a raw volume; a qcow2 disk is the host's own copy of that, which then goes. */
async function restoreDisk(
  connection: Connection, { disk, volume, layers }: DiskToRestore, rollback: Rollback, journal: Journal | undefined,
  { pool, signal, moved }: RestoreOptions,
): Promise<string> {
  const raw = disk.format === 'raw'
  await using passing = new Rollback(undefined, journal)
  const first = raw ? volume : `${volume}.raw`
  const rawXml = serialize(volumeElement({ name: first, capacity: disk.capacity, format: 'raw' }))
  using content = await makeVolume(connection, pool, first, raw ? rollback : passing, () => pool.createVolume(rawXml))
  await flattenInto(content, layers, signal, moved)
  if (raw) return content.path()
  const xml = serialize(volumeElement({ name: volume, capacity: disk.capacity, format: disk.format }))
  using copy = await makeVolume(connection, pool, volume, rollback, () => whilePoolIsBusy(() => pool.cloneVolume(xml, content)))
  return copy.path()
}

/** The files that hold one disk, from the last full one on. */
function layersOf(chain: readonly { path: string, manifest: BackupManifest }[], target: string): string[] {
  const layers: string[] = []
  for (const { path, manifest } of chain) {
    const disk = manifest.disks.find((each) => each.target === target)
    if (!disk || disk.kind === 'full') layers.length = 0
    if (disk) layers.push(join(path, disk.file))
  }
  return layers
}

/** As `vm create` names them; with a number more where that is taken. */
function freeVolume(pool: StoragePool, name: string, index: number, { format }: BackedUpDisk): string {
  const end = format === 'raw' ? 'img' : format
  for (let number = index + 1; ; number += 1) {
    const volume = `${name}${number === 1 ? '' : `-${number}`}.${end}`
    using found = unlessGone(() => pool.volume(volume), failure.noVolume)
    if (found === null) return volume
  }
}

/** A disc that is not there any more would keep the machine from starting. */
function emptyDrives(connection: Connection, root: XmlElement, note: (text: string) => void): string[] {
  return all(root, 'devices/disk').flatMap((disk) => {
    const [target, source] = [attr(child(disk, 'target'), 'dev') ?? '', child(disk, 'source')]
    const file = attr(source, 'file')
    if (attr(disk, 'device') !== 'cdrom' || file === undefined || isThere(connection, file)) return []
    note(`the drive ${target} is empty, for its disc is not there: ${file}`)
    return [target]
  })
}

function isThere(connection: Connection, path: string): boolean {
  if (isOwnHost(connection) && existsSync(path)) return true
  using volume = unlessGone(() => connection.volumeByPath(path), failure.noVolume)
  return volume !== null
}

function restoreNvram(connection: Connection, from: string, to: string, note: (text: string) => void): void {
  if (isOwnHost(connection)) copyFileSync(from, to, constants.COPYFILE_EXCL)
  else note(`the UEFI variables are those of a new machine: copy ${from} to ${to} on its host to have the old ones`)
}

function hasUuid(connection: Connection, uuid: string): boolean {
  using found = unlessGone(() => connection.domainByUuid(uuid), failure.noDomain)
  return found !== null
}
