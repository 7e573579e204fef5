import { Handle } from './handle.js'
import { call } from './raw/bind.js'
import type { Pointer } from './raw/types.js'

/** A device of the host: https://libvirt.org/html/libvirt-libvirt-nodedev.html */
export class NodeDevice extends Handle<'device'> {
  name(): string { return call.virNodeDeviceGetName(this.pointer) }
  xml(): string { return call.virNodeDeviceGetXMLDesc(this.pointer, 0) }

  protected free(pointer: Pointer<'device'>): void {
    call.virNodeDeviceFree(pointer)
  }
}
