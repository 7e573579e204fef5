import { access } from 'node:fs/promises'
import { BayError, UsageError } from '../../errors.js'
import { sh } from '../../shell.js'
import { addDevice } from '../../xml/domain-edit.js'
import { diskElement, freeTarget, putSource } from '../../xml/domain-disks.js'
import { devicesOf, isSameDevice, type MachineDevice } from '../../xml/machine-devices.js'
import { parse, serialize, type XmlElement } from '../../xml/node.js'
import { attr, child, children } from '../../xml/tree.js'
import type { Connection } from '../connection.js'
import type { Domain } from '../domain.js'
import { VirtError } from '../errors.js'
import { affect, forceDevice } from '../flags.js'
import { outcomeOf, type AttachedDevice } from './attach-devices.js'
import { storedDefinition } from './change-definition.js'
import { allDocuments, documentsOf, placesOf, type Documents, type Places } from './device-places.js'
import { diskSource } from './disk-source.js'
import { recordChange } from './history.js'
import { journalFor } from './journal.js'
import { isOwnHost } from './own-host.js'
import { Rollback } from './rollback.js'

export interface MediumOptions {
  /** the drive; undefined for the one that suits */
  target?: string
  /** also when the guest has locked the tray */
  force: boolean
  nextStart: boolean
  dryRun: boolean
  signal?: AbortSignal
}

export interface ChangedMedium { changed: boolean, device: AttachedDevice | null, said: string }

/**
 * Puts a disc into a machine's drive: the one that is named, whatever is in it, else an empty one. A machine without gets a drive,
 * which comes with its next start. The same disc again changes nothing.
 * @throws UsageError, BayError `wrong-state` when no drive is empty or the guest has locked it
 */
export async function insertDisc(
  connection: Connection, domain: Domain, disc: string, options: MediumOptions,
): Promise<ChangedMedium> {
  const { source, format, names } = diskSource(connection, disc, formatOfFile(connection, disc))
  if (source.type === 'volume') throw new UsageError(`${disc} is no file of the host`, 'copy it into a pool of files')
  if (isOwnHost(connection)) await access(source.path).catch(() => { throw new UsageError(`${source.path}: there is no such file, or it may not be read`) })
  const places = placesOf(domain, options)
  const has = documentsOf(domain, places)
  const drives = drivesIn(has)
  const holding = drives.find((drive) => names.includes(drive.source ?? '') && (options.target === undefined || drive.name === options.target))
  const suits = ({ name, source: now }: MachineDevice) => options.target === undefined ? now === null : name === options.target
  const drive = holding ?? drives.find(suits)
  if (!drive && options.target === undefined && drives.length > 0) throw allFull(domain.name(), drives)
  if (!drive) return addDrive(connection, domain, { path: source.path, format, places }, options)
  const put = (element: XmlElement): XmlElement => withSource(element, source.path, format)
  const changed = await change(connection, domain, drive.element, put, places, { ...options, command: 'vm attach cdrom' })
  return { changed, device: outcomeOf(domain, drive.element), said: changed ? `${disc} is in ${drive.name}` : `${disc} is in ${drive.name} already` }
}

/** Takes the disc out of a drive; the drive stays. @throws BayError `not-found`, `wrong-state` */
export async function ejectDisc(connection: Connection, domain: Domain, options: MediumOptions): Promise<ChangedMedium> {
  const places = placesOf(domain, options)
  const drives = drivesIn(documentsOf(domain, places))
  const full = drives.filter(({ source }) => source !== null)
  const named = options.target === undefined ? undefined : drives.find(({ name }) => name === options.target)
  if (options.target !== undefined && !named) {
    throw new BayError('not-found', `${domain.name()} has no CD-ROM drive ${options.target}`, { hints: [drives.length > 0 ? `it has ${drives.map(({ name }) => name).join(', ')}` : 'it has none'] })
  }
  if (!named && full.length > 1) {
    throw new UsageError(`${domain.name()} has ${full.length} drives with a disc`, ...full.map(({ name, source }) => `--target ${name}: ${source}`))
  }
  const drive = named ?? full[0] ?? drives[0]
  if (!drive) throw new BayError('not-found', `${domain.name()} has no CD-ROM drive`, { hints: [sh`bay vm show ${domain.name()}`] })
  const changed = await change(connection, domain, drive.element, withoutSource, places, { ...options, command: 'vm detach cdrom' })
  return { changed, device: outcomeOf(domain, drive.element), said: changed ? `${drive.source ?? 'the disc'} is out of ${drive.name}` : `${drive.name} is empty already` }
}

/** A file that is in no pool is a disc's image, which is raw. */
function formatOfFile(connection: Connection, path: string): string | undefined {
  if (!path.startsWith('/')) return undefined
  try {
    using volume = connection.volumeByPath(path)
    return volume.disposed ? 'raw' : undefined
  } catch (error) {
    if (error instanceof VirtError && error.code === 'not-found') return 'raw'
    throw error
  }
}

/** As the machine runs, and those that it only gets at its next start. */
function drivesIn({ live, config }: Documents): MachineDevice[] {
  const [running, stored] = [live, config].map((root) => root ? devicesOf(root).filter(({ kind }) => kind === 'cdrom') : [])
  const later = (stored ?? []).filter(({ element }) => !running?.some((each) => isSameDevice(each.element, element)))
  return [...running ?? [], ...later]
}

async function change(
  connection: Connection, domain: Domain, drive: XmlElement, put: (element: XmlElement) => XmlElement, places: Places,
  { dryRun, force, signal, command }: MediumOptions & { command: string },
): Promise<boolean> {
  const has = documentsOf(domain, places)
  const changes = (root: XmlElement | null) => {
    const now = root && children(child(root, 'devices'), 'disk').find((each) => isSameDevice(each, drive))
    return now && serialize(put(now)) !== serialize(now) ? { root, now, next: put(now) } : null
  }
  const [live, config] = [changes(has.live), changes(has.config)]
  if (dryRun || (!live && !config)) return Boolean(live ?? config)
  const before = places.config ? storedDefinition(domain) : ''
  using record = config ? recordChange(connection, domain, { command, before }) : null
  using journal = journalFor(connection, { command, name: domain.name() })
  await using rollback = new Rollback(signal, journal)
  if (config) {
    const drives = { before: serialize(config.now), after: serialize(config.next) }
    config.now.attributes = config.next.attributes
    config.now.children = config.next.children
    const put = (xml: string) => { connection.defineDomain(xml)[Symbol.dispose]() }
    const made = { kind: 'changed-drive', uuid: domain.uuid(), name: domain.name(), ...drives } as const
    await rollback.make(connection, made, () => put(serialize(config.root)), () => put(before))
  }
  if (live) {
    const where = affect.live | (force ? forceDevice : 0)
    await domain.changeMedium(serialize(live.next), where).catch((error: unknown) => { throw locked(error) })
  }
  rollback.keep()
  record?.keep(storedDefinition(domain))
  return true
}

function withSource(drive: XmlElement, path: string, format: string): XmlElement {
  const next = parse(serialize(drive))
  const driver = child(next, 'driver')
  if (driver) driver.attributes['type'] = format
  const old = child(next, 'source')
  // What libvirt found out about the disc that is in it says nothing of the next one.
  if (attr(old, 'file') === path || attr(old, 'dev') === path) return next
  next.children = next.children.filter((node) => node.type !== 'element' || !['source', 'backingStore'].includes(node.name))
  putSource(next, path)
  return next
}

function withoutSource(drive: XmlElement): XmlElement {
  const next = parse(serialize(drive))
  if (!child(next, 'source')) return next
  next.children = next.children.filter((node) => node.type !== 'element' || !['source', 'backingStore'].includes(node.name))
  next.attributes['type'] = 'file'
  return next
}

interface NewDrive { path: string, format: string, places: Places }

/** No running machine gets a drive: libvirt plugs in none. */
function addDrive(
  connection: Connection, domain: Domain, { path, format, places }: NewDrive, { target: asked, dryRun, signal }: MediumOptions,
): ChangedMedium {
  const name = domain.name()
  if (!places.config) throw new BayError('wrong-state', `${name} has no CD-ROM drive, and a running machine gets none`, { hints: ['it is transient: make it anew with one'] })
  const documents = allDocuments(domain)
  const taken = new Set(documents.flatMap((root) => devicesOf(root)).flatMap(({ target }) => target ?? []))
  const bus = documents.some((root) => /q35/.test(attr(child(child(root, 'os'), 'type'), 'machine') ?? '')) ? 'sata' : 'scsi'
  if (asked !== undefined && (taken.has(asked) || !/^sd[a-z]{1,2}$/.test(asked))) {
    throw new UsageError(taken.has(asked) ? `--target ${asked} is no CD-ROM drive` : `--target ${asked} is no name of a drive on ${bus}`, `such as ${freeTarget(bus, taken)}`)
  }
  const target = asked ?? freeTarget(bus, taken)
  const drive = diskElement({
    device: 'cdrom', source: { type: path.startsWith('/dev/') ? 'block' : 'file', path }, format, bus, target,
  }, { virt: attr(documents[0], 'type') ?? '' })
  if (!dryRun) {
    const before = storedDefinition(domain)
    using record = recordChange(connection, domain, { command: 'vm attach cdrom', before })
    const root = parse(before)
    addDevice(root, drive)
    signal?.throwIfAborted()
    connection.defineDomain(serialize(root))[Symbol.dispose]()
    record.keep(storedDefinition(domain))
  }
  const when = places.live ? ', from its next start on: no running machine gets a drive' : ''
  return { changed: true, device: outcomeOf(domain, drive), said: `${path} is in the new drive ${target}${when}` }
}

function allFull(machine: string, drives: readonly MachineDevice[]): BayError {
  return new BayError('wrong-state', `no drive of ${machine} is empty: ${drives.map(({ name, source }) => `${name} holds ${source}`).join(', ')}`, {
    hints: [sh`bay vm detach cdrom ${machine}`, `--target ${drives[0]?.name}: changes the disc in that one`],
  })
}

function locked(error: unknown): unknown {
  if (!(error instanceof VirtError) || !/tray|locked/i.test(error.message)) return error
  return new BayError('wrong-state', 'the guest has locked the tray: it uses the disc', {
    hints: ['unmount the disc in the guest (umount, eject)', '--force takes it out all the same'], cause: error,
  })
}
