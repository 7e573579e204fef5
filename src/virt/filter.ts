import { Handle } from './handle.js'
import { call } from './raw/bind.js'
import type { Pointer } from './raw/types.js'
import { uuidText } from './read.js'

/** A network filter: https://libvirt.org/html/libvirt-libvirt-nwfilter.html */
export class NetworkFilter extends Handle<'filter'> {
  name(): string { return call.virNWFilterGetName(this.pointer) }
  uuid(): string { return uuidText((place) => call.virNWFilterGetUUIDString(this.pointer, place)) }
  xml(): string { return call.virNWFilterGetXMLDesc(this.pointer, 0) }
  undefine(): void { call.virNWFilterUndefine(this.pointer) }

  protected free(pointer: Pointer<'filter'>): void {
    call.virNWFilterFree(pointer)
  }
}

/** What filter is in force on which tap device. */
export class NetworkFilterBinding extends Handle<'binding'> {
  device(): string { return call.virNWFilterBindingGetPortDev(this.pointer) }
  filterName(): string { return call.virNWFilterBindingGetFilterName(this.pointer) }
  xml(): string { return call.virNWFilterBindingGetXMLDesc(this.pointer, 0) }
  /** Takes the filter off the device. */
  delete(): void { call.virNWFilterBindingDelete(this.pointer) }

  protected free(pointer: Pointer<'binding'>): void {
    call.virNWFilterBindingFree(pointer)
  }
}
