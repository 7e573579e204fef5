import { posix } from 'node:path'
import { serialize } from '../../xml/node.js'
import { volumeElement, type VolumeSpec } from '../../xml/volume.js'
import type { Connection } from '../connection.js'
import type { StoragePool } from '../pool.js'
import type { StorageVolume } from '../volume.js'
import type { DiskToBackUp } from './backup-disks.js'
import { manifestFile, type BackedUpFile, type BackupManifest } from './backup-manifest.js'
import type { BackupTarget } from './backup-target.js'
import { volumeOf } from './backup-volumes.js'
import { copyFileOf } from './copy-nvram.js'
import { makeVolume } from './make-volume.js'
import { whilePoolIsBusy } from './retry.js'
import type { Rollback } from './rollback.js'
import { sendHead } from './upload.js'
import { volumeSum } from './volume-sum.js'
import { withFolderPool } from './with-folder-pool.js'

interface PoolWork { connection: Connection, pool: StoragePool, vm: string, name: string, rollback: Rollback }

/** Volumes of a pool; the manifest's comes last. What an incremental one builds on is below it for QEMU and libvirt, too. */
export class PoolTarget implements BackupTarget {
  readonly reuse = true
  readonly #work: PoolWork
  readonly #made = new Set<string>()

  constructor(work: PoolWork) {
    this.#work = work
  }

  begin(): Promise<void> {
    return Promise.resolve()
  }

  async disks(
    disks: readonly DiskToBackUp[], sizeOf: (target: string) => number, parent: BackupManifest | null,
  ): Promise<string[]> {
    const paths: string[] = []
    for (const { target, file, kind } of disks) {
      const below = kind === 'full' ? undefined : parent?.disks.find((each) => each.target === target)
      const backing = below && parent ? { backing: { path: this.#pathOf(volumeOf(this.#work.vm, parent.name, below.file)), format: 'qcow2' } } : {}
      using volume = await this.#make(file, { capacity: sizeOf(target), format: 'qcow2', ...backing })
      paths.push(volume.path())
    }
    return paths
  }

  async sum(file: string, signal: AbortSignal): Promise<BackedUpFile> {
    using volume = this.#work.pool.volume(this.#nameOf(file))
    return await volumeSum(volume, this.#work.pool.name(), file, signal)
  }

  async write(file: string, text: string): Promise<BackedUpFile> {
    const bytes = Buffer.from(text)
    using volume = await this.#make(file, { capacity: bytes.length, format: 'raw' })
    sendHead(volume, bytes)
    return await volumeSum(volume, this.#work.pool.name(), file)
  }

  async copy(from: string, file: string): Promise<BackedUpFile | null> {
    const { connection, pool, rollback } = this.#work
    const copied = await withFolderPool(connection, posix.dirname(from), rollback, (folder) =>
      copyFileOf(connection, folder, posix.basename(from), { pool, name: this.#nameOf(file) }, rollback))
    if (!copied) return null
    using volume = pool.volume(this.#nameOf(file))
    return await volumeSum(volume, pool.name(), file)
  }

  async finish(manifest: BackupManifest): Promise<void> {
    await this.write(manifestFile, `${JSON.stringify(manifest, null, 2)}\n`)
  }

  #nameOf(file: string): string {
    return volumeOf(this.#work.vm, this.#work.name, file)
  }

  #pathOf(name: string): string {
    using volume = this.#work.pool.volume(name)
    return volume.path()
  }

  /** What an earlier attempt of this run has made is made anew; how it is undone is written down already. */
  async #make(file: string, spec: Omit<VolumeSpec, 'name'>): Promise<StorageVolume> {
    const { connection, pool, rollback } = this.#work
    const name = this.#nameOf(file)
    const xml = serialize(volumeElement({ name, ...spec }))
    if (!this.#made.has(name)) {
      this.#made.add(name)
      return await makeVolume(connection, pool, name, rollback, () => pool.createVolume(xml))
    }
    using old = pool.volume(name)
    await whilePoolIsBusy(() => old.delete())
    return await whilePoolIsBusy(() => pool.createVolume(xml))
  }
}
