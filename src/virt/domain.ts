import { Checkpoint } from './checkpoint.js'
import { domainReason, domainState, type DomainState } from './enums.js'
import { readDiskErrors, type DiskError } from './disk-errors.js'
import { blockCommit, blockJobAbort, blockResize, forceConsole, metadata } from './flags.js'
import { all, Handle, listed } from './handle.js'
import { readInterfaceAddresses, type InterfaceAddresses } from './addresses.js'
import { readEndedJob, readJob, type EndedJob, type Job } from './job.js'
import { call, callInBackground } from './raw/bind.js'
import type { Pointer } from './raw/types.js'
import { intFrom, uuidText } from './read.js'
import { Snapshot } from './snapshot.js'
import { Stream } from './stream.js'

export interface DomainInfo {
  state: DomainState
  /** bytes */
  maxMemory: number
  /** bytes */
  memory: number
  vcpus: number
  /** seconds */
  cpuTime: number
}

/** A virtual machine: https://libvirt.org/html/libvirt-libvirt-domain.html */
export class Domain extends Handle<'domain'> {
  readonly #connection: Pointer<'conn'>

  constructor(pointer: Pointer<'domain'>, connection: Pointer<'conn'>) {
    super(pointer)
    this.#connection = connection
  }

  name(): string { return call.virDomainGetName(this.pointer) }
  uuid(): string { return uuidText((place) => call.virDomainGetUUIDString(this.pointer, place)) }
  /** null while it does not run */
  id(): number | null { return call.virDomainGetID(this.pointer) }
  isActive(): boolean { return call.virDomainIsActive(this.pointer) }
  isPersistent(): boolean { return call.virDomainIsPersistent(this.pointer) }
  autostart(): boolean { return intFrom((place) => call.virDomainGetAutostart(this.pointer, place)) === 1 }
  setAutostart(on: boolean): void { call.virDomainSetAutostart(this.pointer, on ? 1 : 0) }
  /** the XML; `flags` are virDomainXMLFlags */
  xml(flags = 0): string { return call.virDomainGetXMLDesc(this.pointer, flags) }

  state(): { state: DomainState, reason: string } {
    const [state, reason] = [Buffer.alloc(4), Buffer.alloc(4)]
    call.virDomainGetState(this.pointer, state, reason, 0)
    const name = domainState(state.readInt32LE(0))
    return { state: name, reason: domainReason(name, reason.readInt32LE(0)) }
  }

  info(): DomainInfo {
    const info = Buffer.alloc(40)
    call.virDomainGetInfo(this.pointer, info)
    return {
      state: domainState(info.readUInt8(0)),
      maxMemory: Number(info.readBigUInt64LE(8)) * 1024,
      memory: Number(info.readBigUInt64LE(16)) * 1024,
      vcpus: info.readUInt16LE(24),
      cpuTime: Number(info.readBigUInt64LE(32)) / 1e9,
    }
  }

  /** Plugs CPUs in or out, in the running or the stored machine (virDomainModificationImpact); a guest may keep what it has. */
  setVcpus(count: number, where: number): Promise<void> {
    return callInBackground(this.#connection, 'virDomainSetVcpusFlags', this.pointer, count, where)
  }

  /** Asks the guest's balloon to leave it this many bytes; it follows when it likes. */
  setMemory(bytes: number, where: number): void { call.virDomainSetMemoryFlags(this.pointer, BigInt(bytes) / 1024n, where) }

  /** Starts it, or restores it when it is saved. `flags` are virDomainCreateFlags. */
  start(flags = 0): Promise<void> { return this.#long('virDomainCreateWithFlags', flags) }
  /** Saves its memory on the host's disk and stops it: virDomainManagedSave. */
  save(flags = 0): Promise<void> { return this.#long('virDomainManagedSave', flags) }
  /** Pulls its plug. */
  destroy(flags = 0): Promise<void> { return this.#long('virDomainDestroyFlags', flags) }
  /** Asks the guest; `flags` are virDomainShutdownFlagValues. */
  shutdown(flags = 0): Promise<void> { return this.#long('virDomainShutdownFlags', flags) }
  /** Asks the guest; `flags` are virDomainRebootFlagValues. */
  reboot(flags = 0): Promise<void> { return this.#long('virDomainReboot', flags) }
  reset(): void { call.virDomainReset(this.pointer, 0) }
  /** Presses keys of Linux' numbers (input-event-codes.h) together for `hold` milliseconds. */
  sendKeys(keys: readonly number[], hold: number): void {
    const { pointer } = this
    const codes = Buffer.alloc(4 * keys.length)
    keys.forEach((key, index) => codes.writeUInt32LE(key, 4 * index))
    call.virDomainSendKey(pointer, 0, hold, codes, keys.length, 0)
  }

  suspend(): void { call.virDomainSuspend(this.pointer) }
  resume(): void { call.virDomainResume(this.pointer) }
  wakeUp(): void { call.virDomainPMWakeup(this.pointer, 0) }
  rename(name: string): void { call.virDomainRename(this.pointer, name, 0) }
  /** `flags` are virDomainUndefineFlagsValues */
  undefine(flags: number): void { call.virDomainUndefineFlags(this.pointer, flags) }
  /** Changes a device to what this XML says, in the running or the stored machine (virDomainModificationImpact). */
  updateDevice(xml: string, where: number): void { call.virDomainUpdateDeviceFlags(this.pointer, xml, where) }
  /** Adds a device to the running machine, or to the stored one (virDomainModificationImpact). */
  attachDevice(xml: string, where: number): Promise<void> { return this.#device('virDomainAttachDeviceFlags', xml, where) }
  /** Asks for a device to be taken away. A running guest may still have it afterwards: libvirt waits some seconds, no more. */
  detachDevice(xml: string, where: number): Promise<void> { return this.#device('virDomainDetachDeviceFlags', xml, where) }
  /** As updateDevice, for what may wait for the guest, such as a disc that goes in or out. */
  changeMedium(xml: string, where: number): Promise<void> { return this.#device('virDomainUpdateDeviceFlags', xml, where) }
  hasSavedState(): boolean { return call.virDomainHasManagedSaveImage(this.pointer, 0) }
  /** the machine as it was saved */
  savedXml(): string { return call.virDomainManagedSaveGetXMLDesc(this.pointer, 0) }
  discardSavedState(): void { call.virDomainManagedSaveRemove(this.pointer, 0) }

  /** The element of one namespace in the machine's metadata. @throws VirtError noMetadata */
  metadata(namespace: string): string { return call.virDomainGetMetadata(this.pointer, metadata.element, namespace, 0) }
  /** Sets that element in the running or the stored machine (virDomainModificationImpact); null removes it. */
  setMetadata(namespace: string, prefix: string, xml: string | null, where: number): void {
    call.virDomainSetMetadata(this.pointer, metadata.element, xml, prefix, namespace, where)
  }

  /** Sets its title or description in the running or the stored machine; null removes it. */
  setText(which: 'title' | 'description', text: string | null, where: number): void {
    call.virDomainSetMetadata(this.pointer, metadata[which], text, null, null, where)
  }

  /**
   * Asks the guest's agent a command of the QEMU guest agent's protocol, in JSON, and gives its answer, in JSON: the guest's own
   * words. It waits for `seconds`, after up to 5 more in which the agent must show that it listens.
   * https://libvirt.org/html/libvirt-libvirt-qemu.html#virDomainQemuAgentCommand
   */
  agentCommand(command: string, seconds: number): Promise<string> {
    return callInBackground(this.#connection, 'virDomainQemuAgentCommand', this.pointer, command, seconds, 0)
  }

  /** Bytes of a disk, by its target: what the guest sees, and what it takes on the host. */
  diskSize(target: string): { capacity: number, allocation: number } {
    const info = Buffer.alloc(24)
    call.virDomainGetBlockInfo(this.pointer, target, info, 0)
    return { capacity: Number(info.readBigUInt64LE(0)), allocation: Number(info.readBigUInt64LE(8)) }
  }

  /** Makes a disk of the running machine, by its target, so many bytes large. */
  resizeDisk(target: string, bytes: bigint): Promise<void> {
    return callInBackground(this.#connection, 'virDomainBlockResize', this.pointer, target, bytes, blockResize.bytes)
  }

  /** Its disks on which reading or writing has failed; `most` is how many disks it has. */
  diskErrors(most: number): Promise<DiskError[]> { return readDiskErrors(this.#connection, this.pointer, most) }

  /**
   * Its first serial console from now on, as a stream that does not block; `force` takes it from whoever has it.
   * @throws VirtError operationFailed when somebody else has it
   */
  openConsole({ force = false } = {}): Stream {
    const stream = Stream.nonBlocking(this.#connection)
    try {
      call.virDomainOpenConsole(this.pointer, null, stream.pointer, force ? forceConsole : 0)
      return stream
    } catch (error) {
      stream[Symbol.dispose]()
      throw error
    }
  }

  /** A picture of a display, the first is 0: its MIME type, and its bytes as a stream that does not block. */
  async screenshot(display = 0): Promise<{ type: string, stream: Stream }> {
    const stream = Stream.nonBlocking(this.#connection)
    try {
      return { stream, type: await callInBackground(this.#connection, 'virDomainScreenshot', this.pointer, stream.pointer, display, 0) }
    } catch (error) {
      stream[Symbol.dispose]()
      throw error
    }
  }

  /** Addresses by their source (virDomainInterfaceAddressesSource). */
  addresses(source: number): InterfaceAddresses[] {
    return readInterfaceAddresses((slot) => call.virDomainInterfaceAddresses(this.pointer, slot, source, 0))
  }

  /** Bytes that the guest has sent and received through an interface, named by its device on the host; -1 is for unknown. */
  traffic(tap: string): { sent: number, received: number } {
    const stats = Buffer.alloc(64)
    call.virDomainInterfaceStats(this.pointer, tap, stats, BigInt(stats.length))
    return { received: Number(stats.readBigInt64LE(0)), sent: Number(stats.readBigInt64LE(32)) }
  }

  snapshotCount(): number { return call.virDomainSnapshotNum(this.pointer, 0) }
  snapshots(): Snapshot[] & Disposable {
    return all(listed<'snapshot'>((slot) => call.virDomainListAllSnapshots(this.pointer, slot, 0)).map((p) => new Snapshot(p, this.#connection)))
  }

  snapshot(name: string): Snapshot {
    return new Snapshot(call.virDomainSnapshotLookupByName(this.pointer, name, 0), this.#connection)
  }

  /** `flags` are virDomainSnapshotCreateFlags */
  async createSnapshot(xml: string, flags = 0): Promise<Snapshot> {
    const pointer = await callInBackground(this.#connection, 'virDomainSnapshotCreateXML', this.pointer, xml, flags)
    return new Snapshot(pointer, this.#connection)
  }

  /** Begins to move what the layers from `top` down to above `base` hold into `base`; null is the uppermost. Both are paths. */
  commitBlocks(target: string, base: string, top: string | null): void {
    call.virDomainBlockCommit(this.pointer, target, base, top, 0n, top === null ? blockCommit.active : 0)
  }

  /** How far the disk's job is, in bytes; null when it has none. */
  blockJob(target: string): { done: number, total: number } | null {
    const info = Buffer.alloc(32)
    if (call.virDomainGetBlockJobInfo(this.pointer, target, info, 0) === 0) return null
    return { done: Number(info.readBigUInt64LE(16)), total: Number(info.readBigUInt64LE(24)) }
  }

  /** Ends the disk's job: given up, or with `pivot` by using what it has made. */
  async endBlockJob(target: string, { pivot }: { pivot: boolean }): Promise<void> {
    await callInBackground(this.#connection, 'virDomainBlockJobAbort', this.pointer, target, pivot ? blockJobAbort.pivot : 0)
  }

  checkpoints(): Checkpoint[] & Disposable {
    return all(listed<'checkpoint'>((slot) => call.virDomainListAllCheckpoints(this.pointer, slot, 0)).map((p) => new Checkpoint(p)))
  }

  checkpoint(name: string): Checkpoint { return new Checkpoint(call.virDomainCheckpointLookupByName(this.pointer, name, 0)) }

  /**
   * Begins a backup job, and makes a checkpoint in the same moment unless its XML is null; `flags` are virDomainBackupBeginFlags.
   * https://libvirt.org/formatbackup.html
   */
  beginBackup(xml: string, checkpoint: string | null, flags = 0): Promise<void> {
    return callInBackground(this.#connection, 'virDomainBackupBegin', this.pointer, xml, checkpoint, flags)
  }

  /** The backup job that runs. @throws VirtError noBackup */
  backupXml(): string { return call.virDomainBackupGetXMLDesc(this.pointer, 0) }
  /** The long job that runs, such as a backup; null for none. */
  job(): Job | null { return readJob(this.pointer) }
  /** How the last long job ended, told once; null when nobody knows. */
  endedJob(): EndedJob | null { return readEndedJob(this.pointer) }
  abortJob(): void { call.virDomainAbortJob(this.pointer) }

  protected free(pointer: Pointer<'domain'>): void {
    call.virDomainFree(pointer)
  }

  #long(name: 'virDomainCreateWithFlags' | 'virDomainManagedSave' | 'virDomainDestroyFlags' | 'virDomainShutdownFlags' | 'virDomainReboot', flags: number): Promise<void> {
    return callInBackground(this.#connection, name, this.pointer, flags)
  }

  #device(name: 'virDomainAttachDeviceFlags' | 'virDomainDetachDeviceFlags' | 'virDomainUpdateDeviceFlags', xml: string, where: number): Promise<void> {
    return callInBackground(this.#connection, name, this.pointer, xml, where)
  }
}
