import type { Connection } from './connection.js'
import { word } from './enums.js'
import { failure, VirtError } from './errors.js'
import { eventKinds, type EventField, type EventKind } from './event-kinds.js'
import { call } from './raw/bind.js'
import { NativeCallback, type Handed } from './raw/callback.js'
import { holdEventLoop } from './raw/event-loop.js'
import { readText } from './raw/memory.js'
import type { Pointer } from './raw/types.js'
import { uuidText } from './read.js'

/** Something that happened on a host. */
export interface HostEvent {
  /** when it was heard of */
  time: string
  kind: EventKind['kind']
  name: string
  uuid: string
  event: string
  /** its main word: `started`, `connected`, `failed`; null for events that have none */
  state: string | null
  /** why, or of what: `booted`, `commit` */
  reason: string | null
  /** what else it says, such as the device; bytes */
  details: Record<string, string | number | null>
}

/** Hears all events of a host, from now on. Dispose of it to stop listening. */
export class EventStream implements Disposable {
  readonly #connection: Connection
  readonly #release: () => void
  readonly #registered: { kind: EventKind['kind'], id: number }[] = []
  /** JavaScript, which C cannot be asked to forget, hears nothing more through here. */
  #open = true

  /** `failed` hears of what went wrong in telling an event; the next one is told all the same. */
  constructor(connection: Connection, heard: (event: HostEvent) => void, failed: (error: unknown) => void) {
    this.#connection = connection
    this.#release = holdEventLoop()
    for (const kind of eventKinds) this.#listen(kind, (event) => { if (this.#open) heard(event) }, failed)
  }

  [Symbol.dispose](): void {
    this.#open = false
    this.#release()
    // A connection that is lost has no registrations any more.
    if (this.#connection.disposed || !this.#connection.isAlive()) return
    for (const { kind, id } of this.#registered.splice(0)) registrations[kind].end(this.#connection.pointer, id)
  }

  #listen(kind: EventKind, heard: (event: HostEvent) => void, failed: (error: unknown) => void): void {
    const parameters: Handed[] = ['address', 'address', ...kind.fields.map(({ type }) => handedAs[type]), 'address']
    const callback = new NativeCallback(parameters, (_, object, ...values) => {
      heard(eventOf(kind, object as bigint, values))
    }, failed)
    try {
      const id = registrations[kind.kind].begin(this.#connection.pointer, kind.id, callback.address)
      this.#registered.push({ kind: kind.kind, id })
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
}

/** Neither each driver nor each version has all of them. */
function isMissing(error: unknown): boolean {
  return error instanceof VirtError && error.is(failure.noSupport, failure.invalidArgument, failure.argumentUnsupported)
}

const handedAs: Record<EventField['type'], Handed> = { int: 'int', uint: 'uint', long: 'long', text: 'address', skip: 'address' }

interface Registration {
  begin: (connection: Pointer<'conn'>, id: number, callback: bigint) => number
  end: (connection: Pointer<'conn'>, id: number) => void
  of: (object: bigint) => { name: string, uuid: string }
}

const registrations: Record<EventKind['kind'], Registration> = {
  vm: {
    begin: (connection, id, callback) => call.virConnectDomainEventRegisterAny(connection, null, id, callback, 0n, 0n),
    end: (connection, id) => call.virConnectDomainEventDeregisterAny(connection, id),
    of: (object) => named(object as Pointer<'domain'>, call.virDomainGetName, call.virDomainGetUUIDString),
  },
  net: {
    begin: (connection, id, callback) => call.virConnectNetworkEventRegisterAny(connection, null, id, callback, 0n, 0n),
    end: (connection, id) => call.virConnectNetworkEventDeregisterAny(connection, id),
    of: (object) => named(object as Pointer<'net'>, call.virNetworkGetName, call.virNetworkGetUUIDString),
  },
  pool: {
    begin: (connection, id, callback) => call.virConnectStoragePoolEventRegisterAny(connection, null, id, callback, 0n, 0n),
    end: (connection, id) => call.virConnectStoragePoolEventDeregisterAny(connection, id),
    of: (object) => named(object as Pointer<'pool'>, call.virStoragePoolGetName, call.virStoragePoolGetUUIDString),
  },
}

function named<P>(object: P, name: (object: P) => string, uuid: (object: P, place: Buffer) => void): ReturnType<Registration['of']> {
  return { name: name(object), uuid: uuidText((place) => uuid(object, place)) }
}

/** The object and the texts are libvirt's, and there only until this returns. */
function eventOf({ kind, event, fields }: EventKind, object: bigint, values: readonly (bigint | number)[]): HostEvent {
  const { name, uuid } = registrations[kind].of(object)
  const found: HostEvent = { time: new Date().toISOString(), kind, name, uuid, event, state: null, reason: null, details: {} }
  const read = fields.map((field, at): [EventField, string | number | null] => [field, valueOf(field, values[at] ?? 0)])
  for (const [{ key }, value] of read) if (key === 'state') found.state = String(value)
  for (const [{ key, words }, value] of read) {
    if (key === 'reason') found.reason = reasonOf(words, found.state, value)
    else if (key !== '' && key !== 'state') found.details[key] = value
  }
  return found
}

function valueOf({ type, words, unit = 1 }: EventField, value: bigint | number): string | number | null {
  if (type === 'skip') return null
  if (type === 'text') return readText(value as bigint)
  return Array.isArray(words) ? word(words as readonly string[], Number(value)) : Number(value) * unit
}

/** An empty reason of an I/O error is none. */
function reasonOf(words: EventField['words'], state: string | null, value: string | number | null): string | null {
  if (typeof value === 'string' || value === null) return value || null
  return word((words as Record<string, readonly string[]>)[state ?? ''] ?? [], value)
}
