import { Handle } from './handle.js'
import { readLeases, type Lease } from './leases.js'
import { call } from './raw/bind.js'
import type { Pointer } from './raw/types.js'
import { intFrom, uuidText } from './read.js'

/** A virtual network: https://libvirt.org/html/libvirt-libvirt-network.html */
export class Network extends Handle<'net'> {
  name(): string { return call.virNetworkGetName(this.pointer) }
  uuid(): string { return uuidText((place) => call.virNetworkGetUUIDString(this.pointer, place)) }
  isActive(): boolean { return call.virNetworkIsActive(this.pointer) }
  isPersistent(): boolean { return call.virNetworkIsPersistent(this.pointer) }
  autostart(): boolean { return intFrom((place) => call.virNetworkGetAutostart(this.pointer, place)) === 1 }
  setAutostart(on: boolean): void { call.virNetworkSetAutostart(this.pointer, on ? 1 : 0) }
  /** the XML; `flags` are virNetworkXMLFlags */
  xml(flags = 0): string { return call.virNetworkGetXMLDesc(this.pointer, flags) }
  start(): void { call.virNetworkCreate(this.pointer) }
  stop(): void { call.virNetworkDestroy(this.pointer) }
  undefine(): void { call.virNetworkUndefine(this.pointer) }
  /**
   * Changes one part of it (virNetworkUpdateCommand, virNetworkUpdateSection) in the running or the stored network, or in both
   * (virNetworkUpdateFlags). `subnet` is the number of its <ip>. Older daemons take the first two the other way round, which
   * libvirt's client knows and mends.
   */
  update(change: { command: number, section: number, subnet: number }, xml: string, where: number): void {
    call.virNetworkUpdate(this.pointer, change.command, change.section, change.subnet, xml, where)
  }

  leases(): Lease[] { return readLeases((slot) => call.virNetworkGetDHCPLeases(this.pointer, null, slot, 0)) }

  protected free(pointer: Pointer<'net'>): void {
    call.virNetworkFree(pointer)
  }
}
