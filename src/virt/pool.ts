import { poolStates, word } from './enums.js'
import { all, Handle, listed } from './handle.js'
import { call, callInBackground } from './raw/bind.js'
import type { Pointer } from './raw/types.js'
import { intFrom, uuidText } from './read.js'
import { StorageVolume } from './volume.js'

export interface PoolInfo {
  state: string
  /** bytes; 0 while the pool is stopped */
  capacity: number
  allocation: number
  available: number
}

/** A storage pool: https://libvirt.org/html/libvirt-libvirt-storage.html */
export class StoragePool extends Handle<'pool'> {
  readonly #connection: Pointer<'conn'>

  constructor(pointer: Pointer<'pool'>, connection: Pointer<'conn'>) {
    super(pointer)
    this.#connection = connection
  }

  name(): string { return call.virStoragePoolGetName(this.pointer) }
  uuid(): string { return uuidText((place) => call.virStoragePoolGetUUIDString(this.pointer, place)) }
  isActive(): boolean { return call.virStoragePoolIsActive(this.pointer) }
  isPersistent(): boolean { return call.virStoragePoolIsPersistent(this.pointer) }
  autostart(): boolean { return intFrom((place) => call.virStoragePoolGetAutostart(this.pointer, place)) === 1 }
  setAutostart(on: boolean): void { call.virStoragePoolSetAutostart(this.pointer, on ? 1 : 0) }
  /** the XML; `flags` are virStorageXMLFlags */
  xml(flags = 0): string { return call.virStoragePoolGetXMLDesc(this.pointer, flags) }

  info(): PoolInfo {
    const info = Buffer.alloc(32)
    call.virStoragePoolGetInfo(this.pointer, info)
    const capacity = Number(info.readBigUInt64LE(8))
    // Between two looks libvirt adds and subtracts volumes as they are now, and so wraps below zero when one had grown meanwhile.
    const [allocation = 0, available = 0] = [16, 24].map((at) => Math.max(Number(info.readBigInt64LE(at)), 0))
    return {
      state: word(poolStates, info.readInt32LE(0)), capacity,
      allocation: Math.min(allocation, capacity), available: Math.min(available, capacity),
    }
  }

  build(flags = 0): Promise<void> { return callInBackground(this.#connection, 'virStoragePoolBuild', this.pointer, flags) }
  start(): Promise<void> { return callInBackground(this.#connection, 'virStoragePoolCreate', this.pointer, 0) }
  refresh(): Promise<void> { return callInBackground(this.#connection, 'virStoragePoolRefresh', this.pointer, 0) }
  /** Deletes what `build` made; for a directory that is the directory itself, which must be empty. */
  delete(): void { call.virStoragePoolDelete(this.pointer, 0) }
  stop(): void { call.virStoragePoolDestroy(this.pointer) }
  undefine(): void { call.virStoragePoolUndefine(this.pointer) }

  volumeCount(): number { return call.virStoragePoolNumOfVolumes(this.pointer) }
  volumes(): StorageVolume[] & Disposable {
    return all(listed<'volume'>((slot) => call.virStoragePoolListAllVolumes(this.pointer, slot, 0))
      .map((p) => new StorageVolume(p, this.#connection)))
  }

  volume(name: string): StorageVolume {
    return new StorageVolume(call.virStorageVolLookupByName(this.pointer, name), this.#connection)
  }

  async createVolume(xml: string, flags = 0): Promise<StorageVolume> {
    const pointer = await callInBackground(this.#connection, 'virStorageVolCreateXML', this.pointer, xml, flags)
    return new StorageVolume(pointer, this.#connection)
  }

  /** A new volume with the content of another, copied by the host. */
  async cloneVolume(xml: string, source: StorageVolume, flags = 0): Promise<StorageVolume> {
    const pointer = await callInBackground(
      this.#connection, 'virStorageVolCreateXMLFrom', this.pointer, xml, source.pointer, flags,
    )
    return new StorageVolume(pointer, this.#connection)
  }

  protected free(pointer: Pointer<'pool'>): void {
    call.virStoragePoolFree(pointer)
  }
}
