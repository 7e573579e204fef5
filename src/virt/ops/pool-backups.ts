import { BayError, UsageError } from '../../errors.js'
import { readPool } from '../../xml/pool.js'
import { readVolume } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import { failure } from '../errors.js'
import type { StoragePool } from '../pool.js'
import type { StorageVolume } from '../volume.js'
import { manifestFile, parseManifest, type BackedUpFile, type BackupManifest } from './backup-manifest.js'
import { encodedName, type BackupFiles, type BackupStore, type StoredBackup } from './backup-store.js'
import type { TargetWork } from './backup-target.js'
import { beginningOf, readVolumeName } from './backup-volumes.js'
import { unlessGone } from './gone.js'
import { lockName } from './host-lock.js'
import type { Journal } from './journal.js'
import { fileTypes } from './plan-pools.js'
import { PoolTarget } from './pool-target.js'
import { undo, type UndoRecord } from './undo.js'
import { volumeSum } from './volume-sum.js'

/** A pool of the host with the files of backups as volumes. All goes through libvirt, so that the host may be a remote one. */
export class PoolBackups implements BackupStore {
  readonly shown: string
  readonly #connection: Connection
  readonly #pool: StoragePool

  /** The pool is running, and is this object's from now on. */
  constructor(connection: Connection, pool: StoragePool) {
    this.#connection = connection
    this.#pool = pool
    this.shown = pool.name()
  }

  all(): StoredBackup[] {
    return this.#read(() => true)
  }

  of(vm: string): StoredBackup[] {
    const encoded = encodedName(vm)
    return this.#read((each) => each === encoded)
  }

  pathOf(vm: string, name: string): string {
    return `${this.shown}/${beginningOf(vm, name)}`
  }

  /** QEMU writes into files only. */
  refuse(): void {
    const { type } = readPool(this.#pool.xml())
    if (!fileTypes.includes(type)) throw new UsageError(`the pool ${this.shown} is of type ${type}, which holds no files`, 'choose a pool of files: bay pool list')
  }

  target({ vm, name, connection, rollback }: TargetWork): PoolTarget {
    return new PoolTarget({ connection, pool: this.#pool, vm, name, rollback })
  }

  async remove(backups: readonly StoredBackup[], journal: Journal | undefined): Promise<void> {
    const poolUuid = this.#pool.uuid()
    for (const { path } of backups) {
      const beginning = `${path.slice(this.shown.length + 1)}.`
      const names = this.#names().filter((name) => name.startsWith(beginning) && readVolumeName(name) !== null)
      // Without its manifest it is none any more.
      const inOrder = names.sort((a, b) => Number(b.endsWith(manifestFile)) - Number(a.endsWith(manifestFile)))
      const records = inOrder.map((name): UndoRecord => ({ kind: 'volume', pool: this.shown, poolUuid, name }))
      const steps = await journal?.planRemoval(records) ?? []
      for (const [index, record] of records.entries()) {
        using _lock = await lockName(this.#connection.uri(), 'vol', `${this.shown}/${inOrder[index]}`)
        await undo(this.#connection, record)
      }
      journal?.over(...steps)
    }
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]()
  }

  #names(): string[] {
    using volumes = this.#pool.volumes()
    return volumes.map((volume) => volume.name())
  }

  #read(wanted: (vm: string) => boolean): StoredBackup[] {
    const found = new Map<string, { vm: string, name: string, files: string[] }>()
    for (const volume of this.#names()) {
      const read = readVolumeName(volume)
      if (read === null || !wanted(read.vm)) continue
      const key = `${read.vm}.${read.backup}`
      const backup = found.get(key) ?? { vm: read.vm, name: read.backup, files: [] }
      backup.files.push(read.file)
      found.set(key, backup)
    }
    return [...found.values()].map(({ vm, name, files }) => ({ vm, backup: this.#stored(vm, name, files) }))
      .sort((a, b) => a.vm === b.vm ? a.backup.name.localeCompare(b.backup.name) : a.vm.localeCompare(b.vm))
      .map(({ backup }) => backup)
  }

  #stored(vm: string, name: string, names: readonly string[]): StoredBackup {
    const beginning = `${vm}.${name}`
    const files = new PoolFiles(this.#pool, { vm, name }, names)
    const path = `${this.shown}/${beginning}`
    if (!names.includes(manifestFile)) return { path, name, manifest: null, state: 'incomplete', files }
    const manifest = readManifest(files, path)
    const fits = manifest !== null && manifest !== 'incomplete' && manifest.name === name && beginningOf(manifest.vm, name) === beginning
    if (manifest === 'incomplete') return { path, name, manifest: null, state: 'incomplete', files }
    return { path, name, manifest, state: fits ? 'complete' : 'damaged', files }
  }
}

class PoolFiles implements BackupFiles {
  readonly volumes: NonNullable<BackupFiles['volumes']>
  readonly #pool: StoragePool
  readonly #vm: string
  readonly #names: readonly string[]

  /** `vm` as it stands in the names */
  constructor(pool: StoragePool, { vm, name }: { vm: string, name: string }, names: readonly string[]) {
    this.volumes = { pool: pool.name(), nameOf: (file) => `${vm}.${name}.${file}` }
    this.#pool = pool
    this.#vm = vm
    this.#names = names
  }

  async sum(file: string, signal?: AbortSignal): Promise<BackedUpFile | null> {
    using volume = unlessGone(() => this.#volume(file), failure.noVolume)
    return volume === null ? null : await volumeSum(volume, this.volumes.pool, file, signal)
  }

  read(file: string, length: number): Buffer {
    using volume = this.#volume(file)
    return volume.read(length)
  }

  /** Its content is what QEMU wrote, by its sum; so what is left to see is what it lies on. */
  async check(file: string, below: { name: string, file: string } | null): Promise<void> {
    using volume = this.#volume(file)
    const found = readVolume(volume.xml()).backing?.path ?? null
    const wanted = below && this.#pathOf(`${this.#vm}.${below.name}.${below.file}`)
    if (found === wanted) return await Promise.resolve()
    throw new BayError('failed', `${this.volumes.pool}/${volume.name()} lies on ${found ?? 'nothing'} instead of ${wanted ?? 'nothing'}`, {
      hints: ['was the folder of the pool moved? what lies on what is known by paths'],
    })
  }

  bytes(): number {
    return this.#names.reduce((sum, file) => {
      using volume = unlessGone(() => this.#volume(file), failure.noVolume)
      return sum + (volume?.info().allocation ?? 0)
    }, 0)
  }

  #volume(file: string): StorageVolume {
    return this.#pool.volume(this.volumes.nameOf(file))
  }

  #pathOf(name: string): string | null {
    using volume = unlessGone(() => this.#pool.volume(name), failure.noVolume)
    return volume?.path() ?? null
  }
}

/** Longer than any manifest. */
const mostBytes = 16 * 2 ** 20

/** A volume of zeros is one that is just being filled, or was never. */
function readManifest(files: BackupFiles, path: string): BackupManifest | 'incomplete' | null {
  const bytes = unlessGone(() => files.read(manifestFile, mostBytes), failure.noVolume)
  if (bytes === null || bytes.every((byte) => byte === 0)) return 'incomplete'
  try {
    return parseManifest(bytes.toString('utf8'), path)
  } catch (error) {
    if (error instanceof UsageError) return null
    throw error
  }
}
