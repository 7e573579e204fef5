import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { restoreDomain } from '../../xml/restored-domain.js'
import { all, attr, child } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { StoragePool } from '../pool.js'
import { chainOf, type StoredBackup } from './backup-store.js'
import { refuseTakenName } from './check-vm-name.js'
import { unlessGone } from './gone.js'
import { journalFor } from './journal.js'
import { macOf } from './mac.js'
import { isOwnHost } from './own-host.js'
import { replaceVm, toReplace } from './replace-vm.js'
import { restoreDisks, type RestoredDisk } from './restore-disks.js'
import { restoreNvram } from './restore-nvram.js'
import { Rollback } from './rollback.js'

export interface RestoreOptions {
  name: string
  pool: StoragePool
  /** what to do with one of that name: null to refuse; with `force` one that runs is stopped, once its new disks are whole */
  replace: { force: boolean } | null
  signal: AbortSignal
  step: (text: string) => void
  moved: (done: number, total: number) => void
  note: (text: string) => void
}

export interface RestoredVm {
  uuid: string
  disks: RestoredDisk[]
  /** volumes of the machine that was replaced, as POOL/NAME; null when there was none */
  replaced: string[] | null
}

/**
 * Makes a machine anew out of a backup and all that it builds on: its disks as new volumes of one pool, its definition, its UEFI
 * variables. Under its old name it has its old UUID and MAC addresses, unless a machine has that UUID; else new ones. A machine
 * that is replaced keeps its UUID, and all that it has until the new disks are whole. Undone as a whole when it fails. Whoever
 * calls has the name for itself, and has verified the backups.
 * @throws BayError `exists`, `wrong-state`, `failed`, `left-behind`; VirtError
 */
export async function restoreBackup(
  connection: Connection, backup: StoredBackup, siblings: readonly StoredBackup[], options: RestoreOptions,
): Promise<RestoredVm> {
  const { name, signal, step, note } = options
  const chain = chainOf(backup, siblings)
  const last = chain.at(-1)
  if (!last) throw new TypeError('a chain has an end')
  const { manifest, files } = last
  const old = options.replace && toReplace(connection, name, options.replace)
  if (!old) refuseTakenName(connection, name)
  const root = parse(files.read(manifest.xml.file, manifest.xml.bytes).toString('utf8'))
  const same = old !== null || (name === manifest.vm && !hasUuid(connection, manifest.uuid))
  const uuid = old?.uuid ?? (same ? manifest.uuid : randomUUID())
  using journal = journalFor(connection, { command: 'backup restore', name })
  await using rollback = new Rollback(signal, journal)
  const disks = await restoreDisks(connection, chain, name, { ...options, rollback, journal })
  const nvram = await restoreNvram(connection, last, name, rollback)
  if (manifest.nvram && nvram === null) note(`the UEFI variables are those of a new machine: the host has no folder for ${manifest.nvram.path}`)
  restoreDomain(root, {
    name, uuid, nvram, eject: emptyDrives(connection, root, note), disks: new Map(disks.map(({ target, path }) => [target, path])),
    macs: same ? null : all(root, 'devices/interface').map((_, index) => macOf(uuid, index)),
  })
  step(`defining the machine ${name}`)
  if (old) {
    const replaced = await replaceVm(connection, old, { xml: serialize(root), nvram }, { rollback, signal, step })
    return { uuid, disks, replaced }
  }
  using _domain = await rollback.make(connection, { kind: 'domain', uuid, name }, () => connection.defineDomain(serialize(root)))
  rollback.keep()
  return { uuid, disks, replaced: null }
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

function hasUuid(connection: Connection, uuid: string): boolean {
  using found = unlessGone(() => connection.domainByUuid(uuid), failure.noDomain)
  return found !== null
}
