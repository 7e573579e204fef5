import { Handle } from './handle.js'
import { call } from './raw/bind.js'
import type { Pointer } from './raw/types.js'

/** A snapshot of a virtual machine: https://libvirt.org/html/libvirt-libvirt-domain-snapshot.html */
export class Snapshot extends Handle<'snapshot'> {
  name(): string { return call.virDomainSnapshotGetName(this.pointer) }
  xml(): string { return call.virDomainSnapshotGetXMLDesc(this.pointer, 0) }
  delete(flags = 0): void { call.virDomainSnapshotDelete(this.pointer, flags) }

  protected free(pointer: Pointer<'snapshot'>): void {
    call.virDomainSnapshotFree(pointer)
  }
}
