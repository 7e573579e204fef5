import { Handle } from './handle.js'
import { call } from './raw/bind.js'
import type { Pointer } from './raw/types.js'

/** A moment since which a machine's disks note what is written: https://libvirt.org/html/libvirt-libvirt-domain-checkpoint.html */
export class Checkpoint extends Handle<'checkpoint'> {
  name(): string { return call.virDomainCheckpointGetName(this.pointer) }
  /** `flags` are virDomainCheckpointDeleteFlags; without them the machine must run */
  delete(flags = 0): void { call.virDomainCheckpointDelete(this.pointer, flags) }

  protected free(pointer: Pointer<'checkpoint'>): void {
    call.virDomainCheckpointFree(pointer)
  }
}
