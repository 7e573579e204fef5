import { Handle } from './handle.js'
import { call } from './raw/bind.js'
import type { Pointer } from './raw/types.js'
import { uuidText } from './read.js'

/** What only libvirt is to know, such as the passphrase of a volume: https://libvirt.org/html/libvirt-libvirt-secret.html */
export class Secret extends Handle<'secret'> {
  uuid(): string { return uuidText((place) => call.virSecretGetUUIDString(this.pointer, place)) }
  /** Says what it is for; never its value. */
  xml(): string { return call.virSecretGetXMLDesc(this.pointer, 0) }
  setValue(value: Buffer): void { call.virSecretSetValue(this.pointer, value, BigInt(value.length), 0) }
  undefine(): void { call.virSecretUndefine(this.pointer) }

  protected free(pointer: Pointer<'secret'>): void {
    call.virSecretFree(pointer)
  }
}
