import { Handle } from './handle.js'
import { call, callInBackground } from './raw/bind.js'
import type { Pointer } from './raw/types.js'

/** A snapshot of a virtual machine: https://libvirt.org/html/libvirt-libvirt-domain-snapshot.html */
export class Snapshot extends Handle<'snapshot'> {
  readonly #connection: Pointer<'conn'>

  constructor(pointer: Pointer<'snapshot'>, connection: Pointer<'conn'>) {
    super(pointer)
    this.#connection = connection
  }

  name(): string { return call.virDomainSnapshotGetName(this.pointer) }
  isCurrent(): boolean { return call.virDomainSnapshotIsCurrent(this.pointer, 0) }
  /** the XML; `flags` are virDomainSnapshotXMLFlags, of which 1 keeps passwords */
  xml(flags = 0): string { return call.virDomainSnapshotGetXMLDesc(this.pointer, flags) }
  /** `flags` are virDomainSnapshotDeleteFlags */
  delete(flags = 0): Promise<void> { return callInBackground(this.#connection, 'virDomainSnapshotDelete', this.pointer, flags) }
  /** `flags` are virDomainSnapshotRevertFlags */
  revert(flags = 0): Promise<void> { return callInBackground(this.#connection, 'virDomainRevertToSnapshot', this.pointer, flags) }

  protected free(pointer: Pointer<'snapshot'>): void {
    call.virDomainSnapshotFree(pointer)
  }
}
